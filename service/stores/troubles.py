"""Troubles: what the disk refuses, in words of this service."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from service.failures import StoreFull, StoreUnavailable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BROKEN = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOENT, errno.ENOTDIR,
    errno.EMFILE, errno.ENFILE, errno.EINVAL,
}  # fmt: skip


@contextmanager
def translated(what: str) -> Iterator[None]:
    """What the disk refuses while `what` is done, as StoreFull or StoreUnavailable; it completes
    "The artifact store cannot …".
    """
    try:
        yield
    except OSError as exc:
        if is_full(exc):
            raise StoreFull(what) from exc
        if exc.errno in BROKEN:
            raise StoreUnavailable(what, os.strerror(exc.errno)) from exc
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether it says that a disk has no room left, or a file would be larger than allowed."""
    return isinstance(error, OSError) and error.errno in FULL


@contextmanager
def room_for(what: str) -> Iterator[None]:
    """Like `translated`, where other refusals may come from elsewhere than from the store."""
    try:
        yield
    except OSError as exc:
        if not is_full(exc):
            raise
        raise StoreFull(what) from exc
