"""Image sources of every kind, with random pixels."""

import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

Files = dict[str, bytes]


def picture(
    seed: int, size: tuple[int, int] = (8, 8), mode: str = "L", suffix: str = "png"
) -> bytes:
    """`size` is height, width."""
    shape = size if mode == "L" else (*size, len(mode))
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, suffix)
    return file.getvalue()


def files(count: int = 20, prefix: str = "", start: int = 0) -> Files:
    """Images of two classes in turn."""
    return {
        f"{prefix}{('cat', 'dog')[number % 2]}/{number}.png": picture(number)
        for number in range(start, start + count)
    }


def divided() -> Files:
    return {**files(12, "train/"), **files(8, "test/", 50)}


def write_folder(path: Path, content: Files) -> Path:
    for name, data in content.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return path


def write_zip(path: Path, content: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, content: Files, compression: str = "") -> Path:
    with tarfile.open(path, f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, BytesIO(data))
    return path
