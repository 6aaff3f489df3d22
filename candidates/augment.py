"""Augment: random shifts and mirroring of images, by an explicit generator."""

import torch
from torch import Tensor
from torch.nn import functional


def augmented(pixels: Tensor, translation: int, flip: bool, generator: torch.Generator) -> Tensor:
    """Shift every image [N, C, H, W] by up to `translation` pixels, zeros coming in from the
    border as in the paper, and mirror half of them if `flip` says so. The generator is a CPU's;
    the same draws are made on any device.
    """
    count, _, height, width = pixels.shape
    if flip:
        mirrored = (torch.rand(count, generator=generator) < 0.5).to(pixels.device)
        pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
    if not translation:
        return pixels
    padded = functional.pad(pixels, [translation] * 4)
    device = pixels.device
    shifts = torch.randint(2 * translation + 1, (2, count, 1), generator=generator).to(device)
    rows = (shifts[0] + torch.arange(height, device=device))[:, None, :, None]
    columns = (shifts[1] + torch.arange(width, device=device))[:, None, None, :]
    number = torch.arange(count, device=device)[:, None, None, None]
    channel = torch.arange(pixels.shape[1], device=device)[None, :, None, None]
    return padded[number, channel, rows, columns]


def seeded(*numbers: int) -> torch.Generator:
    """A generator seeded by the numbers, each in its place: (1, 0) differs from (0, 1)."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % 2**63
    return torch.Generator().manual_seed(seed)
