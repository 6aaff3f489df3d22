"""Narrow: take channels out of modules, keeping their names, types and attributes in step."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from candidates.assembly import Side
from candidates.candidate import Kept
from candidates.neighbourhood import Width

OUT_ATTRIBUTES = ("out_channels", "out_features", "num_features")
IN_ATTRIBUTES = ("in_channels", "in_features")


def shrink(network: nn.Module, widths: Sequence[Width], kept: Kept) -> None:
    """Keep, in place, the named channels of every width; widths not in `kept` stay whole."""
    for width in widths:
        if width.name not in kept:
            continue
        index = torch.tensor(kept[width.name])
        for module in (*width.producers, *width.carriers):
            keep_outputs(network.get_submodule(module), index)
        for module in width.consumers:
            keep_inputs(network.get_submodule(module), index)


def resize(network: nn.Module, widths: Mapping[str, Mapping[Side, int]]) -> None:
    """Give modules, in place, the channel counts of a student's description; values are lost.

    Raises AttributeError or IndexError where the network has no such module or fewer channels.
    """
    for name, counts in widths.items():
        module = network.get_submodule(name)
        if "out" in counts:
            keep_outputs(module, torch.arange(counts["out"]))
        if "in" in counts:
            keep_inputs(module, torch.arange(counts["in"]))


def keep_outputs(module: nn.Module, index: Tensor) -> None:
    """Keep the output channels `index`: dimension 0 of every parameter and buffer."""
    for name, values in _tensors(module).items():
        if values is not None and values.dim() > 0:
            _replace(module, name, values.index_select(0, index.to(values.device)))
    _set(module, OUT_ATTRIBUTES, len(index))


def keep_inputs(module: nn.Module, index: Tensor) -> None:
    """Keep the input channels `index` of a convolution or linear layer: dimension 1."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    _replace(module, "weight", weight.index_select(1, index.to(weight.device)))
    _set(module, IN_ATTRIBUTES, len(index))


def _tensors(module: nn.Module) -> dict[str, Tensor | None]:
    return {**module._parameters, **module._buffers}


def _replace(module: nn.Module, name: str, values: Tensor) -> None:
    if name in module._parameters:
        values = nn.Parameter(values.detach())
    setattr(module, name, values)


def _set(module: nn.Module, attributes: tuple[str, ...], count: int) -> None:
    for name in attributes:
        if hasattr(module, name):
            setattr(module, name, count)
