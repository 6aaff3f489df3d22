"""Student: rebuild the network from its file alone, and write it back after training."""

from pathlib import Path

import torch
from torch import Tensor

from candidates.assembly import Description, description_of, program_of, with_program
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint, StudentSearchError
from candidates.graph.network import Network
from candidates.teacher import check_fit
from candidates.tensors import checkpoint_of, state_of

MAX_ITEMS = 2**31
"""Of one value for two images."""


def load_student(path: Path | str) -> Network:
    """A trainable network in eval mode, from a student's file.

    Raises InvalidCheckpoint or InvalidProgram, naming what does not fit.
    """
    return build_student(Checkpoint.read(Path(path)))


def build_student(checkpoint: Checkpoint) -> Network:
    """Like `load_student`, from a checkpoint in memory."""
    description, program = description_of(checkpoint), program_of(checkpoint)
    check_fit(program, checkpoint)
    tensors = state_of(checkpoint)
    network = Network(program, tensors).eval()
    _check_run(network, description.recipe.input)
    return network


def student_checkpoint(network: Network, description: Description) -> Checkpoint:
    """The file of a student whose weights changed but not its widths."""
    return with_program(checkpoint_of(network.tensors()), network.program, description)


def _check_run(network: Network, shape: tuple[int, ...]) -> None:
    """Raises InvalidCheckpoint unless images [N, C, H, W] give logits [N, num_classes], found
    without computing anything.
    """
    images = torch.empty(2, *shape, device="meta")
    output = network.program.output
    try:
        (logits,) = network.on_meta().values(images, [output], _refuse_absurd)
    except StudentSearchError:
        raise
    except Exception as exc:  # operators document no error type
        first = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise InvalidCheckpoint(f"The student's tensors do not suit its program: {first}.") from exc
    if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) != 2:
        raise InvalidCheckpoint(
            f"The student's output '{output}' is not one row of logits for each image."
        )


def _refuse_absurd(name: str, value: object) -> None:
    if isinstance(value, Tensor) and value.numel() > MAX_ITEMS:
        raise InvalidCheckpoint(
            f"The student's call '{name}' gives {value.numel()} numbers; at most {MAX_ITEMS} are "
            "computed."
        )
