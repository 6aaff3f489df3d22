"""Foreign: from files of others to checkpoints; called in a sandbox only."""

from collections.abc import Sequence
from pathlib import Path

from candidates.assembly import with_program
from candidates.checkpoint import Checkpoint
from candidates.images import ingest
from candidates.sources.exported import program_of
from candidates.sources.state_dicts import read_state_dict
from candidates.tensors import checkpoint_of


def exported(path: str, shape: Sequence[int]) -> Checkpoint:
    """A `.pt2` file's tensors, and in the metadata its program, for images of a shape [C, H, W]."""
    traced = program_of(Path(path), tuple(shape))
    return with_program(checkpoint_of(traced.tensors), traced.program)


def images(path: str) -> Checkpoint:
    """The data set in an archive or a folder of images."""
    return ingest(Path(path)).checkpoint()


def state_dict(path: str) -> Checkpoint:
    """The tensors of a `.pth` or `.pt` state dict."""
    return checkpoint_of(read_state_dict(Path(path)))
