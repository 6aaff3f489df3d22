"""Digits: the image set that ships with scikit-learn, as an archive like any user's."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SIDE = 16
NUM_TRAIN = 1000
BRIGHTEST = 16  # the set counts ink in 4×4 cells: 0 … 16


def write_archive(path: Path, seed: int = 0) -> None:
    """Write all 1797 digits, enlarged to 16×16 grey PNGs, as train/ and test/ class folders."""
    bunch = load_digits()
    order = np.random.default_rng(seed).permutation(len(bunch.images))
    with zipfile.ZipFile(path, "w") as archive:
        for place, index in enumerate(order):
            part = "train" if place < NUM_TRAIN else "test"
            name = f"{part}/{bunch.target[index]}/{index:04}.png"
            archive.writestr(name, _png(bunch.images[index]))


def _png(ink: np.ndarray) -> bytes:
    pixels = (ink * (255 / BRIGHTEST)).round().astype(np.uint8)
    image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
