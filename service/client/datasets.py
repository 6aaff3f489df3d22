"""Calls on data sets."""

from pathlib import Path
from typing import Any

from service.bodies.datasets import DatasetBody
from service.client.calls import delete, get, listed, path, post
from service.client.downloading import OnBytes
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation
from service.client.sending import Parcel, posted
from service.client.uploading import LARGE_BYTES
from service.records import State


class DatasetCalls:
    """Images to calibrate, score and report on."""

    @operation
    def post_dataset(
        self,
        name: str,
        archive: Path,
        on_bytes: OnBytes | None = None,
        large_bytes: int = LARGE_BYTES,
    ) -> Operation[DatasetBody]:
        """An archive with one folder of images for each class; one of more than `large_bytes` goes
        in pieces.
        """

        def whole(content: bytes) -> dict[str, Any]:
            return {"data": {"name": name}, "files": {"archive": (archive.name, content)}}

        def by_upload(upload: str) -> dict[str, Any]:
            return {"json": {"name": name, "upload": upload}}

        parcel = Parcel(archive, whole, by_upload)
        return (yield from posted(DatasetBody, path("datasets"), parcel, large_bytes, on_bytes))

    @operation
    def post_dataset_by_uri(self, name: str, uri: str) -> Operation[DatasetBody]:
        """Images that lie on the server, below one of its data_roots."""
        return (yield from post(DatasetBody, path("datasets"), json={"name": name, "uri": uri}))

    @operation
    def dataset(self, dataset: str) -> Operation[DatasetBody]:
        """A data set by its id."""
        return (yield from get(DatasetBody, path("datasets", dataset)))

    @listing
    def datasets(self, state: State | None = None, name: str | None = None) -> Telling[DatasetBody]:
        """All of them, newest first; those in a state, or of a name."""
        return listed(DatasetBody, path("datasets"), state=state, name=name)

    @operation
    def delete_dataset(self, dataset: str) -> Operation[None]:
        """Refused while a library refers to it."""
        yield from delete(path("datasets", dataset))
