import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from candidates.checkpoint import Checkpoint
from candidates.distil import refine
from candidates.draft import Draft
from candidates.draws import Draws
from candidates.errors import InvalidRecipe
from candidates.graph.network import Network
from candidates.masks import FixedMasks
from candidates.objective import Objective
from candidates.progress import silent
from candidates.pruning import PolynomialPruning
from candidates.recipe import LibraryRecipe
from candidates.savings import Savings
from candidates.stream import Stream
from candidates.tensors import state_of
from tests.candidates.builders import TINY, images_of
from tests.candidates.refining import (
    INNER,
    at_cut,
    draft,
    gap,
    neighbourhood,
    recipe,
    refined,
    same,
    teacher,
    weights,
)


def slowly(network: Network, given: LibraryRecipe) -> None:
    """One draft alone, as it is written: Adam on the MSE under a one-cycle schedule."""
    stream, wanted = at_cut(), teacher().part(neighbourhood())
    optimiser = torch.optim.Adam(network.parameters(), lr=given.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, given.learning_rate, total_steps=given.steps + 1
    )
    draws = Draws(len(stream), given.batch_size, given.seed)
    for step in range(given.steps):
        inputs = stream.at(draws.at(step))
        with torch.no_grad():
            target = wanted(inputs)
        optimiser.zero_grad()
        functional.mse_loss(network(inputs), target).backward()
        optimiser.step()
        schedule.step()


def test_refinement_is_adam_on_the_mean_squared_error_of_each_draft() -> None:
    given = recipe(steps=10)
    together = refined(given, [draft(4), draft(7)])
    for ours, width in zip(together, (4, 7), strict=True):
        alone = draft(width).network
        slowly(alone, given)
        for name, values in alone.tensors().items():
            torch.testing.assert_close(ours.network.tensors()[name], values, rtol=1e-4, atol=1e-5)


def test_a_student_learns_on_its_own_activations_what_the_teacher_makes_of_its_own() -> None:
    """The student's stem was disturbed; the block can make up for some of that."""
    student = teacher().network.copied()
    with torch.no_grad():
        student.tensors()["bn1.bias"].add_(0.3)
    nb, theirs = neighbourhood(0), at_cut(0)
    images = Stream(images_of(), TINY.preprocessing, 10**9)
    ours = images.advanced(student.part(student.program.input, nb.cut))
    part = student.part(nb.input, nb.output)
    wanted = teacher().part(nb)

    def error() -> float:
        with torch.inference_mode():
            pairs = zip(ours, theirs, strict=True)
            return sum(float((part(a) - wanted(b)).square().mean()) for a, b in pairs)

    start, given = error(), recipe(steps=80)
    objective = Objective.of(teacher(), nb, given, None, theirs)
    refine([Draft(part)], objective, objective.stream(ours), given, silent)
    assert error() < 0.5 * start


def test_refinement_lowers_the_error() -> None:
    (found,) = refined(recipe(steps=60))
    assert gap(found.network) < 0.5 * gap(draft().network)


def test_a_draft_does_not_depend_on_the_others() -> None:
    given = recipe(validation_images=8, rounds=3, patience=1)
    (alone,), among = refined(given), refined(given, [draft(7), draft(), draft(2)])
    assert same(alone.network.tensors(), among[1].network.tensors())


def test_no_steps_change_nothing() -> None:
    assert same(weights(recipe(steps=0)), draft().network.tensors())


def test_running_statistics_and_the_teacher_stay_as_they_are() -> None:
    before = teacher().network.copied().tensors()
    found, start = weights(recipe(look_ahead=(1, 1), logit_weight=1)), draft().network.tensors()
    buffers = [name for name in found if "running" in name or "num_batches" in name]
    assert buffers
    assert same({name: found[name] for name in buffers}, start)
    assert same(before, teacher().network.tensors())


