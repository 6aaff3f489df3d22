"""Fit: whether weights suit the architecture that they were posted for."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from candidates.checkpoint import Checkpoint
from candidates.checkpoint import Tensor as FileTensor
from candidates.errors import InvalidCheckpoint
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import ARCHITECTURES
from candidates.sources.likeness import Build, advice
from candidates.tensors import NAMES, state_of


def load_weights(build: Build, recipe: TeacherRecipe, checkpoint: Checkpoint) -> nn.Module:
    """The recipe's network with the checkpoint's weights, in eval mode.

    Raises InvalidCheckpoint naming the first key that is missing, unknown, of another shape or
    dtype, or not finite, and the architecture that the file looks like. Weights of heads that only
    help training are left out.
    """
    network = build(recipe)
    used = _without_auxiliary(checkpoint, recipe)
    try:
        check_weights(network.state_dict(), used)
    except InvalidCheckpoint as exc:
        shapes = {name: tuple(tensor.shape) for name, tensor in used.tensors.items()}
        raise InvalidCheckpoint(f"{exc} {advice(build, recipe, shapes)}".rstrip()) from exc
    network.load_state_dict(state_of(used))
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


def _without_auxiliary(checkpoint: Checkpoint, recipe: TeacherRecipe) -> Checkpoint:
    architecture = ARCHITECTURES.get(recipe.architecture or "")
    prefixes = architecture.auxiliary if architecture else ()
    kept = {
        name: tensor for name, tensor in checkpoint.tensors.items() if not name.startswith(prefixes)
    }
    return replace(checkpoint, tensors=kept)


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
