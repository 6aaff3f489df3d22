import pytest
import torch
from torch import nn
from torch.nn import functional

from candidates.data import ImageSet
from candidates.distil import refine
from candidates.progress import silent
from candidates.recipe import Preprocessing
from candidates.stream import Stream
from tests.candidates.builders import images_of, library, randomised

UNIT = Preprocessing(mean=(0.5,), std=(0.25,))
IMAGES: ImageSet = images_of(count=40)


def stream() -> Stream:
    return Stream(IMAGES, UNIT, 10**9)


def part(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    layers = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 1)
    return randomised(nn.Sequential(*layers), seed)


def gap(candidate: nn.Module, teacher: nn.Module) -> float:
    with torch.inference_mode():
        inputs = torch.cat(list(stream()))
        return float(functional.mse_loss(candidate(inputs), teacher(inputs)))


def slowly(candidate: nn.Module, teacher: nn.Module, steps: int, rate: float) -> None:
    """One candidate alone, with the loss itself: Adam on the MSE under a one-cycle schedule."""
    optimiser = torch.optim.Adam(candidate.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        inputs = stream().at(torch.randint(40, (16,), generator=generator))
        with torch.no_grad():
            target = teacher(inputs)
        optimiser.zero_grad()
        functional.mse_loss(candidate(inputs), target).backward()
        optimiser.step()
        schedule.step()


def test_refinement_is_adam_on_the_mean_squared_error_of_each_candidate() -> None:
    teacher, together, alone = part(0), [part(1), part(2)], [part(1), part(2)]
    recipe = library(steps=10, learning_rate=1e-2)
    refine(together, teacher, stream(), recipe, silent)
    for ours, expected in zip(together, alone, strict=True):
        slowly(expected, teacher, 10, 1e-2)
        for name, values in expected.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], values, rtol=1e-4, atol=1e-5)


def test_a_student_learns_on_its_own_activations_what_the_teacher_makes_of_its_own() -> None:
    """The input is shifted by a BatchNorm; the bias behind it can make up for that."""
    teacher, candidate = part(0), part(0)
    before, drift = nn.Identity(), randomised(nn.Sequential(nn.BatchNorm2d(1)), 5)
    ours, theirs = stream().advanced(drift), stream().advanced(before)

    def error() -> float:
        with torch.inference_mode():
            pairs = zip(ours, theirs, strict=True)
            return sum(float((candidate(a) - teacher(b)).square().mean()) for a, b in pairs)

    start = error()
    refine([candidate], teacher, ours, library(steps=80, learning_rate=1e-2), silent, theirs)
    assert error() < 0.5 * start


def test_refinement_lowers_the_error() -> None:
    teacher, candidate = part(0), part(1)
    before = gap(candidate, teacher)
    refine([candidate], teacher, stream(), library(steps=60, learning_rate=1e-2), silent)
    assert gap(candidate, teacher) < 0.5 * before


def test_a_candidate_does_not_depend_on_the_others() -> None:
    teacher, alone, among = part(0), part(1), part(1)
    recipe = library(steps=5)
    refine([alone], teacher, stream(), recipe, silent)
    refine([part(3), among, part(4)], teacher, stream(), recipe, silent)
    for name, values in alone.state_dict().items():
        assert torch.equal(among.state_dict()[name], values)


def test_no_steps_change_nothing() -> None:
    teacher, candidate = part(0), part(1)
    refine([candidate], teacher, stream(), library(steps=0), silent)
    for name, values in part(1).state_dict().items():
        assert torch.equal(candidate.state_dict()[name], values)


def test_running_statistics_stay_as_they_are() -> None:
    candidate = part(1)
    refine([candidate], part(0), stream(), library(steps=3), silent)
    for name in ("1.running_mean", "1.running_var", "1.num_batches_tracked"):
        assert torch.equal(candidate.state_dict()[name], part(1).state_dict()[name])


def test_the_teacher_is_not_changed() -> None:
    teacher = part(0)
    refine([part(1)], teacher, stream(), library(steps=3), silent)
    for name, values in part(0).state_dict().items():
        assert torch.equal(teacher.state_dict()[name], values)


def test_progress_counts_steps_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int]] = []
    refine([part(1)], part(0), stream(), library(steps=3), lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refine([part(1)], part(0), stream(), library(steps=3), stop)
