"""Linear call: a convolution or a linear layer of a program, seen as a matrix times rows.

A convolution is linear in its im2col rows: H is [rows, d] with d = C·kh·kw, channel-major, so
that channel q owns the columns q·kh·kw … (q + 1)·kh·kw − 1; a linear layer has d = C. Each group
of a grouped convolution has rows and a matrix of its own.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from candidates.graph.network import Network
from candidates.graph.operators import CONVOLUTIONS
from candidates.graph.program import Argument, Call
from candidates.graph.signature import CONVOLUTION, LINEAR, named, tensor_in, value_in

Pair = tuple[int, int]


class Window(NamedTuple):
    """Where a convolution looks; `padding` is what stands before and after, of height and width."""

    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair

    def counts(self, sides: Sequence[int], padded: bool) -> Pair:
        """At how many heights and widths it stands on an image with these sides."""
        margins = (0, 0) if padded else tuple(map(sum, self.padding))
        height, width = (
            (side + margin - spread * (size - 1) - 1) // step + 1
            for side, margin, spread, size, step in zip(
                sides, margins, self.dilation, self.kernel, self.stride, strict=True
            )
        )
        return height, width

    def columns(self, images: Tensor, places: Tensor) -> Tensor:
        """What it sees [N, p, C·kh·kw] of padded images [N, C, H, W] from places [N, p]."""
        sides = images.shape[2:]
        across = self.counts(sides, padded=True)[1]
        first = places // across * self.stride[0] * sides[1] + places % across * self.stride[1]
        down, right = (
            torch.arange(size) * spread
            for size, spread in zip(self.kernel, self.dilation, strict=True)
        )
        taps = (down.unsqueeze(1) * sides[1] + right).flatten()
        index = (first.unsqueeze(2) + taps).flatten(1).unsqueeze(1)
        found = images.flatten(2).gather(2, index.expand(-1, images.shape[1], -1))
        rows: Tensor = found.unflatten(2, (-1, len(taps))).transpose(1, 2)
        return rows.flatten(2)


@dataclass(frozen=True)
class LinearCall:
    """The call `name` on the value `source`; `window` is None for a linear layer.

    `weight` and `bias` name its tensors. Inputs are [N, C, (H,) W] for a convolution and [..., C]
    for a linear layer.
    """

    name: str
    source: str
    weight: str
    bias: str | None
    groups: int = 1
    window: Window | None = None

    @classmethod
    def of(cls, call: Call, tensors: Mapping[str, Tensor]) -> "LinearCall | None":
        """None for any other operator, and where the weight is computed from other values."""
        is_linear = call.operator == "linear.default"
        if not is_linear and call.operator not in CONVOLUTIONS:
            return None
        given = named(call, LINEAR if is_linear else CONVOLUTION)
        source, weight = value_in(given["input"]), tensor_in(given["weight"])
        bias = given.get("bias")
        if source is None or weight is None or (bias is not None and tensor_in(bias) is None):
            return None
        groups = given.get("groups", 1)
        assert isinstance(groups, int)
        window = None if is_linear else _window(given, tensors[weight])
        return cls(call.name, source, weight, tensor_in(bias), groups, window)

    @property
    def num_taps(self) -> int:
        """How many columns an input channel owns."""
        return 1 if self.window is None else self.window.kernel[0] * self.window.kernel[1]

    @property
    def channel(self) -> int:
        """The dimension of its output that holds the channels."""
        return -1 if self.window is None else 1

    def rows(self, inputs: Tensor, places: Tensor | None = None) -> Tensor:
        """The rows [groups, N·positions, d] in which the call is linear, image by image; with
        `places` [N, p] those of some positions of every image alone.
        """
        if self.window is None:
            return at_places(inputs, places).reshape(1, -1, inputs.shape[-1])
        kernel, stride, (height, width), dilation = self.window
        images = inputs.unsqueeze(2) if inputs.dim() == 3 else inputs
        if any((*height, *width)):
            images = functional.pad(images, (*width, *height))
        if places is not None:
            return self._by_group(self.window.columns(images, places))
        columns = functional.unfold(images, kernel, dilation, 0, stride)
        return self._by_group(columns.transpose(1, 2))

    def num_places(self, inputs: Tensor) -> int:
        """How many rows an image has."""
        if self.window is None:
            return inputs[0, ..., 0].numel()
        sides = (1, *inputs.shape[2:])[-2:]
        return math.prod(self.window.counts(sides, padded=False))

    def points(self, inputs: Tensor, places: Tensor | None = None) -> Tensor:
        """The input's channels at every position, [groups, N·positions, C / groups]."""
        return self._by_group(at_places(self.channels_last(inputs), places))

    def outputs(self, values: Tensor, places: Tensor | None = None) -> Tensor:
        """Values of the output's shape, [groups, rows, o / groups], row by row as in `rows`."""
        return self._by_group(at_places(self.channels_last(values), places))

    def channels_last(self, values: Tensor) -> Tensor:
        """Values of the input's or output's shape with their channels moved to the end."""
        return values if self.window is None else values.movedim(1, -1)

    def _by_group(self, values: Tensor) -> Tensor:
        """[..., channels] to [groups, rows, channels / groups]."""
        rows = values.reshape(-1, self.groups, values.shape[-1] // self.groups)
        return rows.transpose(0, 1)


def at_places(values: Tensor, places: Tensor | None) -> Tensor:
    """Of values [N, …, C] those at some of the positions of every image [N, p, C]; None: all."""
    if places is None:
        return values
    flat = values.flatten(1, -2)
    return flat.gather(1, places.unsqueeze(2).expand(-1, -1, flat.shape[2]))


def linear_calls(network: Network, names: Collection[str]) -> list[LinearCall]:
    """The linear calls among those named, in the order in which they run.

    Those that share their weight with another call are left out: solving for one would spoil the
    other.
    """
    tensors = network.tensors()
    uses = Counter(name for call in network.program.calls for name in call.tensors())
    found = (LinearCall.of(call, tensors) for call in network.program.calls if call.name in names)
    return [call for call in found if call is not None and uses[call.weight] == 1]


def _window(given: Mapping[str, Argument], weight: Tensor) -> Window:
    sides = weight.dim() - 2
    kernel = _pair(tuple(weight.shape[2:]), sides, 1)
    stride, dilation = (_pair(given.get(name, 1), sides, 1) for name in ("stride", "dilation"))
    padding = given.get("padding", 0)
    if padding == "same":
        whole = [spread * (size - 1) for spread, size in zip(dilation, kernel, strict=True)]
        height, width = ((each // 2, each - each // 2) for each in whole)
    else:
        height, width = ((n, n) for n in _pair(0 if padding == "valid" else padding, sides, 0))
    return Window(kernel, stride, (height, width), dilation)


def _pair(argument: Argument, sides: int, neutral: int) -> Pair:
    """A setting of height and width; a convolution with one side has a height of one."""
    values = argument if isinstance(argument, tuple) else (argument,)
    numbers = [int(each) for each in values if isinstance(each, int)]
    first = numbers[0] if sides == 2 else neutral
    return first, numbers[-1]
