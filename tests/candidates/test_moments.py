import itertools

import pytest
import torch
from torch import Tensor, nn

from candidates import moments as module_under_test
from candidates.linear_call import LinearCall
from candidates.moments import Moments, Sample
from candidates.reading import Reading
from tests.candidates.builders import traced

SHAPE = (4, 7, 6)


def full(layer: nn.Module, shape: tuple[int, ...] = SHAPE) -> Reading:
    network = traced(layer, shape)
    (call,) = [LinearCall.of(call, network.tensors()) for call in network.program.calls]
    assert call is not None
    return Reading.full(call, network.tensors()[call.weight].shape[1])


PLAIN = nn.Conv2d(4, 6, 3, padding=1)
CONVOLUTIONS = [nn.Conv2d(4, 6, 1), PLAIN, nn.Conv2d(4, 6, 3, 2, 1, groups=2)]
LINEAR = full(nn.Linear(3, 2), (3,))


def brute_force(rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    h, y = rows.double(), targets.double()
    ours, theirs = h - h.mean(0), y - y.mean(0)
    return ours.T @ ours / len(h), ours.T @ theirs / len(h), h.mean(0), y.mean(0)


@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
def test_streamed_moments_are_those_of_all_rows_of_each_group(convolution: nn.Conv2d) -> None:
    images = torch.randn(9, *SHAPE)
    targets = torch.randn_like(convolution(images))
    reading = full(convolution)
    groups = convolution.groups
    known = Moments.empty(reading.num_columns, 6 // groups, groups=groups)
    for batch in (slice(0, 4), slice(4, 5), slice(5, 9)):
        known.add(reading, images[batch], targets[batch])
    rows, wanted = reading.rows(images), reading.call.outputs(targets)
    for group in range(groups):
        expected = brute_force(rows[group], wanted[group])
        found = tuple(each[group] for each in known.centred())
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert known.count == known.num_rows == rows.shape[1]


def test_moments_of_a_linear_layer_are_those_of_its_inputs_at_all_positions() -> None:
    inputs, targets = torch.randn(20, 5, 3), torch.randn(20, 5, 2)
    known = Moments.empty(3, 2)
    known.add(LINEAR, inputs, targets)
    expected = brute_force(inputs.flatten(0, 1), targets.flatten(0, 1))
    found = tuple(each[0] for each in known.centred())
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_without_an_intercept_the_means_are_not_taken_out() -> None:
    inputs, targets = torch.randn(20, 3) + 2, torch.randn(20, 2)
    known = Moments.empty(3, 2)
    known.add(LINEAR, inputs, targets)
    centred = known.centred(with_mean=False)
    inputs, targets = inputs.double(), targets.double()
    torch.testing.assert_close(centred.inputs[0], inputs.T @ inputs / 20, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(centred.cross[0], inputs.T @ targets / 20, rtol=1e-5, atol=1e-5)
    assert not centred.input_mean.any()
    assert not centred.target_mean.any()


def test_moments_need_no_targets() -> None:
    known = Moments.empty(3)
    known.add(LINEAR, torch.randn(5, 3))
    assert known.centred().cross.shape == (1, 3, 0)


def test_few_images_at_a_time_give_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.randn(5, 4, 6, 6).double()
    sums = []
    for limit in (1, 10**9):
        monkeypatch.setattr(module_under_test, "MAX_ROWS_BYTES", limit)
        known = Moments.empty(36, pooled=True)
        known.add(full(PLAIN), images)
        sums.append((known.input_sum, known.input_products))
    torch.testing.assert_close(*sums)


def test_before_a_pooling_the_mean_row_of_an_image_counts_as_its_positions_squared() -> None:
    reading, images = full(PLAIN), torch.randn(4, 4, 3, 3).double()
    targets = torch.randn(4, 6, 3, 3).double()
    known = Moments.empty(36, 6, pooled=True)
    known.add(reading, images, targets)
    products, cross = torch.zeros(36, 36).double(), torch.zeros(36, 6).double()
    rows = reading.rows(images).reshape(4, 9, 36)
    wanted = reading.call.outputs(targets).reshape(4, 9, 6)
    for image, position in itertools.product(range(4), range(9)):
        products += torch.outer(rows[image, position], rows[image, position])
        cross += torch.outer(rows[image, position], wanted[image, position])
    for image in range(4):
        products += 81 * torch.outer(rows[image].mean(0), rows[image].mean(0))
        cross += 81 * torch.outer(rows[image].mean(0), wanted[image].mean(0))
    torch.testing.assert_close(known.input_products[0], products)
    torch.testing.assert_close(known.cross_products[0], cross)
    assert known.count == 4 * 9 + 4 * 81
    assert known.num_rows == 4 * 9


def test_the_pooled_weighting_is_the_error_at_positions_and_of_their_sum() -> None:
    """‖Δ‖² summed over positions, plus ‖Σ_p Δ_p‖², for any change Δ = W·h of the output."""
    reading, images = full(PLAIN), torch.randn(4, 4, 3, 3).double()
    known = Moments.empty(36, pooled=True)
    known.add(reading, images)
    change = torch.randn(2, 36).double()
    errors = (reading.rows(images)[0] @ change.T).reshape(4, 9, 2)
    expected = errors.square().sum() + errors.sum(1).square().sum()
    torch.testing.assert_close((change @ known.input_products[0] @ change.T).trace(), expected)


STRIDED = nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), dilation=(1, 2), groups=2)


@pytest.mark.parametrize("convolution", [*CONVOLUTIONS, STRIDED], ids=str)
def test_rows_at_some_places_are_those_of_all_rows(convolution: nn.Conv2d) -> None:
    reading, images = full(convolution), torch.randn(3, *SHAPE)
    targets = convolution(images)
    num_places = reading.num_places(images)
    assert num_places == targets[0, 0].numel()
    places = Sample(5, seed=3).places(3, num_places, known=0)
    assert places is not None
    every, wanted = reading.rows(images), reading.call.outputs(targets)
    index = (torch.arange(3).unsqueeze(1) * num_places + places).flatten()
    assert torch.equal(reading.rows(images, places), every[:, index])
    assert torch.equal(reading.call.outputs(targets, places), wanted[:, index])


def test_a_sample_takes_other_places_of_every_image_and_batch_and_all_where_there_are_few() -> None:
    sample = Sample(10, seed=1)
    places = [sample.places(4, 1000, known) for known in (0, 0, 40)]
    assert all(found is not None for found in places)
    first, again, later = (found for found in places if found is not None)
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert not torch.equal(first[0], first[1])
    assert torch.equal(first // 100, torch.arange(10).expand(4, 10))
    assert sample.places(4, 10, 0) is None


def test_sampled_moments_come_near_those_of_all_rows() -> None:
    torch.manual_seed(0)
    images, reading = torch.randn(64, *SHAPE), full(PLAIN)
    found = Moments.empty(36, sample=Sample(20))
    every = Moments.empty(36)
    for each in (found, every):
        each.add(reading, images)
    assert (found.num_rows, every.num_rows) == (64 * 20, 64 * 42)
    (ours, *_), (theirs, *_) = found.centred(), every.centred()
    assert float((ours - theirs).norm() / theirs.norm()) < 0.2


def test_before_a_pooling_all_rows_count() -> None:
    known = Moments.empty(36, pooled=True, sample=Sample(5))
    known.add(full(PLAIN), torch.randn(2, *SHAPE))
    assert known.num_rows == 2 * 42
