import logging
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from candidates.data import Dataset, normalised
from candidates.errors import InvalidDataset, NonFiniteActivation
from candidates.graph.network import Network
from candidates.linear_call import LinearCall
from candidates.moments import Moments
from candidates.noise_inputs import NoiseInputs
from candidates.progress import silent
from candidates.score import accuracy_of
from candidates.statistics import Statistics, gather
from candidates.teacher import Teacher
from tests.candidates.builders import dataset_of, library, teacher_from, teacher_of

TEACHER, DATASET, RECIPE = teacher_of(), dataset_of(), library()


def rows_at(network: Network, name: str, images: Tensor) -> Tensor:
    """The rows [groups, rows, d] of a call."""
    call = next(call for call in network.program.calls if call.name == name)
    linear = LinearCall.of(call, network.tensors())
    assert linear is not None
    with torch.inference_mode():
        (source,) = network.values(images, [linear.source])
    return linear.rows(source).double()


def test_moments_are_of_the_inputs_of_every_widths_consumers() -> None:
    statistics = gather(TEACHER, DATASET, RECIPE, silent)
    consumers = {
        call
        for part in TEACHER.split.neighbourhoods
        for width in part.widths
        for call in width.consumers
    }
    assert statistics.moments.keys() == consumers
    images = normalised(DATASET.calibration.images, TEACHER.recipe.preprocessing)
    for name in sorted(consumers)[:4]:
        rows, known = rows_at(TEACHER.network, name, images), statistics.moments[name]
        assert known.count == rows.shape[1]
        rounding = 1e-6 * float(known.input_products.max())
        expected = rows.mT @ rows
        torch.testing.assert_close(known.input_products, expected, rtol=1e-4, atol=rounding)


def test_a_kind_may_ask_for_moments_of_every_linear_call() -> None:
    recipe = library(kinds={"sparse": {}})
    moments = gather(TEACHER, DATASET, recipe, silent).moments
    inside = {
        call.name
        for each in TEACHER.split.neighbourhoods
        for call in TEACHER.part(each).program.calls
        if call.operator == "conv2d.default"
    }
    assert moments.keys() == inside
    images = normalised(DATASET.calibration.images, TEACHER.recipe.preprocessing)
    for name in sorted(inside)[:4]:
        rows = rows_at(TEACHER.network, name, images)
        torch.testing.assert_close(
            moments[name].input_products, rows.mT @ rows, rtol=1e-4, atol=1e-3
        )


def test_the_first_layer_may_be_a_neighbourhood() -> None:
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 6, 3), nn.ReLU(), nn.Flatten()
    network = nn.Sequential(*layers, nn.Linear(96, 3))
    teacher = teacher_from(network, granularity="layer")
    moments = gather(teacher, DATASET, library(kinds={"sparse": {}}), silent).moments
    assert sorted(known.input_sum.shape[1] for known in moments.values()) == [9, 72, 96]
    assert all(known.count for known in moments.values())


@pytest.mark.parametrize("granularity", ["block", "layer"])
def test_every_linear_call_sees_the_noise_of_its_own_neighbourhood_alone(
    granularity: str,
) -> None:
    teacher = Teacher.load(TEACHER.checkpoint, granularity)
    recipe = library(kinds={"sparse": {}}, inputs="gaussian", granularity=granularity)
    moments = gather(teacher, DATASET, recipe, silent).moments
    for each in teacher.split.neighbourhoods:
        part = teacher.part(each)
        for call in (call for call in part.program.calls if call.name in moments):
            if call.values() == [each.input]:
                noise = torch.cat(list(NoiseInputs.of(teacher, each, 48, recipe.seed)))
                linear = LinearCall.of(call, part.tensors())
                assert linear is not None
                assert moments[call.name].num_rows == linear.rows(noise).shape[1]


def test_each_group_of_a_convolution_has_moments_of_its_own() -> None:
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 6, 3, groups=2), nn.ReLU()
    teacher = teacher_from(nn.Sequential(*layers, nn.Flatten(), nn.Linear(96, 3)))
    moments = gather(teacher, DATASET, RECIPE, silent).moments
    images = normalised(DATASET.calibration.images, teacher.recipe.preprocessing)
    for name, known in moments.items():
        rows = rows_at(teacher.network, name, images)
        torch.testing.assert_close(known.input_products, rows.mT @ rows, rtol=1e-4, atol=1e-3)
    assert sorted(known.input_sum.shape for known in moments.values())[-1] == (2, 36)


