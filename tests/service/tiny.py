"""The smallest real work: grey images of 8 × 8 in an archive, and a ResNet-20 for them."""

import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from candidates.recipe import LibraryRecipe, Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.tensors import checkpoint_of

CLASSES = ("even", "odd")
RECIPE = TeacherRecipe(
    architecture="cifar_resnet20",
    kwargs={"num_classes": 2, "in_channels": 1},
    input=(1, 8, 8),
    preprocessing=Preprocessing(mean=(0.5,), std=(0.25,)),
)
LIBRARY = LibraryRecipe(
    kinds={"width": {"multiplier": (0.5,)}},
    steps=0,
    batch_size=16,
    calibration_images=32,
    scoring_images=16,
)


def write_archive(path: Path, num_images: int = 100, sides: tuple[int, ...] = (8, 8)) -> None:
    """Random pixels [H, W], or [H, W, 3] for colours; half of the images belong to each class."""
    draw = np.random.default_rng(0)
    with tarfile.open(path, "w") as archive:
        for number in range(num_images):
            pixels = draw.integers(0, 256, sides, dtype=np.uint8)
            file = BytesIO()
            Image.fromarray(pixels).save(file, "png")
            entry = tarfile.TarInfo(f"{CLASSES[number % 2]}/{number}.png")
            entry.size = file.tell()
            file.seek(0)
            archive.addfile(entry, file)


def write_weights(path: Path) -> None:
    """An untrained network's."""
    torch.manual_seed(0)
    path.write_bytes(checkpoint_of(build(RECIPE).state_dict()).to_bytes())
