"""The command that measures a file on images of one's own, without a service."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.shell import Screen

FileArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A student's file, or a teacher's own.")
]
ImagesArgument = Annotated[
    Path, typer.Argument(exists=True, help="An archive or folder of images.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]


def measure(
    screen: Screen, file: FileArgument, images: ImagesArgument, device: DeviceOption = "auto"
) -> None:
    """Measure a downloaded file on images; `student measure` has the service do it.

    The images are divided as the service divides them, and the reporting ones are looked at.
    """
    from candidates.file_accuracy import accuracy_of
    from candidates.fine_tune import pick_device

    try:
        chosen = pick_device(device)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    found = accuracy_of(file, images, chosen)
    accuracy = found.accuracy
    screen.say(f"On {found.num_images} reporting images, with its standard error, in percent:")
    screen.answer(f"{accuracy.value:.2f} ± {accuracy.standard_error:.2f}", found)