def test_logits_and_accuracy_are_the_teachers_on_the_scoring_images() -> None:
    statistics = gather(TEACHER, DATASET, RECIPE, silent)
    scoring = DATASET.scoring.sample(RECIPE.scoring_images, RECIPE.seed)
    with torch.inference_mode():
        logits = TEACHER.network(normalised(scoring.images, TEACHER.recipe.preprocessing))
    torch.testing.assert_close(statistics.scoring_logits, logits)
    assert statistics.teacher_accuracy == accuracy_of(statistics.scoring_logits, scoring.labels)


def test_statistics_come_back_from_their_file() -> None:
    statistics = gather(TEACHER, DATASET, RECIPE, silent)
    again = Statistics.from_checkpoint(statistics.to_checkpoint())
    assert again.teacher_accuracy == statistics.teacher_accuracy
    assert torch.equal(again.scoring_logits, statistics.scoring_logits)
    assert again.moments.keys() == statistics.moments.keys()
    for name, known in statistics.moments.items():
        for with_mean in (True, False):
            ours, theirs = (m.centred(with_mean) for m in (again.moments[name], known))
            assert torch.equal(ours.inputs, theirs.inputs)
            assert torch.equal(ours.input_mean, theirs.input_mean)
        assert again.moments[name].num_rows == known.num_rows


def test_the_log_says_what_grams_take(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        statistics = gather(TEACHER, DATASET, RECIPE, silent)
    assert statistics.num_bytes == 8 * sum(
        each.input_products.numel() for each in statistics.moments.values()
    )
    assert "The Grams of 9 linear calls take" in caplog.text


def test_a_call_without_moments_is_no_key() -> None:
    again = Statistics.from_checkpoint(gather(TEACHER, DATASET, RECIPE, silent).to_checkpoint())
    assert again.moments.get("conv1") is None


def test_the_last_block_counts_what_the_pooling_sees() -> None:
    moments = gather(TEACHER, DATASET, RECIPE, silent).moments
    (last,) = [known for known in moments.values() if known.pooled]
    assert last is moments[TEACHER.split.neighbourhoods[-1].widths[-1].consumers[0]]
    assert isinstance(last, Moments)


def test_progress_counts_images_to_the_end_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int]] = []
    gather(TEACHER, DATASET, RECIPE, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (48 + 32, 48 + 32)
    assert calls == sorted(calls)

    class Stopped(Exception):
        pass

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        gather(TEACHER, DATASET, RECIPE, stop)


def test_images_that_make_the_teacher_overflow_name_the_module() -> None:
    teacher = teacher_of()
    teacher.network.tensors()["bn1.bias"].data.fill_(3e38)
    with pytest.raises(NonFiniteActivation, match=r"'layer1\.0\.conv1'"):
        gather(teacher, DATASET, RECIPE, silent)


def test_reporting_images_are_not_looked_at() -> None:
    nothing = replace(DATASET.reporting, images=torch.empty(0), labels=torch.empty(0))
    without = Dataset(DATASET.calibration, DATASET.scoring, nothing)
    statistics = gather(TEACHER, without, RECIPE, silent)
    assert torch.equal(
        statistics.scoring_logits, gather(TEACHER, DATASET, RECIPE, silent).scoring_logits
    )


def test_images_that_do_not_fit_the_teacher_are_refused() -> None:
    larger = dataset_of(TEACHER.recipe.model_copy(update={"input": (1, 9, 9)}), 20)
    with pytest.raises(InvalidDataset, match="the network takes 1 × 8 × 8"):
        gather(TEACHER, larger, RECIPE, silent)


def test_noise_at_every_neighbourhood_may_stand_in_for_images() -> None:
    teacher = teacher_of()
    recipe = library(inputs="gaussian")
    noise, images = (
        gather(teacher, dataset_of(), each, silent).moments for each in (recipe, library())
    )
    assert noise.keys() == images.keys()
    first = teacher.split.neighbourhoods[0]
    inputs = torch.cat(list(NoiseInputs.of(teacher, first, recipe.calibration_images, recipe.seed)))
    (call,) = (name for width in first.widths for name in width.consumers)
    part = teacher.part(first)
    source = next(each for each in part.program.calls if each.name == call).values()[0]
    (hidden,) = part.values(inputs, [source])
    moments = noise[call]
    assert moments.num_rows == hidden[:, 0].numel()
    centre = 9 * torch.arange(hidden.shape[1]) + 4
    assert torch.allclose(
        moments.input_sum[0, centre], hidden.detach().double().sum((0, 2, 3)), rtol=1e-4
    )
