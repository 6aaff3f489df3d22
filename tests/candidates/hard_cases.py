"""Layers whose least squares are hard: strides, groups, dead channels, no variance, few rows."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.candidates.builders import randomised

Layers = tuple[nn.Module, ...]


class Excited(nn.Module):
    """Squeeze-and-excitation: every channel times a gate that reads all of them."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        gate = self.up(self.down(values.mean((2, 3), keepdim=True)).relu()).sigmoid()
        return values * gate


class Shifted(nn.Module):
    """Adds a constant that is large beside what varies."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = shift

    def forward(self, values: Tensor) -> Tensor:
        return values + self.shift


class Swapped(nn.Module):
    """The second half of the channels before the first, so that the groups behind must stay."""

    def forward(self, values: Tensor) -> Tensor:
        first, second = values.chunk(2, 1)
        return torch.cat([second, first], 1)


class Repeated(nn.Conv2d):
    """A convolution whose second half of channels repeats the first."""

    def reset_parameters(self) -> None:
        super().reset_parameters()
        for values in (self.weight, self.bias):
            assert values is not None
            values.data[len(values) // 2 :] = values.data[: len(values) // 2]


def dead(norm: nn.BatchNorm2d, *channels: int) -> nn.BatchNorm2d:
    """Whose channels give what a ReLU makes zero."""
    norm.weight.data[list(channels)] = 0
    norm.bias.data[list(channels)] = -1
    return norm


def constant(norm: nn.BatchNorm2d, *channels: int) -> nn.BatchNorm2d:
    """As if these channels had never varied."""
    assert norm.running_var is not None
    norm.running_var[list(channels)] = 0
    return norm


def silent_channels(conv: nn.Conv2d, *channels: int) -> nn.Conv2d:
    conv.weight.data[list(channels)] = 0
    return conv


def norm(channels: int) -> nn.BatchNorm2d:
    found = randomised(nn.BatchNorm2d(channels))
    assert isinstance(found, nn.BatchNorm2d)
    return found


CASES: dict[str, Callable[[], Layers]] = {
    "biases": lambda: (nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)),
    "no biases": lambda: (
        nn.Conv2d(1, 8, 3, bias=False), nn.ReLU(), nn.Conv2d(8, 4, 3, bias=False),
    ),
    "stride": lambda: (
        nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(8, 4, 3, stride=2, padding=1, bias=False), norm(4),
    ),
    "uneven stride, padding and dilation": lambda: (
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(),
        nn.Conv2d(6, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    ),
    "whole groups": lambda: (
        nn.Conv2d(1, 4, 1), nn.Sigmoid(), nn.Conv2d(4, 12, 3, groups=4), nn.ReLU(),
        nn.Conv2d(12, 4, 3, groups=4),
    ),
    "channels of groups": lambda: (
        nn.Conv2d(1, 4, 1), nn.Sigmoid(), nn.Conv2d(4, 12, 3, groups=2), Swapped(), nn.ReLU(),
        nn.Conv2d(12, 4, 3, groups=2),
    ),
    "groups left with one channel": lambda: (
        nn.Conv2d(1, 4, 1), nn.Sigmoid(), nn.Conv2d(4, 4, 3, groups=2), Swapped(), nn.ReLU(),
        nn.Conv2d(4, 4, 3, groups=2, bias=False), norm(4),
    ),
    "groups of one channel": lambda: (
        nn.Conv2d(1, 8, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8, bias=False), norm(8),
        nn.ReLU(), nn.Conv2d(8, 4, 1, bias=False), norm(4),
    ),
    "depthwise with a multiplier and stride": lambda: (
        nn.Conv2d(1, 5, 1), nn.ReLU(), nn.Conv2d(5, 10, 3, 2, 1, groups=5), nn.ReLU(),
        nn.Conv2d(10, 4, 1),
    ),
    "squeeze and excitation": lambda: (
        nn.Conv2d(1, 8, 3), nn.ReLU(), Excited(8, 4), nn.Conv2d(8, 4, 1, bias=False), norm(4),
    ),
    "repeated channels": lambda: (Repeated(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)),
    "fewer rows than columns": lambda: (
        nn.Conv2d(1, 40, 7), nn.ReLU(), nn.Conv2d(40, 4, 2, bias=False), norm(4),
    ),
    "dead channels": lambda: (
        nn.Conv2d(1, 8, 3), dead(norm(8), 1, 4), nn.ReLU(), nn.Conv2d(8, 4, 3),
    ),
    "all channels dead": lambda: (
        nn.Conv2d(1, 8, 3), dead(norm(8), *range(8)), nn.ReLU(), nn.Conv2d(8, 4, 3),
    ),
    "producers without variance": lambda: (
        silent_channels(nn.Conv2d(1, 8, 3, bias=False), 0, 5), constant(norm(8), 0, 5), nn.ReLU(),
        nn.Conv2d(8, 4, 3),
    ),
    "outputs without variance": lambda: (
        nn.Conv2d(1, 8, 3), nn.ReLU(), silent_channels(nn.Conv2d(8, 4, 3, bias=False), 2),
        constant(norm(4), 2),
    ),
    "outputs without gain": lambda: (
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, bias=False), dead(norm(4), 1),
    ),
    "large means": lambda: (
        nn.Conv2d(1, 8, 3), nn.ReLU(), norm(8), Shifted(30.0), nn.Conv2d(8, 4, 3),
    ),
    "linear": lambda: (nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 5)),
}  # fmt: skip
