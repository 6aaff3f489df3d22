import logging
from typing import Any

import pytest
import torch
from torch import nn

from candidates.distil import refine
from candidates.draft import Draft
from candidates.masks import FixedMasks
from candidates.objective import Objective
from candidates.progress import silent
from candidates.savings import Savings
from candidates.stream import Stream
from candidates.teacher import Teacher
from tests.candidates.builders import TINY, images_of, randomised, teacher_from
from tests.candidates.refining import INNER, draft, recipe, refined, same


class Squeezed(nn.Module):
    """Pointwise, depthwise, squeeze and excitation, pointwise."""

    def __init__(self) -> None:
        super().__init__()
        self.expand, self.first = nn.Conv2d(1, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.reduce, self.restore = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.project, self.last = nn.Conv2d(8, 1, 1), nn.BatchNorm2d(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.depthwise(torch.nn.functional.hardswish(self.first(self.expand(x))))
        gate = self.restore(torch.relu(self.reduce(y.mean((2, 3), keepdim=True))))
        return x + self.last(self.project(y * torch.sigmoid(gate)))


class Grouped(nn.Module):
    """A grouped convolution between pointwise ones."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(1, 8, 1), nn.BatchNorm2d(8)
        self.grouped, self.last = nn.Conv2d(8, 8, 3, padding=1, groups=4), nn.Conv2d(8, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.norm(self.first(x)))
        return x + self.last(torch.relu(self.grouped(inner)))


class Perceptron(nn.Module):
    """A LayerNorm before, or over, what is narrowed."""

    def __init__(self, inner: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.inside = nn.LayerNorm(16) if inner else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.nn.functional.gelu(self.up(self.norm(x)))
        return x + self.down(self.inside(hidden))


def whole(block: nn.Module) -> Teacher:
    torch.manual_seed(0)
    layers = nn.Sequential(block, nn.Flatten(), nn.Linear(64, 3))
    return teacher_from(randomised(layers))


def narrow(teacher: Teacher, shares: tuple[float, ...]) -> tuple[int, list[Draft]]:
    """Drafts of the first neighbourhood that has widths."""
    index, each = next((n, p) for n, p in enumerate(teacher.split.neighbourhoods) if p.widths)
    found = []
    for share in shares:
        kept = {w.name: tuple(range(max(1, round(share * w.size)))) for w in each.widths}
        found.append(Draft(teacher.narrowed(each, kept), kept))
    return index, found


def run(teacher: Teacher, shares: tuple[float, ...], **changes: Any) -> list[Draft]:
    index, drafts = narrow(teacher, shares)
    given = recipe(**changes)
    each = teacher.split.neighbourhoods[index]
    objective = Objective.of(teacher, each, given)
    stream = Stream(images_of(), TINY.preprocessing, 10**9).advanced(teacher.root(each))
    refine(drafts, objective, objective.stream(stream), given, silent)
    return drafts


def assert_close(ours: list[Draft], expected: list[Draft]) -> None:
    for one, other in zip(ours, expected, strict=True):
        theirs = other.network.tensors()
        for name, values in one.network.tensors().items():
            torch.testing.assert_close(values, theirs[name], rtol=1e-3, atol=1e-4)


SHARES = (0.25, 0.5, 0.75)


@pytest.mark.parametrize("block", [Squeezed(), Grouped(), Perceptron(inner=False)], ids=type)
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_fused_candidates_end_where_they_would_alone(
    block: nn.Module, optimiser: str, caplog: pytest.LogCaptureFixture
) -> None:
    teacher = whole(block)
    with caplog.at_level(logging.INFO):
        fused = run(teacher, SHARES, fused=True, optimiser=optimiser, weight_decay=0.01)
    assert "not fused" not in caplog.text
    assert_close(fused, run(teacher, SHARES, fused=False, optimiser=optimiser, weight_decay=0.01))


def drafts() -> list[Draft]:
    weight = draft(6).network.tensors()[INNER]
    mask = torch.rand(weight.shape, generator=torch.Generator().manual_seed(0)) > 0.5
    return [draft(4), draft(7), draft(6, FixedMasks({INNER: mask})), draft(1)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"look_ahead": (1,), "logit_weight": 0.1, "loss": "relative"}, {"rounds": 3, "patience": 1,
     "tolerance": 0.9, "validation_images": 12}],
)  # fmt: skip
def test_basic_blocks_may_be_fused_under_any_objective(changes: dict[str, Any]) -> None:
    fused = refined(recipe(fused=True, **changes), drafts())
    assert_close(fused, refined(recipe(fused=False, **changes), drafts()))


def test_what_a_norm_over_a_width_would_spoil_is_not_fused_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    teacher = whole(Perceptron(inner=True))
    with caplog.at_level(logging.INFO):
        fused = run(teacher, SHARES, fused=True)
    assert "padding would change what they compute" in caplog.text
    assert_close(fused, run(teacher, SHARES, fused=False))


def test_a_random_start_is_not_fused_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        refined(recipe(fused=True, start="random"), [draft(4), draft(7)])
    assert "norms that train by the batch would see what is padded" in caplog.text


class Stopped(Exception):
    pass


@pytest.mark.parametrize("step", [2, 3, 4])
def test_an_interrupted_fused_run_continues_to_the_same_weights(step: int, tmp_path: Any) -> None:
    given = recipe(fused=True, rounds=2, validation_images=12)
    savings = Savings(tmp_path / "savings", every=2)

    def stop(done: int, _total: int) -> None:
        if done == step:
            raise Stopped

    def both() -> list[Draft]:
        return [draft(4), draft(7)]

    with pytest.raises(Stopped):
        refined(given, both(), stop, savings)
    again, expected = refined(given, both(), silent, savings), refined(given, both())
    for one, other in zip(again, expected, strict=True):
        assert same(one.network.tensors(), other.network.tensors())


def test_a_run_may_go_on_alone_where_it_was_fused(tmp_path: Any) -> None:
    savings = Savings(tmp_path / "savings", every=2)

    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        refined(recipe(fused=True), [draft(4), draft(7)], stop, savings)
    again = refined(recipe(fused=False), [draft(4), draft(7)], silent, savings)
    assert_close(again, refined(recipe(fused=False), [draft(4), draft(7)]))