def test_progress_counts_steps_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int]] = []
    refined(recipe(steps=3), progress=lambda *call: calls.append(call))
    assert calls == [(1, 3), (2, 3), (3, 3)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refined(recipe(steps=3), progress=stop)


@dataclass
class Recorder:
    calls: list[tuple[int, int]] = field(default_factory=list)

    def apply(self, tensors: Mapping[str, Tensor], step: int, total: int) -> None:
        assert INNER in tensors
        self.calls.append((step, total))


@pytest.mark.parametrize("steps", [0, 3])
def test_a_constraint_is_applied_before_the_first_and_after_every_step(steps: int) -> None:
    recorder = Recorder()
    refined(recipe(steps=steps), [draft(constraint=recorder)])
    assert recorder.calls == [(step, steps) for step in range(steps + 1)]


def test_masked_weights_stay_zero_while_others_learn() -> None:
    mask = torch.rand(draft().network.tensors()[INNER].shape) > 0.5
    (found,) = refined(recipe(), [draft(constraint=FixedMasks({INNER: mask}))])
    weight, before = found.network.tensors()[INNER], draft().network.tensors()[INNER]
    assert not weight[~mask].any()
    assert (weight != before)[mask].any()


def test_kept_back_images_keep_a_draft_from_getting_worse() -> None:
    wild = {"learning_rate": 1.0, "validation_images": 12}
    assert same(weights(recipe(**wild)), draft().network.tensors())
    assert not same(weights(recipe(learning_rate=1.0)), draft().network.tensors())


def test_kept_back_images_are_not_learnt_from() -> None:
    given = recipe(validation_images=12)
    objective = Objective.of(teacher(), neighbourhood(), given)
    seen: list[Tensor] = []

    class Watched:
        batch_size = 16
        kept_bytes = 0

        def __init__(self) -> None:
            self.stream = at_cut()

        def __len__(self) -> int:
            return len(self.stream)

        def at(self, index: slice | Tensor) -> Tensor:
            if isinstance(index, Tensor):
                seen.append(index)
            return self.stream.at(index)

    refine([draft()], objective, Watched(), given, silent)  # type: ignore[arg-type]
    assert torch.cat(seen).max() < 36


def test_a_draft_stops_when_its_loss_no_longer_falls() -> None:
    steps: list[int] = []
    given = recipe(
        steps=40, rounds=10, patience=2, tolerance=0.9, validation_images=12, learning_rate=1e-5
    )
    refined(given, progress=lambda done, _total: steps.append(done))
    assert steps[-1] == 8


def test_weights_count_as_best_only_when_their_constraint_is_done_with_them() -> None:
    """The denser start is better, but not what was asked for."""
    given = recipe(steps=8, rounds=8, patience=1, validation_images=12, learning_rate=1e-4)
    (found,) = refined(given, [draft(constraint=PolynomialPruning([INNER], 0.75))])
    weight = found.network.tensors()[INNER]
    assert int((weight == 0).sum()) == round(0.75 * weight.numel())


def test_a_random_start_forgets_the_drafts_weights_and_trains_its_norms() -> None:
    given = recipe(start="random", optimiser="sgd", schedule="constant", steps=60)

    def disturb(one: Draft) -> None:
        one.network.tensors()[INNER].data.mul_(3)

    found = weights(given)
    assert same(found, weights(given, disturb))
    assert not torch.equal(
        found["layer2.2.bn1.running_mean"], torch.zeros_like(found["layer2.2.bn1.running_mean"])
    )


def test_nan_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(FloatingPointError, match="lower learning_rate, or set validation_images"):
        refined(recipe(optimiser="sgd", schedule="constant", learning_rate=1.0, steps=200))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_a_device_that_is_missing_is_an_error() -> None:
    with pytest.raises(InvalidRecipe, match="no CUDA device; set device to cpu"):
        refined(recipe(device="cuda"))


class Stopped(Exception):
    pass


RICH = {"steps": 8, "rounds": 4, "patience": 3, "validation_images": 8, "look_ahead": (1,)}


def pruned() -> list[Draft]:
    return [draft(), draft(6, PolynomialPruning([INNER], 0.5))]


@pytest.mark.parametrize("changes", [{}, {"optimiser": "sgd", "start": "random"}])
@pytest.mark.parametrize("step", [1, 3, 4, 7, 8])
def test_an_interrupted_refinement_continues_to_the_same_weights(
    step: int, changes: dict[str, str], tmp_path: Path
) -> None:
    given, savings = recipe(**RICH, **changes), Savings(tmp_path / "savings", every=2)

    def stop(done: int, _total: int) -> None:
        if done == step:
            raise Stopped

    with pytest.raises(Stopped):
        refined(given, pruned(), stop, savings)
    assert savings.path.exists() == (step >= 2)
    for ours, expected in zip(
        refined(given, pruned(), silent, savings), refined(given, pruned()), strict=True
    ):
        assert same(ours.network.tensors(), expected.network.tensors())


RUN = """
import os, signal, sys, torch
torch.set_num_threads(1)
from pathlib import Path
from candidates.savings import Savings
from candidates.tensors import checkpoint_of
from tests.candidates.refining import recipe, refined
from tests.candidates.test_distil import RICH, pruned
folder, last = Path(sys.argv[1]), int(sys.argv[2])
def progress(done, total):
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)
savings = Savings(folder / "savings", every=2)
found = refined(recipe(**RICH), pruned(), progress, savings)
(folder / "done").write_bytes(checkpoint_of(found[1].network.tensors()).to_bytes())
"""


@pytest.mark.slow
def test_a_run_killed_for_real_ends_with_the_same_bits_as_one_that_was_not(tmp_path: Path) -> None:
    def run(last: int) -> int:
        command = [sys.executable, "-c", RUN, str(tmp_path), str(last)]
        root = Path(__file__).parents[2]
        return subprocess.run(command, check=False, cwd=root, env=dict(os.environ)).returncode

    assert run(3) == -signal.SIGKILL
    assert not (tmp_path / "done").exists()
    assert run(0) == 0
    found = state_of(Checkpoint.read(tmp_path / "done"))
    assert same(refined(recipe(**RICH), pruned())[1].network.tensors(), found)
