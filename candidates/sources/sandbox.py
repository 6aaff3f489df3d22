"""Sandbox: reads foreign files in a process of its own, which can do little and not for long.

The process has limits on memory, time and what it writes, none of this process's variables, and no
way to hand anything over but a safetensors file, which is checked like one that somebody sent.
Where the system allows that it also has no network, and no files but its own, the one it is to
read, Python's and the system's. On errors it hands over a sentence.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Any, Literal

from candidates import errors
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint, InvalidDataset, StudentSearchError
from candidates.value import Value

READERS = {
    "exported": "candidates.sources.foreign:exported",
    "images": "candidates.sources.foreign:images",
    "state_dict": "candidates.sources.foreign:state_dict",
}
SMALLER = "Send a smaller network, or convert it to safetensors."
PLAINER = "Send fewer or smaller images, in a plain tar or zip archive."
RESULT, REFUSAL = "result.safetensors", "refusal.json"
MAX_SENTENCE = 4000


class Limits(Value):
    """What a sandbox may use. `memory_bytes` counts address space, which torch takes plenty of."""

    memory_bytes: int = 24 * 2**30
    file_bytes: int = 16 * 2**30
    cpu_seconds: int = 600
    wall_seconds: float = 900


OF_IMAGES = Limits(
    memory_bytes=64 * 2**30, file_bytes=32 * 2**30, cpu_seconds=4 * 3600, wall_seconds=6 * 3600
)
"""A data set may be decoded for hours, and is held twice at the end."""


def read_foreign(
    kind: Literal["exported", "state_dict"],
    path: Path,
    shape: tuple[int, ...],
    limits: Limits | None = None,
) -> Checkpoint:
    """The tensors in a foreign file by their names; of an exported program for images of a shape
    [C, H, W] also the program, in the metadata.

    Raises InvalidCheckpoint, InvalidProgram, UnsplittableTeacher with what to do about it.
    """
    place = str(path.resolve())
    arguments: dict[str, Any] = {"path": place}
    if kind == "exported":
        arguments["shape"] = shape
    return sandboxed(READERS[kind], arguments, limits or Limits(), [place])


def read_images(source: Path, limits: Limits = OF_IMAGES) -> Checkpoint:
    """The data set in an archive or a folder, as `Dataset.of` takes it.

    Raises InvalidDataset with what to do about it.
    """
    readable = [str(source.resolve())]
    arguments = {"path": str(source.absolute())}
    try:
        return sandboxed(READERS["images"], arguments, limits, readable, PLAINER)
    except InvalidCheckpoint as exc:
        raise InvalidDataset(str(exc)) from exc


def sandboxed(
    function: str,
    arguments: Mapping[str, Any],
    limits: Limits,
    readable: Sequence[str] = (),
    advice: str = SMALLER,
) -> Checkpoint:
    """What a function, named `module:function`, gives when it is called in a sandbox, where it may
    read the files at or below `readable`.

    It takes plain JSON values as keywords and gives a Checkpoint. What it raises of
    `candidates.errors` is raised here; InvalidCheckpoint, with this advice, when it is ended.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        order = {
            "function": function, "arguments": arguments, "limits": limits.model_dump(),
            "readable": list(readable), "advice": advice,
        }  # fmt: skip
        command = [sys.executable, "-P", "-m", "candidates.sources.sandboxed"]
        process = Popen(
            command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, cwd=folder,
            env=_environment(folder), start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(json.dumps(order).encode(), timeout=limits.wall_seconds)
        except TimeoutExpired as exc:
            raise InvalidCheckpoint(
                f"Reading the file took more than {limits.wall_seconds:g} seconds and was ended. "
                f"{advice}"
            ) from exc
        finally:
            _end(process)
        return _handed_over(Path(folder), process.returncode, advice)


def _environment(folder: str) -> dict[str, str]:
    """Only what Python and torch need, with the modules that this process sees."""
    return {
        "PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE",
        "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip


def _end(process: Popen[bytes]) -> None:
    """The process and all that it started in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        process.wait()


def _handed_over(folder: Path, status: int, advice: str) -> Checkpoint:
    refusal = folder / REFUSAL
    if refusal.is_file():
        raise _refusal(refusal.read_bytes()[: 2 * MAX_SENTENCE])
    if status == 0 and (folder / RESULT).is_file():
        return Checkpoint.mapped(folder / RESULT)
    raise InvalidCheckpoint(
        f"Reading the file was ended by its limits on memory, time or disk (status {status}). "
        f"{advice}"
    )


def _refusal(text: bytes) -> StudentSearchError:
    """The error that the sandbox tells of, of a known kind whatever it says."""
    try:
        told = json.loads(text)
        kind, sentence = getattr(errors, str(told["kind"])), str(told["sentence"])[:MAX_SENTENCE]
    except (ValueError, KeyError, TypeError, AttributeError):
        return InvalidCheckpoint("Reading the file failed. Convert it to safetensors.")
    known = (
        InvalidCheckpoint, InvalidDataset, errors.InvalidProgram, errors.UnsplittableTeacher,
        errors.NotExportable,
    )  # fmt: skip
    return kind(sentence) if kind in known else InvalidCheckpoint(sentence)
