"""Files that pretend to be archives of images."""

import bz2
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.candidates.hostile import pickled

Make = Callable[[Path], bytes]
SIDE = 60_000


def image() -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "png")
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb_image() -> bytes:
    """A few bytes that are a picture of 3.6 thousand million pixels."""
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(2**20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tarred(entries: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in entries.items():
            head = tarfile.TarInfo(name)
            head.size = len(data)
            archive.addfile(head, io.BytesIO(data))
    return file.getvalue()


def links(_folder: Path) -> bytes:
    """To files of the system, and devices that never end, under names of images."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for number, (kind, target) in enumerate((
            (tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "/etc/passwd"),
            (tarfile.CHRTYPE, ""), (tarfile.FIFOTYPE, ""),
        )):  # fmt: skip
            head = tarfile.TarInfo(f"cat/{number}.png")
            head.type, head.linkname, head.devmajor, head.devminor = kind, target, 1, 5
            archive.addfile(head)
    return file.getvalue()


def climbing_tar(folder: Path) -> bytes:
    names = (f"{folder}/marker", "../../../../marker", "a/../../marker.png", "/etc/marker.png")
    return tarred(dict.fromkeys(names, image()))


def climbing_zip(folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in (f"{folder}/marker", "../../../../marker.png", "..\\..\\marker.png"):
            archive.writestr(name, image())
    return file.getvalue()


def zip_bomb(_folder: Path) -> bytes:
    """Each entry a thousand times as large inside, and none an image."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"cat/{number}.png", bytes(100 * 2**20))
    return file.getvalue()


def tar_header_bomb(_folder: Path) -> bytes:
    """A header of further headers that claims a million million bytes."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, 10**12
    return head.tobuf(tarfile.GNU_FORMAT) + bytes(2**20)


def long_name_bomb(_folder: Path) -> bytes:
    """A name of 1 GiB, compressed."""
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 2**30
    return bz2.compress(head.tobuf(tarfile.GNU_FORMAT)) + 2**6 * bz2.compress(b"x" * 2**24)


def picture_bombs(_folder: Path) -> bytes:
    return tarred({"cat/1.png": bomb_image(), "dog/1.png": bomb_image()})


def pickled_cifar(folder: Path) -> bytes:
    name = "cifar-10-batches-py"
    return tarred({f"{name}/data_batch_1": pickled(folder / "marker")})


def pickle_of_images(folder: Path) -> bytes:
    return pickled(folder / "marker")


def no_images(_folder: Path) -> bytes:
    return tarred({"cat/1.png": b"<script>", "dog/1.svg": b"<svg onload='x'/>"})


MAKERS: tuple[Make, ...] = (
    links, climbing_tar, climbing_zip, zip_bomb, tar_header_bomb, long_name_bomb, picture_bombs,
    pickled_cifar, pickle_of_images, no_images,
)  # fmt: skip
