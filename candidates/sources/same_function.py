"""Same function: whether two networks of fixed batches compute the same, image by image."""

import zlib
from collections.abc import Mapping

import torch
from torch import Tensor

from candidates.graph.network import Network
from candidates.graph.program import Program

TOLERANCE = 1e-3
"""Of the largest output: rounding differs between batches."""


def compute_the_same(
    one: tuple[Program, Mapping[str, Tensor], int],
    other: tuple[Program, Mapping[str, Tensor], int],
    shape: tuple[int, ...],
) -> bool:
    """Whether two programs, each with its tensors and its batch, give the same for random images.

    The second must also keep its images apart: another image in one place changes no bit of what
    it gives for the others.
    """
    first = Network(one[0], _wakened(one[1])).eval()
    second = Network(other[0], _wakened(other[1])).eval()
    batch = other[2]
    images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = second(images)
        if found.dim() < 2 or len(found) != batch or not torch.isfinite(found).all():
            return False
        index = torch.arange(-(-batch // one[2]) * one[2]) % batch
        wanted = torch.cat([first(images[each]) for each in index.split(one[2])])
        if wanted.shape[1:] != found.shape[1:] or len(wanted) != len(index):
            return False
        largest = (wanted - found[index]).abs().max()
        near = bool(largest <= TOLERANCE * found.abs().max())
        return near and _kept_apart(second, images, found)


def _kept_apart(network: Network, images: Tensor, found: Tensor) -> bool:
    changed = images.clone()
    place = len(images) // 2
    changed[place] = changed[place].flip(-1) * 2
    others = torch.arange(len(images)) != place
    return torch.equal(network(changed)[others], found[others])


def _wakened(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with noise instead of zeros, which would hide what they are multiplied by."""
    return {
        name: values if values.any() else _noise(name, values) for name, values in tensors.items()
    }


def _noise(name: str, like: Tensor) -> Tensor:
    if not like.is_floating_point():
        return like
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return (0.05 * torch.randn(like.shape, generator=generator)).to(like.dtype)
