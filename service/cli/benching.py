"""The command that times files on this machine, without a service."""

from argparse import Namespace
from pathlib import Path
from typing import Annotated, Literal

import typer

from service.cli.shell import Screen
from service.measure_latency.machine import Run
from service.measure_latency.main import RUNTIMES
from service.measure_latency.timing import latencies

StudentArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A student's file.")
]
TeacherArgument = Annotated[
    Path | None,
    typer.Argument(
        exists=True, dir_okay=False, help="Its teacher's own file, from `teacher download`."
    ),
]
RuntimeOption = Annotated[
    Literal["torch", "onnxruntime"], typer.Option(help="onnxruntime takes ONNX files.")
]


def bench(  # noqa: PLR0913 - each argument is an option of the command
    screen: Screen,
    student: StudentArgument,
    teacher: TeacherArgument = None,
    runtime: RuntimeOption = "torch",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, …")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1)] = None,
    batch: Annotated[int, typer.Option(min=1)] = 1,
    repeats: Annotated[int, typer.Option(min=2, help="The median of so many is told.")] = 30,
) -> None:
    """Time a student on this machine, and beside it its teacher, in turns.

    Told are the median and half the distance between the quartiles, in milliseconds.
    """
    options = Namespace(device=device, threads=threads, batch=batch, repeats=repeats)
    machine = RUNTIMES[runtime](options)
    runs: dict[str, Run] = {"student": machine.student(str(student), batch)}
    if teacher is not None:
        runs["teacher"] = machine.student(str(teacher), batch)
    found = latencies(machine, runs, repeats)
    rows = [
        [name, f"{each['latency_ms']:.3f} ms", f"± {each['spread_ms']:.3f}"]
        for name, each in found.items()
    ]
    screen.answer_rows(rows, {**found, "setting": machine.setting(options)})
    if teacher is not None:
        times = found["teacher"]["latency_ms"] / found["student"]["latency_ms"]
        screen.say(f"The student is {times:.2f} times as fast as the teacher.")
