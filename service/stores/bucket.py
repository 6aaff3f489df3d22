"""Bucket: a store in an S3 bucket, and the one door to obstore.

Whole copies of the files lie in a folder of this machine, up to a limit: so what needs a path gets
one, and ranges and later readers cost no request.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore import exceptions
from obstore.store import S3Store

from service.failures import ArtifactMissing, StoreUnavailable
from service.stores.copies import Copies
from service.stores.store import Entry
from service.stores.troubles import translated

ASIDE = "aside/"
WHOLE_BYTES = 64 * 2**20
"""Up to this size a file is sent in one request, which fails if the file is there already."""
PIECE_BYTES = 8 * 2**20
TIMEOUT = timedelta(seconds=60)
RETRY = timedelta(seconds=15)


class Bucket:
    """Objects named ab/abcdef… below the prefix; what is set aside lies below aside/.

    Credentials, region and endpoint come from the usual AWS_… variables.
    """

    def __init__(self, url: str, copies: Copies) -> None:
        """`url` is s3://bucket/prefix. Raises StoreUnavailable."""
        self._copies = copies
        with _translated("be reached"):
            self._objects = S3Store.from_url(
                url,
                checksum_algorithm="sha256",
                client_options={"timeout": TIMEOUT, "allow_http": _is_plain_http()},
                retry_config={"max_retries": 4, "retry_timeout": RETRY},
            )

    @property
    def scratch(self) -> Path:
        return self._copies.scratch

    def create(self, sha256: str, path: Path) -> bool:
        """Large files are sent in parts, which no condition can be put on: there two who come at
        the same time both send the same content, which does no harm.
        """
        is_small = path.stat().st_size <= WHOLE_BYTES
        try:
            with _translated(f"take the file {sha256}"):
                if self._has(_key(sha256)):
                    return False
                if is_small:
                    obstore.put(self._objects, _key(sha256), path, mode="create")
                else:
                    obstore.put(self._objects, _key(sha256), path, chunk_size=PIECE_BYTES)
        except _AlreadyThere:
            return False
        self._copies.keep(sha256, path)
        return True

    def replace(self, sha256: str, path: Path) -> None:
        with _translated(f"take the file {sha256}"):
            obstore.put(self._objects, _key(sha256), path, chunk_size=PIECE_BYTES)
        self._copies.keep(sha256, path)

    def fetch(self, sha256: str, anew: bool = False) -> Path:
        path = None if anew else self._copies.find(sha256)
        if path is not None:
            return path
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "copy"
            self._download(sha256, path)
            return self._copies.keep(sha256, path)

    def entries(self, aside: bool = False) -> Iterator[Entry]:
        with _translated("list its files"):
            prefix = ASIDE if aside else None
            for found in obstore.list(self._objects, prefix, chunk_size=1000):
                for each in found:
                    if each["path"].startswith(ASIDE) == aside:
                        name = each["path"].rpartition("/")[2]
                        yield Entry(name, each["size"], each["last_modified"])

    def set_aside(self, sha256: str) -> None:
        with _translated(f"set aside the file {sha256}"):
            self._move(_key(sha256), ASIDE + _key(sha256))

    def take_back(self, sha256: str) -> bool:
        with _translated(f"take back the file {sha256}"):
            if self._has(_key(sha256)):
                obstore.delete(self._objects, ASIDE + _key(sha256))
                return True
            self._move(ASIDE + _key(sha256), _key(sha256))
            return self._has(_key(sha256))

    def discard(self, sha256: str) -> None:
        with _translated(f"delete the file {sha256}"):
            obstore.delete(self._objects, ASIDE + _key(sha256))
        self._copies.drop(sha256)

    def check(self) -> None:
        key = f"checks/{os.getpid()}"
        with _translated("take files"):
            obstore.put(self._objects, key, b"ready")
            obstore.delete(self._objects, key)
        self._copies.check()

    def _has(self, key: str) -> bool:
        try:
            obstore.head(self._objects, key)
        except FileNotFoundError:
            return False
        return True

    def _move(self, key: str, target: str) -> None:
        """Nothing happens if it is not there."""
        try:
            obstore.copy(self._objects, key, target)
        except FileNotFoundError:
            return
        obstore.delete(self._objects, key)

    def _download(self, sha256: str, path: Path) -> None:
        """Piece by piece, so that no request takes long however large the file is."""
        what, key = f"read the file {sha256}", _key(sha256)
        with translated(what), path.open("wb") as file, _translated(what):
            try:
                size_bytes = obstore.head(self._objects, key)["size"]
                for start in range(0, size_bytes, PIECE_BYTES):
                    end = min(start + PIECE_BYTES, size_bytes)
                    file.write(obstore.get_range(self._objects, key, start=start, end=end))
            except FileNotFoundError as exc:  # it may be set aside at any moment
                raise ArtifactMissing(sha256) from exc


class _AlreadyThere(Exception):
    """Another was quicker."""


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except exceptions.AlreadyExistsError as exc:
        raise _AlreadyThere from exc
    except FileNotFoundError as exc:
        raise StoreUnavailable(what, "there is no such bucket") from exc
    except exceptions.BaseError as exc:  # its text names addresses that callers need not know
        refused = _is_refusal(exc)
        reason = (
            "the bucket refuses access" if refused else "the bucket does not answer as it should"
        )
        raise StoreUnavailable(what, reason) from exc


def _is_refusal(error: exceptions.BaseError) -> bool:
    """Lists say so in their text only."""
    kinds = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    return isinstance(error, kinds) or " 403 " in str(error)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _is_plain_http() -> bool:
    """Whether the endpoint that the environment names is one."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((os.environ[each] for each in names if each in os.environ), "").startswith("http:")
