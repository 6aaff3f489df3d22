"""Data: labelled images from a folder, an archive or CIFAR-10, split for honest measurement."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidDataset
from candidates.recipe import Preprocessing
from candidates.tensors import checkpoint_of, from_torch, shared_with

SPLITS = ("calibration", "scoring", "reporting")
CALIBRATION_SHARE = 0.6
"""Of a source without a train and a test folder; the rest is halved."""


@dataclass(frozen=True)
class ImageSet:
    """`images` are uint8 [N, C, H, W], `labels` int64 [N] into `classes`."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: Tensor) -> "ImageSet":
        """The images at `index`, in that order."""
        return ImageSet(self.images[index], self.labels[index], self.classes)

    def digest(self) -> str:
        """SHA-256 of the pixels and their shape; labels and classes do not count."""
        return Checkpoint({"images": from_torch(self.images)}).digest(["images"])

    def sample(self, count: int, seed: int) -> "ImageSet":
        """`count` images (all, if there are fewer) drawn without replacement, in random order."""
        generator = torch.Generator().manual_seed(seed)
        return self.take(torch.randperm(len(self), generator=generator)[:count])


@dataclass(frozen=True)
class Dataset:
    """Three disjoint sets: to learn from, to score candidates on, to report students on."""

    calibration: ImageSet
    scoring: ImageSet
    reporting: ImageSet

    def checkpoint(self) -> Checkpoint:
        """All three as one file."""
        tensors: dict[str, Tensor] = {}
        for name in SPLITS:
            part: ImageSet = getattr(self, name)
            tensors |= {f"{name}.images": part.images, f"{name}.labels": part.labels}
        metadata = {"classes": json.dumps(self.calibration.classes)}
        return checkpoint_of(tensors, metadata)

    def save(self, path: Path) -> None:
        """Write all three as one safetensors file."""
        path.write_bytes(self.checkpoint().to_bytes())

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        """Map what `save` wrote into memory: only images that are used are read."""
        return cls.of(Checkpoint.mapped(path))

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Dataset":
        """What `checkpoint` gave."""
        classes = tuple(json.loads(checkpoint.metadata["classes"]))
        state = {name: shared_with(tensor) for name, tensor in checkpoint.tensors.items()}
        return cls(*(ImageSet(state[f"{n}.images"], state[f"{n}.labels"], classes) for n in SPLITS))


def normalised(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """uint8 images [N, C, H, W] as the network expects them, float32."""
    mean = 255 * torch.tensor(preprocessing.mean, device=images.device).reshape(-1, 1, 1)
    std = 255 * torch.tensor(preprocessing.std, device=images.device).reshape(-1, 1, 1)
    return (images - mean) / std


def divide(sources: Mapping[str, ImageSet]) -> Dataset:
    """Calibration from `train`, scoring and reporting one half each of `test`.

    A source with one set only ("all") gives all three. What is divided here is ordered by the
    digest of its pixels: the same image never stands on both sides, and a repeated ingest divides
    in the same way. Images that a source has in `train` and in `test` are left where they are.
    Raises InvalidDataset when a part would be empty.
    """
    if "all" in sources:
        rest = CALIBRATION_SHARE + (1 - CALIBRATION_SHARE) / 2
        parts = _by_content(sources["all"], (CALIBRATION_SHARE, rest))
    else:
        parts = [sources["train"], *_by_content(sources["test"], (0.5,))]
    for name, part in zip(SPLITS, parts, strict=True):
        if len(part) == 0:
            raise InvalidDataset(f"The source has too few different images: none left for {name}.")
    return Dataset(*parts)


def _by_content(images: ImageSet, borders: tuple[float, ...]) -> list[ImageSet]:
    digests = [hashlib.sha256(image.numpy().tobytes()).digest() for image in images.images]
    place = {digest: rank for rank, digest in enumerate(sorted(set(digests)))}
    ranks = torch.tensor([place[digest] for digest in digests])
    cuts = [0, *(round(border * len(place)) for border in borders), len(place)]
    return [
        images.take(torch.nonzero((ranks >= start) & (ranks < end)).flatten())
        for start, end in pairwise(cuts)
    ]
