"""The harness of the rules: shrinks a network at random axes and compares every value with what
remains of the full network's.

Dropped indices of all tensors are zero in the full network, so that nothing of them arrives where
an axis is contracted. What normalises over a chosen axis is computed from fewer numbers: then only
shapes are compared.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from candidates.graph.axes import Leaf, Terms, leaves, resolved, size_of
from candidates.graph.choice import Choice, kept_indices, touches
from candidates.graph.follow import Axes, follow
from candidates.graph.narrow import for_any_batch, narrow
from candidates.graph.network import Network
from candidates.graph.program import Program
from candidates.graph.trace import BATCH_SIZE, trace
from candidates.graph.widths import AxisWidth, find_widths

IMAGE = (3, 8, 8)
NUM_IMAGES = 3


class Classifier(nn.Module):
    """What a function makes of layers and images [N, 3, 8, 8], and a linear layer on top."""

    def __init__(self, body: Callable[..., Tensor], **layers: nn.Module | Tensor) -> None:
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, nn.Parameter(layer) if isinstance(layer, Tensor) else layer)
        self.body = body
        self.head = nn.LazyLinear(4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(self, images))


def conv(inputs: int, outputs: int, kernel: int = 3, **settings: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, **settings)


def pooled(values: Tensor) -> Tensor:
    return values.mean((2, 3))


def tokens(values: Tensor) -> Tensor:
    """[N, C, H, W] to [N, H·W, C]."""
    return values.flatten(2).transpose(1, 2)


class Followed(NamedTuple):
    program: Program
    tensors: dict[str, Tensor]
    axes: Axes
    widths: list[AxisWidth]

    def sizes(self) -> dict[str, int]:
        return {width.name: width.axis.size for width in self.widths}

    def width(self, name: str) -> AxisWidth:
        return next(width for width in self.widths if width.name == name)

    def reasons(self, tensor: str) -> set[str | None]:
        return {leaf.fixed for term in self.axes.tensors[tensor] for leaf in leaves(term)}


def followed(module: nn.Module, shape: tuple[int, ...] = IMAGE) -> Followed:
    with torch.no_grad():
        module(torch.zeros(2, *shape))  # which tells a lazy layer its size
    program, tensors = trace(randomised(module), shape)
    axes = follow(program, tensors, (BATCH_SIZE, *shape))
    program, widths = for_any_batch(program, axes), find_widths(program, axes)
    axes.batch.size = NUM_IMAGES
    return Followed(program, tensors, axes, widths)


def randomised(module: nn.Module) -> nn.Module:
    """No parameter or statistic is 0 or 1, so that none is dropped unnoticed; eval mode."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.is_floating_point():
                tensor.normal_(0.1, 0.4)
    return module.eval()


def shrinks_exactly(module: nn.Module, shape: tuple[int, ...] = IMAGE, trials: int = 4) -> Followed:
    """Asserts that random choices of a network's widths leave of every value just what remains of
    it; the first choice keeps one index of each width.
    """
    found = followed(module, shape)
    generator = random.Random(0)
    assert found.widths, "nothing may shrink"
    for trial in range(trials):
        choice = _choice(found.widths, generator, smallest=trial == 0)
        _assert_rows_remain(found, shape, choice)
    _assert_rows_remain(found, shape, {})
    return found


def keeps_whole(module: nn.Module, shape: tuple[int, ...] = IMAGE) -> Followed:
    """Asserts that nothing of a network may shrink."""
    found = followed(module, shape)
    assert not found.widths
    _assert_rows_remain(found, shape, {})
    return found


def remaining(value: Tensor, terms: Terms, choice: Choice) -> Tensor:
    """The rows of a value that a choice keeps."""
    for dim, term in enumerate(terms):
        if touches(term, choice):
            value = value.index_select(dim, torch.tensor(kept_indices(term, choice)))
    return value


def all_values(network: Network, images: Tensor) -> dict[str, Any]:
    values: dict[str, Any] = {}
    with torch.no_grad():
        network.values(images, [network.program.output], values.__setitem__)
    return values


def _choice(widths: Iterable[AxisWidth], generator: random.Random, smallest: bool) -> Choice:
    choice: dict[Leaf, list[int]] = {}
    for width in widths:
        size = width.axis.size
        count = 1 if smallest else generator.randint(1, size)
        choice[width.axis] = sorted(generator.sample(range(size), count))
    return choice


def _assert_rows_remain(found: Followed, shape: tuple[int, ...], choice: Choice) -> None:
    program, tensors, axes, _ = found
    images = torch.randn(NUM_IMAGES, *shape, generator=torch.Generator().manual_seed(1))
    full = all_values(Network(program, _masked(tensors, axes, choice)).eval(), images)
    narrowed = all_values(narrow(program, tensors, axes, choice), images)
    only_shapes = any(
        touches(term, choice)
        for notes in axes.notes.values()
        for note, term in notes.items()
        if note.startswith("normalised")
    )
    assert narrowed.keys() == full.keys()
    for name, value in narrowed.items():
        if isinstance(value, Tensor):
            sizes = tuple(size_of(resolved(term)) for term in axes.value(name))
            assert sizes == full[name].shape, name
            wanted = remaining(full[name], axes.value(name), choice)
            assert value.shape == wanted.shape, name
            if not choice:
                assert torch.equal(value, wanted), name
            elif not only_shapes:
                torch.testing.assert_close(value, wanted, rtol=1e-4, atol=1e-5, msg=name)


def _masked(tensors: dict[str, Tensor], axes: Axes, choice: Choice) -> dict[str, Tensor]:
    result = {}
    for name, tensor in tensors.items():
        mask = torch.ones_like(tensor, dtype=torch.bool)
        for dim, term in enumerate(axes.tensors[name]):
            if touches(term, choice):
                kept = torch.zeros(size_of(term), dtype=torch.bool)
                kept[kept_indices(term, choice)] = True
                mask &= kept.reshape([-1] + [1] * (tensor.dim() - dim - 1))
        result[name] = tensor.detach() * mask
    return result
