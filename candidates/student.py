"""Student: rebuild the network from its file alone, and write it back after training."""

from pathlib import Path

import torch

from candidates.assembly import Description, description_of, program_of, with_program
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint
from candidates.network import Network
from candidates.teacher import check_fit
from candidates.tensors import checkpoint_of, state_of


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
    on_meta = Network(program, {name: each.to("meta") for name, each in tensors.items()}).eval()
    try:
        on_meta(torch.empty(2, *description.recipe.input, device="meta"))
    except (RuntimeError, TypeError, ValueError, IndexError) as exc:
        raise InvalidCheckpoint(
            f"The student's tensors do not suit its program: {str(exc).splitlines()[0]}."
        ) from exc
    return Network(program, tensors).eval()


def student_checkpoint(network: Network, description: Description) -> Checkpoint:
    """The file of a student whose weights changed but not its widths."""
    return with_program(checkpoint_of(network.tensors()), network.program, description)
