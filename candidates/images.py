"""Images: read a folder or an archive in ImageFolder layout, or torchvision's CIFAR-10 folder."""

import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

import numpy as np
import torch
from PIL import Image

from candidates.data import Dataset, ImageSet, divide
from candidates.errors import InvalidDataset

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
TEST_NAMES = {"test": "test", "val": "test", "valid": "test", "train": "train"}
CIFAR10_FOLDER = "cifar-10-batches-py"
MAX_FILE_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 16 * 2**30
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What reading a damaged archive raises, in one way or another."""
LAYOUT = "Expected <class>/<image> or train/<class>/<image> and test/<class>/<image>."


class _File(NamedTuple):
    path: PurePosixPath
    data: bytes


def ingest(source: Path) -> Dataset:
    """Read a source and divide it; InvalidDataset says what is wrong with it and where."""
    sources = read_source(source)
    if "all" not in sources and len(sources) < 2:
        raise InvalidDataset(f"{source.name} has only a {next(iter(sources))} folder. {LAYOUT}")
    return divide(sources)


def read_source(source: Path) -> dict[str, ImageSet]:
    """Image sets by name: "train" and "test", or "all" where the source is not divided.

    Archives are read as a stream and never unpacked to disk. All images must be of one size.
    """
    if source.name == CIFAR10_FOLDER or (source / CIFAR10_FOLDER).is_dir():
        return _read_cifar10(source)
    pixels: dict[str, list[np.ndarray]] = {}
    labels: dict[str, list[str]] = {}
    total, first = 0, None
    for file in _files(source):
        values = _decode(file)
        first = first or (file.path, values.shape[1:])
        if values.shape[1:] != first[1]:
            raise InvalidDataset(
                f"Images differ in size: {file.path} is {values.shape[1:]}, {first[0]} is "
                f"{first[1]} (height, width). Resize them to one size first."
            )
        total += values.nbytes
        if total > MAX_TOTAL_BYTES:
            raise InvalidDataset(f"The images take more than {MAX_TOTAL_BYTES >> 30} GiB decoded.")
        part = _part_of(file.path)
        pixels.setdefault(part, []).append(values)
        labels.setdefault(part, []).append(_readable(file.path.parent.name))
    return _image_sets(source, pixels, labels)


def _image_sets(
    source: Path, pixels: dict[str, list[np.ndarray]], labels: dict[str, list[str]]
) -> dict[str, ImageSet]:
    if not pixels:
        raise InvalidDataset(f"{source.name} holds no images. {LAYOUT}")
    classes = tuple(sorted({label for names in labels.values() for label in names}))
    if len(classes) < 2:
        raise InvalidDataset(f"{source.name} holds only the class '{classes[0]}'. {LAYOUT}")
    if "all" in pixels and len(pixels) > 1:
        raise InvalidDataset(f"{source.name} holds images outside train/ and test/. {LAYOUT}")
    colour = max(values.shape[0] for part in pixels.values() for values in part)
    index = {name: number for number, name in enumerate(classes)}
    return {
        part: ImageSet(
            torch.from_numpy(np.stack([_in_channels(values, colour) for values in pixels[part]])),
            torch.tensor([index[name] for name in labels[part]]),
            classes,
        )
        for part in pixels
    }


def _in_channels(values: np.ndarray, channels: int) -> np.ndarray:
    return values if values.shape[0] == channels else np.repeat(values, channels, axis=0)


def _readable(name: str) -> str:
    """Bytes of a folder's name that are no UTF-8 become question marks."""
    return name.encode(errors="replace").decode()


def _part_of(path: PurePosixPath) -> str:
    if len(path.parts) < 2:
        raise InvalidDataset(f"{path} lies in no class folder. {LAYOUT}")
    return TEST_NAMES.get(path.parts[-3].lower(), "all") if len(path.parts) > 2 else "all"


def _decode(file: _File) -> np.ndarray:
    """Pixels uint8 [C, H, W]; one channel for grey images, three for all others."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(file.data))
            grey = image.mode in ("1", "L")
            if image.mode == "I;16":  # Pillow would cut values above 255 off
                return (np.array(image) >> 8).astype(np.uint8)[None]
            values = np.array(image.convert("L" if grey else "RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as exc:
        raise InvalidDataset(f"{file.path} is not a readable image: {exc}.") from exc
    return values[None] if grey else np.ascontiguousarray(values.transpose(2, 0, 1))


def _files(source: Path) -> Iterator[_File]:
    if source.is_dir():
        yield from _folder(source)
    elif not source.is_file():
        raise InvalidDataset(f"There is no file or folder {source.name}.")
    elif zipfile.is_zipfile(source):
        yield from _zip(source)
    else:
        yield from _tar(source)


def _folder(source: Path) -> Iterator[_File]:
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield _File(PurePosixPath(path.relative_to(source)), path.read_bytes())


def _zip(source: Path) -> Iterator[_File]:
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist():
                path = PurePosixPath(entry.filename)
                if path.suffix.lower() in SUFFIXES and not entry.is_dir():
                    _check_size(path, entry.file_size)
                    yield _File(path, archive.read(entry))
    except DAMAGE as exc:
        raise InvalidDataset(f"{source.name} is damaged: {exc}.") from exc


def _tar(source: Path) -> Iterator[_File]:
    try:
        with tarfile.open(source, "r:*", tarinfo=_Header) as archive:
            for entry in archive:
                path = PurePosixPath(entry.name)
                content = archive.extractfile(entry) if entry.isreg() else None
                if path.suffix.lower() in SUFFIXES and content is not None:
                    _check_size(path, entry.size)
                    yield _File(path, content.read())
    except DAMAGE as exc:
        raise InvalidDataset(
            f"{source.name} is neither a zip nor a complete tar archive: {exc}."
        ) from exc


class _Header(tarfile.TarInfo):
    """An entry's header; where it is damaged or cut short, tarfile would see a regular end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as exc:
            if buf == bytes(tarfile.BLOCKSIZE):
                raise  # this is how a complete archive ends
            raise tarfile.ReadError(str(exc)) from exc


def _check_size(path: PurePosixPath, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise InvalidDataset(f"{path} takes {size} bytes; at most {MAX_FILE_BYTES} are read.")


def _read_cifar10(source: Path) -> dict[str, ImageSet]:
    """Through torchvision, which compares every file with its known MD5 before opening it."""
    from candidates.sources.vision import datasets  # heavy, and only this layout needs it

    root = source.parent if source.name == CIFAR10_FOLDER else source
    result = {}
    for name, train in (("train", True), ("test", False)):
        try:
            part = datasets.CIFAR10(root, train=train, download=False)
        except RuntimeError as exc:
            raise InvalidDataset(
                f"{source.name} is not the complete CIFAR-10 as torchvision downloads it: {exc}."
            ) from exc
        pixels = torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous()
        result[name] = ImageSet(pixels, torch.tensor(part.targets), tuple(part.classes))
    return result
