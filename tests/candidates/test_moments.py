import itertools

import pytest
import torch
from torch import Tensor, nn

from candidates import moments as module_under_test
from candidates.moments import Moments, rows_of

CONVOLUTIONS = [
    nn.Conv2d(3, 5, kernel, stride, padding, dilation)
    for kernel, stride, padding, dilation in [
        (1, 1, 0, 1), (1, 2, 0, 1), (3, 1, 1, 1), (3, 2, 1, 1), (3, 1, 2, 2), (3, 2, 0, 1),
        ((3, 1), (2, 1), (1, 0), 1),
    ]
]  # fmt: skip


def flat(outputs: Tensor) -> Tensor:
    return outputs.movedim(1, -1).reshape(-1, outputs.shape[1])


@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
def test_a_convolution_is_linear_in_its_rows(convolution: nn.Conv2d) -> None:
    images = torch.randn(2, 3, 7, 6)
    outputs = rows_of(convolution, images) @ convolution.weight.flatten(1).T + convolution.bias
    torch.testing.assert_close(outputs, flat(convolution(images)))


def test_a_linear_layer_reads_its_inputs_as_they_are() -> None:
    inputs = torch.randn(4, 3)
    assert torch.equal(rows_of(nn.Linear(3, 2), inputs), inputs)


def test_a_channel_owns_consecutive_columns() -> None:
    images = torch.zeros(1, 3, 5, 5)
    images[:, 1] = 1
    rows = rows_of(nn.Conv2d(3, 1, 3), images)
    assert torch.equal(rows.any(0).nonzero().flatten(), torch.arange(9, 18))


def brute_force(rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    h, y = rows.double(), targets.double()
    ours, theirs = h - h.mean(0), y - y.mean(0)
    return ours.T @ ours / len(h), ours.T @ theirs / len(h), h.mean(0), y.mean(0)


@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
def test_streamed_moments_are_those_of_all_rows(convolution: nn.Conv2d) -> None:
    images = torch.randn(9, 3, 7, 6)
    targets = torch.randn_like(convolution(images))
    known = Moments.empty(convolution.weight[0].numel(), 5)
    for batch in (slice(0, 4), slice(4, 5), slice(5, 9)):
        known.add(convolution, images[batch], targets[batch])
    expected = brute_force(rows_of(convolution, images), flat(targets))
    torch.testing.assert_close(tuple(known.centred()), expected, rtol=1e-5, atol=1e-5)


def test_moments_of_a_linear_layer_are_those_of_its_inputs() -> None:
    inputs, targets = torch.randn(20, 3), torch.randn(20, 2)
    known = Moments.empty(3, 2)
    known.add(nn.Linear(3, 2), inputs, targets)
    torch.testing.assert_close(
        tuple(known.centred()), brute_force(inputs, targets), rtol=1e-5, atol=1e-5
    )


def test_without_an_intercept_the_means_are_not_taken_out() -> None:
    inputs, targets = torch.randn(20, 3) + 2, torch.randn(20, 2)
    known = Moments.empty(3, 2)
    known.add(nn.Linear(3, 2), inputs, targets)
    centred = known.centred(with_mean=False)
    torch.testing.assert_close(centred.inputs, (inputs.T @ inputs).double() / 20)
    torch.testing.assert_close(centred.cross, (inputs.T @ targets).double() / 20)
    assert not centred.input_mean.any()
    assert not centred.target_mean.any()


def test_moments_need_no_targets() -> None:
    known = Moments.empty(3)
    known.add(nn.Linear(3, 2), torch.randn(5, 3))
    assert known.centred().cross.shape == (3, 0)


def test_few_images_at_a_time_give_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    convolution, images = CONVOLUTIONS[2], torch.randn(5, 3, 6, 6).double()
    sums = []
    for limit in (1, 10**9):
        monkeypatch.setattr(module_under_test, "MAX_ROWS_BYTES", limit)
        known = Moments.empty(27, pooled=True)
        known.add(convolution, images)
        sums.append((known.input_sum, known.input_products))
    torch.testing.assert_close(*sums)


def test_before_a_pooling_the_mean_row_of_an_image_counts_as_its_positions_squared() -> None:
    convolution, images = CONVOLUTIONS[2], torch.randn(4, 3, 3, 3).double()
    targets = torch.randn(4, 5, 3, 3).double()
    known = Moments.empty(27, 5, pooled=True)
    known.add(convolution, images, targets)
    products, cross = torch.zeros(27, 27).double(), torch.zeros(27, 5).double()
    rows = rows_of(convolution, images).reshape(4, 9, 27)
    wanted = flat(targets).reshape(4, 9, 5)
    for image, position in itertools.product(range(4), range(9)):
        products += torch.outer(rows[image, position], rows[image, position])
        cross += torch.outer(rows[image, position], wanted[image, position])
    for image in range(4):
        products += 81 * torch.outer(rows[image].mean(0), rows[image].mean(0))
        cross += 81 * torch.outer(rows[image].mean(0), wanted[image].mean(0))
    torch.testing.assert_close(known.input_products, products)
    torch.testing.assert_close(known.cross_products, cross)
    assert known.count == 4 * 9 + 4 * 81


def test_the_pooled_weighting_is_the_error_at_positions_and_of_their_sum() -> None:
    """‖Δ‖² summed over positions, plus ‖Σ_p Δ_p‖², for any change Δ = W·h of the output."""
    convolution, images = CONVOLUTIONS[2], torch.randn(4, 3, 3, 3).double()
    known = Moments.empty(27, pooled=True)
    known.add(convolution, images)
    change = torch.randn(2, 27).double()
    errors = (rows_of(convolution, images) @ change.T).reshape(4, 9, 2)
    expected = errors.square().sum() + errors.sum(1).square().sum()
    torch.testing.assert_close((change @ known.input_products @ change.T).trace(), expected)
