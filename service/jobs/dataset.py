"""The unit that ingests a data set."""

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from candidates.data import Dataset
from candidates.progress import Progress
from candidates.sources.sandbox import read_images
from service.jobs.registry import Workplace
from service.ledger import Write
from service.records import DatasetContents, DatasetRecord
from service.repositories import datasets


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Read the images in a sandbox, keep them as one safetensors file. InvalidDataset."""
    progress(0, 1)
    with place.database.reading() as session:
        record = datasets.get(session, payload["dataset"])
    with place.artifacts.scratch() as path:
        found = read_images(_source(place, record, path.with_name("archive")))
        progress(1, 1)
        path.write_bytes(found.to_bytes())
        images = Dataset.of(found)
        file = place.artifacts.adopt(path)
    return partial(
        datasets.finish, dataset_id=record.id, sha256=file.sha256, contents=_contents(images)
    )


def _source(place: Workplace, record: DatasetRecord, link: Path) -> Path:
    """An upload is read through `link`, so that errors do not speak of a digest."""
    if record.source_sha256 is not None:
        link.symlink_to(place.artifacts.locate(record.source_sha256).absolute())
        return link
    assert record.source_uri is not None
    return Path(unquote(urlsplit(record.source_uri).path))


def _contents(images: Dataset) -> DatasetContents:
    channels, height, width = images.scoring.images.shape[1:]
    return DatasetContents(
        classes=images.scoring.classes,
        shape=(channels, height, width),
        num_calibration=len(images.calibration),
        num_scoring=len(images.scoring),
        num_reporting=len(images.reporting),
    )
