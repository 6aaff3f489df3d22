"""Fine-tune a downloaded student from the command line: `python -m candidates.fine_tune --help`."""

import hashlib
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from torch import nn

from candidates.assembly import PROGRAM_KEY, Description, program_of
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.errors import StudentSearchError
from candidates.graph.network import Network
from candidates.images import ingest
from candidates.recipe import TeacherRecipe
from candidates.savings import Savings
from candidates.score import measured_accuracy
from candidates.sources.allowed import check_images
from candidates.sources.architectures import build
from candidates.sources.fit import load_weights
from candidates.stream import Stream
from candidates.student import build_student, student_checkpoint
from candidates.tensors import state_of
from candidates.training import Loss, TrainingRecipe, distillation, train


def main(  # noqa: PLR0913 - each argument is an option of the command
    student: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The downloaded student.")
    ],
    teacher: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Its teacher: the posted safetensors, or its file from the service.",
        ),
    ],
    images: Annotated[Path, typer.Argument(exists=True, help="An archive or folder of images.")],
    out: Annotated[Path, typer.Argument(help="Where the fine-tuned student goes.")],
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    learning_rate: Annotated[float, typer.Option(min=1e-9)] = 1e-2,
    batch_size: Annotated[int, typer.Option(min=2)] = 128,
    temperature: Annotated[float, typer.Option(min=0.1, help="τ of Eq. 3.")] = 2.5,
    label_weight: Annotated[float, typer.Option(min=0, help="λ of Eq. 3.")] = 1.0,
    flip: Annotated[bool, typer.Option(help="Mirror half of the images.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")] = "auto",
    save_every: Annotated[int, typer.Option(min=1, help="Steps between savings.")] = 100,
) -> None:
    """Distil the teacher into the student end to end, Eq. 3 of the paper.

    Killed at any point, the same command continues where it last saved (OUT.savings). The result
    is a student file again. Accuracy is measured on the reporting half of the test images.
    """
    recipe = TrainingRecipe(
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        flip=flip,
        seed=seed,
    )
    try:
        run = _Run(student, teacher, images, out, pick_device(device))
        run.fine_tune(recipe, (temperature, label_weight), save_every)
    except (StudentSearchError, ValueError, OSError, FloatingPointError) as exc:
        Console(stderr=True).print(str(exc), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from exc


def pick_device(name: str) -> torch.device:
    """`auto` is the GPU if there is one; ValueError for a device that torch does not know."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError as exc:
        raise ValueError(f"'{name}' is no device; use auto, cpu or cuda.") from exc


def _teacher(file: Checkpoint, recipe: TeacherRecipe) -> nn.Module:
    """A teacher's own file runs by itself; weights alone need the recipe's architecture."""
    if PROGRAM_KEY in file.metadata:
        return Network(program_of(file), state_of(file)).eval()
    return load_weights(build, recipe, file)


class _Run:
    def __init__(
        self, student: Path, teacher: Path, images: Path, out: Path, device: torch.device
    ) -> None:
        self.console = Console()
        self.file = Checkpoint.read(student)
        self.description = Description.of(self.file)
        self.recipe: TeacherRecipe = self.description.recipe
        self.student = build_student(self.file).to(device)
        self.teacher_file = Checkpoint.read(teacher)
        self.teacher = _teacher(self.teacher_file, self.recipe).to(device)
        self.console.print(f"Reading {images.name} …")
        self.dataset: Dataset = ingest(images)
        found = self.dataset.calibration
        known = self.student.num_outputs(self.recipe.input)
        check_images(self.recipe, known, found.images.shape[1:], len(found.classes))
        self.out, self.device = out, device

    def fine_tune(
        self, recipe: TrainingRecipe, weighting: tuple[float, float], save_every: int
    ) -> None:
        self._report("before fine-tuning", self.student)
        loss = distillation(self.teacher, *weighting)
        savings = self._savings(recipe, weighting, save_every)
        self._train(loss, recipe, savings)
        provenance = {
            **self.description.provenance,
            "parent": hashlib.sha256(self.file.to_bytes()).hexdigest(),
            "fine_tuning": recipe.model_dump(mode="json"),
        }
        described = self.description.model_copy(update={"provenance": provenance})
        self.out.write_bytes(student_checkpoint(self.student, described).to_bytes())
        savings.path.unlink(missing_ok=True)
        self._report("after fine-tuning", self.student)
        self.console.print(f"The student lies in {self.out}.")

    def _train(self, loss: Loss, recipe: TrainingRecipe, savings: Savings) -> None:
        columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self.console) as progress:
            bar = progress.add_task("steps", total=recipe.steps(len(self.dataset.calibration)))
            train(
                self.student,
                (self.dataset.calibration, self.recipe.preprocessing),
                loss,
                recipe,
                lambda done, _total: progress.update(bar, completed=done),
                savings,
            )

    def _savings(
        self, recipe: TrainingRecipe, weighting: tuple[float, float], every: int
    ) -> Savings:
        purpose = hashlib.sha256(self.file.to_bytes())
        purpose.update(f"{recipe.model_dump_json()}{weighting}".encode())
        purpose.update(self.teacher_file.digest(self.teacher_file.tensors).encode())
        purpose.update(self.dataset.calibration.digest().encode())
        purpose.update(f"{self.dataset.calibration.labels.tolist()}".encode())
        return Savings(self.out.with_name(self.out.name + ".savings"), every, purpose.hexdigest())

    def _report(self, when: str, network: nn.Module) -> None:
        images: ImageSet = self.dataset.reporting
        stream = Stream(images, self.recipe.preprocessing, limit_bytes=0)
        batches = (batch.to(self.device) for batch in stream)
        accuracy = measured_accuracy(network, batches, images.labels.to(self.device))
        self.console.print(
            f"Accuracy {when}: {accuracy.value:.2f} ± {accuracy.standard_error:.2f} % "
            f"on {len(images)} reporting images."
        )


if __name__ == "__main__":
    typer.run(main)
