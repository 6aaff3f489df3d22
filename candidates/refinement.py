"""Refinement: more work on a student that was handed out; the result is another student."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from candidates.assembly import Description
from candidates.candidate import Estimate, identity
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.graph.network import Network
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.refinement_settings import RefinementSettings
from candidates.savings import Savings, State
from candidates.score import estimate, logits_of
from candidates.stream import Stream
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher
from candidates.value import Value
from candidates.walk import Walk

Count = Callable[[int], None]
"""Is told how many steps are done."""
SAVED_EVERY = 100
"""Steps that a killed process may cost."""


class Comparison(Value):
    """Accuracies in percent on the reporting images, which chose nothing.

    `before` is that of the best of the files that the student had; `gain` is in points, with the
    standard error of the difference image by image.
    """

    before: Estimate
    after: Estimate
    gain: Estimate
    teacher: Estimate


class Refined(NamedTuple):
    """The new student's file and what it reaches."""

    checkpoint: Checkpoint
    comparison: Comparison


@dataclass(frozen=True)
class Refinement:
    """More work on a student under its library's recipe.

    `unfinished` is a folder in which the work keeps its state, so that a process that was killed
    is succeeded by one that goes on; without it the work starts again.
    """

    teacher: Teacher
    dataset: Dataset
    recipe: LibraryRecipe
    settings: RefinementSettings
    unfinished: Path | None = None

    def run(self, student: Checkpoint, others: Sequence[Checkpoint], progress: Progress) -> Refined:
        """Refine a student's own file; `others` are files of it that the result must beat as well.

        `progress` counts steps, of all parts and passes.
        """
        network, description = build_student(student), Description.of(student)
        recipe = self.settings.recipe(self.recipe)
        images = self.dataset.calibration.sample(recipe.refinement_images, recipe.seed)
        walk = Walk(network, description.kept, self.teacher, images, recipe)
        parent = _digest(student)
        journal = self._journal(parent, images)
        total = self._steps * len(walk.changed) * self.settings.passes

        def count(done: int) -> None:
            progress(done, total)

        self._walk(walk, network, journal, count)
        walk.restate()
        provenance = {**description.provenance, "parent": parent, "refined_on": len(images)}
        described = description.model_copy(update={"provenance": provenance})
        comparison = self._compared([student, *others], network, lambda: count(total))
        journal.close()
        return Refined(student_checkpoint(network, described), comparison)

    def _journal(self, student: str, images: ImageSet) -> "_Journal":
        purpose = identity(
            student=student,
            teacher=_digest(self.teacher.checkpoint),
            images=images.digest(),
            recipe=self.recipe.model_dump(mode="json"),
            settings=self.settings.model_dump(mode="json"),
        )
        return _Journal(self.unfinished and self.unfinished / purpose, purpose)

    @property
    def _steps(self) -> int:
        """What a part counts; without a gradient its closed form is one step."""
        return max(1, self.settings.steps)

    def _walk(self, walk: Walk, network: Network, journal: "_Journal", count: Count) -> None:
        """All passes, from the place in the journal on."""
        steps, num_parts = self._steps, len(walk.changed)
        finished = journal.restore(network)
        count(steps * finished)
        for number in range(finished, num_parts * self.settings.passes):
            if number % num_parts == 0:
                walk.start()
            done = steps * number
            walk.remake(
                walk.changed[number % num_parts],
                _counting(count, done),
                journal.part(number, min(SAVED_EVERY, steps)),
            )
            journal.note(network, number + 1)
            count(done + steps)

    def _compared(
        self, files: Sequence[Checkpoint], network: Network, beat: Callable[[], None]
    ) -> Comparison:
        rights = []
        for file in files:
            beat()
            rights.append(self._right(build_student(file)))
        before = max(rights, key=lambda right: float(right.sum()))
        beat()
        after = self._right(network)
        return Comparison(
            before=estimate(before),
            after=estimate(after),
            gain=estimate(after - before),
            teacher=estimate(self._right(self.teacher.network)),
        )

    def _right(self, network: Network) -> Tensor:
        """100 for every reporting image that a network gets right, else 0; float64 [N]."""
        images = self.dataset.reporting
        stream = Stream.of(images, self.teacher.recipe.preprocessing, self.recipe)
        return 100 * (logits_of(network, stream).argmax(1) == images.labels).double()


def _counting(count: Count, before: int) -> Progress:
    """Counts the steps of one part with all before it."""
    return lambda done, _total: count(before + done)


def _digest(checkpoint: Checkpoint) -> str:
    return hashlib.sha256(checkpoint.to_bytes()).hexdigest()


class _Journal:
    """How far a refinement is, in a folder of its own: the network behind the last finished part,
    and the state of the part that is being worked on.
    """

    def __init__(self, folder: Path | None, purpose: str) -> None:
        self._folder, self._purpose = folder, purpose
        if folder is not None:
            folder.mkdir(exist_ok=True)

    def restore(self, network: Network) -> int:
        """Give a network the weights that were noted, and return the number of finished parts."""
        if self._folder is None:
            return 0
        state = self._whole(self._folder).read()
        if state is None:
            return 0
        with torch.no_grad():
            for name, values in network.tensors().items():
                values.copy_(state.tensors[name])
        return state.step

    def part(self, number: int, every: int) -> Savings | None:
        """Where the work on a part keeps its state."""
        if self._folder is None:
            return None
        return Savings(self._folder / f"part{number}", every, f"{self._purpose} {number}")

    def note(self, network: Network, finished: int) -> None:
        """Note the network behind a finished part, whose own state is of no use any more."""
        if self._folder is not None:
            self._whole(self._folder).write(State(finished, network.tensors()))
            (self._folder / f"part{finished - 1}").unlink(missing_ok=True)

    def close(self) -> None:
        """Forget everything."""
        if self._folder is not None:
            shutil.rmtree(self._folder)

    def _whole(self, folder: Path) -> Savings:
        return Savings(folder / "whole", purpose=self._purpose)
