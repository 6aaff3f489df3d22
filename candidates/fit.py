"""Fit: whether weights suit the architecture that they were posted for."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from candidates.checkpoint import Checkpoint
from candidates.checkpoint import Tensor as FileTensor
from candidates.errors import InvalidCheckpoint
from candidates.recipe import TeacherRecipe
from candidates.tensors import NAMES, state_of

Build = Callable[[TeacherRecipe], nn.Module]


def load_weights(build: Build, recipe: TeacherRecipe, checkpoint: Checkpoint) -> nn.Module:
    """The recipe's network with the checkpoint's weights, in eval mode.

    Raises InvalidCheckpoint naming the first key that is missing, unknown, of another shape or
    dtype, or not finite.
    """
    network = build(recipe)
    check_weights(network.state_dict(), checkpoint)
    network.load_state_dict(state_of(checkpoint))
    return network.eval()


def check_weights(expected: Mapping[str, Tensor], checkpoint: Checkpoint) -> None:
    """Raises InvalidCheckpoint naming the first key that does not fit `expected`."""
    for name, wanted in expected.items():
        _check_tensor(name, wanted, checkpoint.tensors.get(name))
    for name in checkpoint.tensors:
        if name not in expected:
            raise InvalidCheckpoint(f"Key '{name}' does not belong to this architecture.")
    for name, values in state_of(checkpoint).items():
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise InvalidCheckpoint(f"Key '{name}' holds NaN or Inf.")


def _check_tensor(name: str, wanted: Tensor, found: FileTensor | None) -> None:
    shape, dtype = list(wanted.shape), NAMES[wanted.dtype]
    if found is None:
        raise InvalidCheckpoint(f"Key '{name}' is missing; its shape should be {shape}.")
    if list(found.shape) != shape:
        raise InvalidCheckpoint(
            f"Key '{name}' has shape {list(found.shape)}; it should be {shape}."
        )
    if found.dtype != dtype:
        raise InvalidCheckpoint(f"Key '{name}' has dtype {found.dtype}; it should be {dtype}.")
