"""Fine-tune a downloaded student from the command line: `python -m candidates.fine_tune --help`."""

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from candidates.errors import StudentSearchError
from candidates.learnt import Learnt
from candidates.training_recipe import Schedule, TrainingRecipe, usual_translation

if TYPE_CHECKING:  # slow to import, and not everywhere installed
    import torch


Objective = Literal["distil", "labels"]
"""What is minimised: Eq. 3, or the cross-entropy of labels alone."""

Precision = Literal["float32", "bfloat16"]
"""Of products."""


def tuned(  # noqa: PLR0913 - each argument is an option of the command
    student: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The downloaded student.")
    ],
    teacher: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Its teacher's own file, from `student-search teacher download`, or its "
            "weights as safetensors.",
        ),
    ],
    images: Annotated[Path, typer.Argument(exists=True, help="An archive or folder of images.")],
    out: Annotated[Path, typer.Argument(help="Where the fine-tuned student goes.")],
    objective: Annotated[
        Objective, typer.Option(help="Learn from the teacher and the labels, or labels alone.")
    ] = "distil",
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Forget the weights first, for a baseline.")
    ] = False,
    schedule: Annotated[
        Literal[Schedule, "paper"],
        typer.Option(help="Of the learning rate; paper: 96 000 steps from 0.1."),
    ] = "cosine",
    epochs: Annotated[int | None, typer.Option(min=1, help="10, unless steps are given.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="In place of epochs.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, help="0.01; with the paper's schedule 0.1.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=2)] = 128,
    momentum: Annotated[float, typer.Option(min=0, max=0.9999)] = 0.9,
    weight_decay: Annotated[float, typer.Option(min=0)] = 1e-4,
    temperature: Annotated[float, typer.Option(min=0.1, help="τ of Eq. 3.")] = 2.5,
    label_weight: Annotated[float, typer.Option(min=0, help="λ of Eq. 3.")] = 1.0,
    translation: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Largest random shift in pixels; an eighth of the images' smaller side, but at "
            "most 4, unless given.",
        ),
    ] = None,
    flip: Annotated[bool, typer.Option(help="Mirror half of the images.")] = False,
    noise: Annotated[
        float, typer.Option(min=0, help="σ of Gaussian noise behind every neighbourhood.")
    ] = 0,
    average: Annotated[
        float | None,
        typer.Option(min=1e-9, max=0.999999, help="Hand out moving averages; 0.999 is usual."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")] = "auto",
    precision: Annotated[
        Precision, typer.Option(help="Of products; bfloat16 is fast on a GPU.")
    ] = "float32",
    channels_last: Annotated[bool, typer.Option(help="A memory layout, fast on a GPU.")] = False,
    compiled: Annotated[bool, typer.Option(help="Compile first; for long trainings.")] = False,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between savings.")] = 100,
    look_every: Annotated[
        int, typer.Option(min=0, help="Steps between looks at held-out images; 0: an epoch.")
    ] = 0,
    curves: Annotated[
        Path | None, typer.Option(help="Picture of loss and accuracy: .png, .svg or .pdf.")
    ] = None,
) -> Learnt:
    """Distil the teacher into the student end to end, Eq. 3 of the paper, or train a baseline.

    Killed at any point, the same command continues where it last saved (OUT.savings). The result
    is a student file again, which holds the history of its training. Accuracy is reported on the
    reporting half of the test images; the looks on the way are at the other half.
    """
    from candidates.curves import check_drawing
    from candidates.fine_tuning import FineTuning
    from candidates.lesson import Files, Lesson

    given = {
        "epochs": epochs, "num_steps": steps, "learning_rate": learning_rate,
        "batch_size": batch_size, "momentum": momentum, "weight_decay": weight_decay,
        "translation": translation, "flip": flip, "average": average, "seed": seed,
        "precision": precision, "channels_last": channels_last, "compiled": compiled,
    }  # fmt: skip
    files = Files(student=student, teacher=teacher, images=images, out=out, curves=curves)
    lesson = Lesson(
        recipe=_recipe(schedule, given), objective=objective, temperature=temperature,
        label_weight=label_weight, from_scratch=from_scratch, noise=noise, look_every=look_every,
    )  # fmt: skip
    if curves is not None:
        check_drawing(curves)
    tuning = FineTuning(files, pick_device(device), Console())
    if translation is None:
        lesson = lesson.shifting(usual_translation(*tuning.recipe.input[1:]))
    return tuning.run(lesson, save_every)


@wraps(tuned)
def main(*arguments: Any, **options: Any) -> Learnt:
    """The same, whose errors end the program with a sentence."""
    try:
        return tuned(*arguments, **options)
    except (StudentSearchError, ValueError, OSError, FloatingPointError) as exc:
        Console(stderr=True).print(str(exc), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from exc


def pick_device(name: str) -> "torch.device":
    """`auto` is the GPU if there is one; ValueError for a device that torch does not know."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError as exc:
        raise ValueError(f"'{name}' is no device; use auto, cpu or cuda.") from exc


def _recipe(schedule: Literal[Schedule, "paper"], given: dict[str, Any]) -> TrainingRecipe:
    """What was given, and the schedule's own values for the rest."""
    if given["epochs"] is not None and given["num_steps"] is not None:
        raise ValueError("Give --epochs or --steps, not both.")
    chosen = {name: value for name, value in given.items() if value is not None}
    if schedule != "paper":
        return TrainingRecipe(schedule=schedule, **chosen)
    papers = TrainingRecipe.paper().model_dump()
    if "epochs" in chosen:
        papers["num_steps"] = None
    return TrainingRecipe(**{**papers, **chosen})


if __name__ == "__main__":
    typer.run(main)
