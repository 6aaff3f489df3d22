"""Student: rebuild the network from its file alone, and write it back after training."""

from pathlib import Path

import torch
from torch import nn

from candidates.architectures import build
from candidates.assembly import METADATA_KEY, Description
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint
from candidates.narrow import resize
from candidates.teacher import check_fit
from candidates.tensors import checkpoint_of, state_of


def load_student(path: Path | str) -> nn.Module:
    """A trainable network in eval mode, from a student's file.

    Raises InvalidCheckpoint, naming what does not fit, and InvalidRecipe.
    """
    return build_student(Checkpoint.read(Path(path)))


def build_student(checkpoint: Checkpoint) -> nn.Module:
    """Like `load_student`, from a checkpoint in memory."""
    description = Description.of(checkpoint)
    with torch.device("meta"):
        network = build(description.recipe)
        try:
            resize(network, description.widths)
            network.eval()(torch.zeros(1, *description.recipe.input))
        except (AttributeError, IndexError, OverflowError, RuntimeError) as exc:
            raise InvalidCheckpoint(
                f"The student's widths do not suit '{description.recipe.architecture}': {exc}."
            ) from exc
    check_fit(network.state_dict(), checkpoint)
    network.load_state_dict(state_of(checkpoint), assign=True)
    return network.eval()


def student_checkpoint(network: nn.Module, description: Description) -> Checkpoint:
    """The file of a student whose weights changed but not its widths."""
    return checkpoint_of(network.state_dict(), {METADATA_KEY: description.model_dump_json()})
