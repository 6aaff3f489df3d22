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
        if exc.errno in FULL:
            raise StoreFull(what) from exc
        if exc.errno in BROKEN:
            raise StoreUnavailable(what, os.strerror(exc.errno)) from exc
        raise
