"""Fine-tuning: a student's file, its teacher and images become another student's file."""

import hashlib
from pathlib import Path

import torch
from rich.console import Console
from torch import nn

from candidates.accuracy import Accuracy
from candidates.activation_noise import ActivationNoise
from candidates.assembly import PROGRAM_KEY, Description, program_of
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.curves import draw
from candidates.data import Dataset
from candidates.display import Display
from candidates.errors import InvalidCheckpoint
from candidates.graph.network import Network
from candidates.history import History
from candidates.images import ingest
from candidates.initial import reinitialised
from candidates.learnt import Learnt
from candidates.lesson import Files, Lesson
from candidates.masks import FixedMasks
from candidates.recipe import TeacherRecipe
from candidates.savings import Savings
from candidates.sources.allowed import check_images
from candidates.sources.architectures import build
from candidates.sources.fit import load_weights
from candidates.sources.kinds import kind_of
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher
from candidates.tensors import state_of
from candidates.training import Look, Training

LOOK_IMAGES = 2000
"""Most held-out images that are looked at while training."""


class FineTuning:
    """Reads everything on construction: what is wrong with a file is said before the training."""

    def __init__(self, files: Files, device: torch.device, console: Console) -> None:
        self.files, self.device, self.console = files, device, console
        self.file = Checkpoint.read(files.student)
        self.description = Description.of(self.file)
        self.recipe: TeacherRecipe = self.description.recipe
        self.student = build_student(self.file).to(device)
        self.teacher_file = _teacher_file(files.teacher)
        self.teacher = _teacher(self.teacher_file, self.recipe).to(device)
        console.print(f"Reading {files.images.name} …")
        self.dataset: Dataset = ingest(files.images)
        self._check_images()

    def run(self, lesson: Lesson, save_every: int) -> Learnt:
        """Train, continuing from savings if there are any, measure and write the result."""
        if lesson.objective == "distil":
            self._report("of the teacher", self.teacher)
        before = self._report("before fine-tuning", self.student)
        if lesson.from_scratch:
            _start_again(self.student, lesson.recipe.seed)
        savings = self._savings(lesson, save_every)
        history = self._train(lesson, savings)
        after = self._report("after fine-tuning", self.student)
        learnt = self._learnt(lesson, before, after)
        self._write(lesson, history, learnt)
        savings.path.unlink(missing_ok=True)
        if after.value < before.value and not lesson.from_scratch:
            self._warn(
                f"The accuracy fell by {before.value - after.value:.2f} points. The student before "
                f"fine-tuning lies unchanged in {self.files.student}; more epochs, another "
                "learning rate, another --translation (images were shifted by up to "
                f"{lesson.recipe.translation} pixels) or more images may help."
            )
        self.console.print(f"The student lies in {self.files.out}.")
        return learnt

    def _check_images(self) -> None:
        found = self.dataset.calibration
        known, classes = self.student.num_outputs(self.recipe.input), len(found.classes)
        check_images(self.recipe, known, found.images.shape[1:], classes)
        if classes < known:
            self._warn(
                f"The images have {classes} classes but the network knows {known}: class 1 of the "
                "images, in alphabetical order, is taken for the network's first, and so on."
            )

    def _train(self, lesson: Lesson, savings: Savings) -> History:
        images, recipe = self.dataset.calibration, lesson.recipe
        display = Display(self.console)
        every = lesson.look_every or recipe.steps_per_epoch(len(images))
        training = Training(
            images,
            self.recipe.preprocessing,
            display.loss(lesson.loss(self.teacher)),
            recipe,
            savings,
            display.look(Look(self._held_out(), every)),
            self._noise(lesson.noise),
        )
        with display.progress(recipe.steps(len(images))):
            return training.run(self.student, display)

    def _held_out(self) -> Accuracy:
        return Accuracy(self.dataset.scoring.sample(LOOK_IMAGES, 0), self.recipe, self.device)

    def _noise(self, sigma: float) -> ActivationNoise | None:
        if sigma == 0:
            return None
        student = Teacher.of(self.recipe, self.student.program, state_of(self.file))
        return ActivationNoise([each.output for each in student.split.neighbourhoods], sigma)

    def _learnt(self, lesson: Lesson, before: Estimate, after: Estimate) -> Learnt:
        num_images = len(self.dataset.calibration.images)
        num_steps = lesson.recipe.steps(num_images)
        return Learnt(
            before=before,
            after=after,
            num_images=len(self.dataset.reporting),
            num_steps=num_steps,
            num_training_images=num_images,
            num_epochs=num_steps / lesson.recipe.steps_per_epoch(num_images),
        )

    def _write(self, lesson: Lesson, history: History, learnt: Learnt) -> None:
        points = history.points()
        told = lesson.model_dump(mode="json", exclude={"recipe"})
        provenance = {
            **self.description.provenance,
            "parent": hashlib.sha256(self.file.to_bytes()).hexdigest(),
            "fine_tuning": {**lesson.recipe.model_dump(mode="json"), **told},
            "learnt": learnt.model_dump(mode="json"),
            "history": [point.model_dump(mode="json", exclude_none=True) for point in points],
        }
        described = self.description.model_copy(update={"provenance": provenance})
        self.files.out.write_bytes(student_checkpoint(self.student, described).to_bytes())
        if self.files.curves is not None:
            draw(points, self.files.curves)
            self.console.print(f"The curves lie in {self.files.curves}.")

    def _savings(self, lesson: Lesson, every: int) -> Savings:
        purpose = hashlib.sha256(self.file.to_bytes())
        purpose.update(lesson.model_dump_json().encode())
        purpose.update(self.teacher_file.digest(self.teacher_file.tensors).encode())
        purpose.update(self.dataset.calibration.digest().encode())
        purpose.update(f"{self.dataset.calibration.labels.tolist()}".encode())
        out = self.files.out
        return Savings(out.with_name(out.name + ".savings"), every, purpose.hexdigest())

    def _report(self, when: str, network: nn.Module) -> Estimate:
        images = self.dataset.reporting
        accuracy = Accuracy(images, self.recipe, self.device).of(network)
        self.console.print(
            f"Accuracy {when}: {accuracy.value:.2f} ± {accuracy.standard_error:.2f} % "
            f"on {len(images)} reporting images."
        )
        return accuracy

    def _warn(self, sentence: str) -> None:
        self.console.print(f"Warning: {sentence}", style="yellow", markup=False, highlight=False)


def _teacher_file(path: Path) -> Checkpoint:
    """The teacher's own file or plain weights; InvalidCheckpoint says where to get them."""
    if _is_foreign(path):
        raise InvalidCheckpoint(
            f"{path.name} is not safetensors but a file of torch (.pth, .pt, .pt2) or of another "
            "program, which fine-tuning does not open. Give the teacher's own file, from "
            "`student-search teacher download` or GET /v1/teachers/{id}/network, or plain weights "
            "as safetensors."
        )
    return Checkpoint.read(path)


def _is_foreign(path: Path) -> bool:
    try:
        return kind_of(path) != "safetensors"
    except InvalidCheckpoint:
        return True


def _teacher(file: Checkpoint, recipe: TeacherRecipe) -> nn.Module:
    """A teacher's own file runs by itself; weights alone need the recipe's architecture."""
    if PROGRAM_KEY in file.metadata:
        return Network(program_of(file), state_of(file)).eval()
    return load_weights(build, recipe, file)


def _start_again(student: Network, seed: int) -> None:
    """Random weights, but the zeros of a sparse student where they were."""
    masks = FixedMasks.of_zeros(student).notable()
    reinitialised(student, seed)
    masks.apply(student.tensors(), 0, 0)
