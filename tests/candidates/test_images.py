import gzip
import lzma
import os
import pickle
import random
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from candidates.data import Dataset
from candidates.errors import InvalidDataset
from candidates.images import CIFAR10_FOLDER, ingest, read_source
from tests.candidates.pictures import (
    divided,
    files,
    picture,
    write_folder,
    write_tar,
    write_zip,
)

KINDS = {
    "folder": lambda path, content: write_folder(path / "images", content),
    "images.zip": lambda path, content: write_zip(path / "images.zip", content),
    "images.tar": lambda path, content: write_tar(path / "images.tar", content),
    "images.tar.gz": lambda path, content: write_tar(path / "images.tar.gz", content, "gz"),
    "images.tar.xz": lambda path, content: write_tar(path / "images.tar.xz", content, "xz"),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def refusal(source: Path) -> str:
    with pytest.raises(InvalidDataset) as caught:
        ingest(source)
    assert str(caught.value).endswith((".", ">"))
    return str(caught.value)


def same(left: Dataset, right: Dataset) -> bool:
    def sides(dataset: Dataset) -> list[set[tuple[bytes, int]]]:
        return [
            {(i.numpy().tobytes(), int(n)) for i, n in zip(p.images, p.labels, strict=True)}
            for p in vars(dataset).values()
        ]

    return sides(left) == sides(right)


@kinds
@pytest.mark.parametrize("content", [files(), divided()], ids=["one", "divided"])
def test_folders_and_archives_of_all_kinds_give_the_same(
    kind: str, content: dict[str, bytes], tmp_path: Path
) -> None:
    assert same(
        ingest(KINDS[kind](tmp_path, content)),
        ingest(write_folder(tmp_path / "plain", content)),
    )


@kinds
def test_pixels_labels_and_classes_are_those_of_the_files(kind: str, tmp_path: Path) -> None:
    images = read_source(KINDS[kind](tmp_path, files(6)))["all"]
    assert images.classes == ("cat", "dog")
    assert images.images.shape == (6, 1, 8, 8)
    found = {
        image.numpy().tobytes(): int(label)
        for image, label in zip(images.images, images.labels, strict=True)
    }
    for number in range(6):
        pixels = np.array(Image.open(BytesIO(picture(number))))
        assert found[pixels.tobytes()] == number % 2


def test_one_folder_is_divided_in_60_20_and_20_percent(tmp_path: Path) -> None:
    dataset = ingest(write_zip(tmp_path / "images.zip", files(20)))
    assert [len(part) for part in vars(dataset).values()] == [12, 4, 4]


@pytest.mark.parametrize("name", ["test", "val", "valid", "Test"])
def test_a_test_folder_goes_by_several_names(name: str, tmp_path: Path) -> None:
    content = {**files(6, "train/"), **files(4, f"{name}/", 10)}
    dataset = ingest(write_folder(tmp_path / "images", content))
    assert [len(part) for part in vars(dataset).values()] == [6, 2, 2]


def test_a_folder_around_everything_does_not_matter(tmp_path: Path) -> None:
    content = {f"wrapped/in/{name}": data for name, data in divided().items()}
    assert same(
        ingest(write_zip(tmp_path / "images.zip", content)),
        ingest(write_folder(tmp_path / "images", divided())),
    )


def test_files_that_are_no_images_are_passed_over(tmp_path: Path) -> None:
    content = {**files(), "README.md": b"hello", "cat/Thumbs.db": b"x", "notes/a.txt": b"y"}
    assert len(read_source(write_zip(tmp_path / "images.zip", content))["all"]) == 20


def test_grey_images_among_coloured_ones_get_three_equal_channels(tmp_path: Path) -> None:
    content = {"cat/grey.png": picture(0), "dog/colour.png": picture(1, mode="RGB")}
    images = read_source(write_folder(tmp_path / "images", content))["all"].images
    assert images.shape == (2, 3, 8, 8)
    assert torch.equal(images[0, 0], images[0, 1])
    assert torch.equal(images[0, 0], images[0, 2])


def test_transparency_is_left_out(tmp_path: Path) -> None:
    content = {"cat/a.png": picture(0, mode="RGBA"), "dog/b.png": picture(1, mode="RGB")}
    images = read_source(write_folder(tmp_path / "images", content))["all"].images
    assert images.shape == (2, 3, 8, 8)


def test_grey_images_of_16_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    file = BytesIO()
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    Image.fromarray(values).save(file, "png")
    content = {"cat/a.png": file.getvalue(), "dog/b.png": picture(1)}
    images = read_source(write_folder(tmp_path / "images", content))["all"].images
    assert torch.equal(images[0, 0], torch.from_numpy((values >> 8).astype(np.uint8)))


def test_images_of_different_sizes_are_refused_with_both_named(tmp_path: Path) -> None:
    content = {"cat/a.png": picture(0), "dog/b.png": picture(1, (9, 8))}
    sentence = refusal(write_zip(tmp_path / "images.zip", content))
    assert "dog/b.png is (9, 8), cat/a.png is (8, 8)" in sentence


def test_an_image_without_a_class_folder_is_named(tmp_path: Path) -> None:
    sentence = refusal(write_folder(tmp_path / "images", {"a.png": picture(0)}))
    assert sentence.startswith("a.png lies in no class folder")


@kinds
def test_a_source_without_images_is_refused(kind: str, tmp_path: Path) -> None:
    assert "holds no images" in refusal(KINDS[kind](tmp_path, {"README.md": b"hello"}))


def test_an_empty_folder_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert "holds no images" in refusal(tmp_path / "folder")
    assert "neither a zip nor a complete tar" in refusal(tmp_path / "file")


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.zip") == "There is no file or folder missing.zip."


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    content = {f"cat/{number}.png": picture(number) for number in range(10)}
    assert "holds only the class 'cat'" in refusal(write_folder(tmp_path / "images", content))


def test_only_a_training_folder_is_refused(tmp_path: Path) -> None:
    sentence = refusal(write_folder(tmp_path / "images", files(10, "train/")))
    assert "has only a train folder" in sentence


def test_images_outside_train_and_test_are_refused(tmp_path: Path) -> None:
    content = {**divided(), **files(4, "more/", 90)}
    assert "outside train/ and test/" in refusal(write_folder(tmp_path / "images", content))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
def test_an_archive_cut_short_is_refused(kind: str, share: float, tmp_path: Path) -> None:
    source = KINDS[kind](tmp_path, files(40))
    data = source.read_bytes()
    source.write_bytes(data[: int(share * len(data))])
    refusal(source)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_damaged_archive_is_read_or_refused(kind: str, seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    source = KINDS[kind](tmp_path, files(10))
    data = bytearray(source.read_bytes())
    for _ in range(draw.choice([1, 20])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    source.write_bytes(data)
    try:
        ingest(source)
    except InvalidDataset as exc:
        str(exc).encode()


@pytest.mark.parametrize("suffix", ["png", "jpeg", "bmp", "webp"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_damaged_image_is_read_or_refused(suffix: str, seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    data = bytearray(picture(0, mode="RGB", suffix=suffix))
    for _ in range(draw.choice([1, 5])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    if draw.random() < 0.3:
        del data[draw.randrange(len(data)) :]
    content = {f"cat/a.{suffix}": bytes(data), "dog/b.png": picture(1)}
    try:
        ingest(write_zip(tmp_path / "images.zip", content))
    except InvalidDataset as exc:
        str(exc).encode()


@pytest.mark.parametrize("compression", ["", "gz", "xz"])
def test_an_archive_with_a_damaged_header_in_the_middle_is_no_shorter_archive(
    compression: str, tmp_path: Path
) -> None:
    plain = write_tar(tmp_path / "plain.tar", files(20)).read_bytes()
    middle = plain.index(b"cat/10.png")
    damaged = plain[:middle] + b"?" + plain[middle + 1 :]
    pack = {"": bytes, "gz": gzip.compress, "xz": lzma.compress}[compression]
    (tmp_path / "images.tar").write_bytes(pack(damaged))
    assert "complete tar archive" in refusal(tmp_path / "images.tar")


def test_a_picture_that_is_no_picture_is_named(tmp_path: Path) -> None:
    content = {**files(), "cat/broken.png": b"<html>404</html>"}
    sentence = refusal(write_folder(tmp_path / "images", content))
    assert sentence.startswith("cat/broken.png is not a readable image")


def test_a_picture_that_claims_to_be_enormous_is_not_decoded(tmp_path: Path) -> None:
    data = bytearray(picture(0))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    content = {"cat/bomb.png": bytes(data), "dog/b.png": picture(1)}
    assert "cat/bomb.png" in refusal(write_zip(tmp_path / "images.zip", content))


@pytest.mark.parametrize("write", [write_zip, write_tar], ids=["zip", "tar"])
def test_names_that_climb_out_of_the_archive_write_nothing(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    content = {
        **files(20), "../../evil/a.png": picture(70), f"{tmp_path}/evil/b.png": picture(71),
    }  # fmt: skip
    inner = tmp_path / "one" / "two"
    inner.mkdir(parents=True)
    source = write(inner / "archive", content)
    before = sorted(tmp_path.rglob("*"))
    assert "evil" in read_source(source)["all"].classes
    assert sorted(tmp_path.rglob("*")) == before


class SideEffect:
    """A pickle of this makes a folder when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("inside", [True, False])
def test_a_changed_cifar_folder_is_refused_without_being_unpickled(
    inside: bool, tmp_path: Path
) -> None:
    trap, folder = tmp_path / "sprung", tmp_path / "sets" / CIFAR10_FOLDER
    folder.mkdir(parents=True)
    names = [f"data_batch_{number}" for number in range(1, 6)]
    for name in [*names, "test_batch", "batches.meta"]:
        (folder / name).write_bytes(pickle.dumps(SideEffect(trap)))
    sentence = refusal(folder if inside else folder.parent)
    assert "is not the complete CIFAR-10" in sentence
    assert not trap.exists()
    pickle.loads((folder / "test_batch").read_bytes())
    assert trap.exists(), "the trap itself must work"


def test_an_empty_cifar_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / CIFAR10_FOLDER).mkdir()
    assert "is not the complete CIFAR-10" in refusal(tmp_path)
