"""Sandboxed: the process on the inside of `candidates.sources.sandbox`; its order comes on stdin.

The limits are set before any module that reads foreign data is imported.
"""

import ctypes
import json
import resource
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from candidates.sources.landlock import confine
from candidates.sources.seccomp import forbid

REFUSAL, RESULT = "refusal.json", "result.safetensors"
SYSTEM = (
    "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf",
    "/etc/passwd", "/dev/urandom", "/dev/zero", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
    "/proc/stat", "/sys/devices/system",
)  # fmt: skip
"""What Python and torch read of a system; nothing of it belongs to a user."""
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_DIE_WITH_PARENT, _NO_NEW_PRIVILEGES = 1, 38


def main() -> None:
    """Runs the order in the current folder and leaves the result or the refusal there."""
    order = json.load(sys.stdin)
    _shut_in(order["limits"])
    # Where the system has no Landlock the other limits hold all the same.
    confine([*SYSTEM, *_python(), *order["readable"]], [str(Path.cwd()), "/dev/null"])
    from candidates.errors import StudentSearchError

    try:
        module, _, name = order["function"].partition(":")
        checkpoint = getattr(import_module(module), name)(**order["arguments"])
        Path(RESULT).write_bytes(checkpoint.to_bytes())
    except StudentSearchError as exc:
        _refuse(type(exc).__name__, str(exc))
    except MemoryError:
        sentence = "The file needs more memory than may be used to read it."
        _refuse("InvalidCheckpoint", f"{sentence} {order['advice']}")
    except Exception as exc:  # noqa: BLE001 - whatever foreign data makes libraries raise
        first = next(iter(str(exc).strip().splitlines()), "")[:300].rstrip(".")
        _refuse(
            "InvalidCheckpoint",
            f"The file cannot be read ({type(exc).__name__}: {first}). {order['advice']}",
        )


def _python() -> list[str]:
    """Where Python and the modules lie that its order may import."""
    return [path for path in (sys.prefix, sys.base_prefix, *sys.path) if path]


def _refuse(kind: str, sentence: str) -> None:
    Path(REFUSAL).write_text(json.dumps({"kind": kind, "sentence": sentence}))


def _shut_in(limits: dict[str, Any]) -> None:
    library = ctypes.CDLL(None)
    if sys.platform == "linux":
        library.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # Not every system lets its users have namespaces; the other limits hold all the same.
        if library.unshare(_NEW_USER | _NEW_NETWORK) != 0:
            library.unshare(_NEW_NETWORK)
        forbid()
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
    ):
        _, most = resource.getrlimit(which)
        resource.setrlimit(which, (_least(value, most), _least(value, most)))


def _least(value: int, most: int) -> int:
    return value if most == resource.RLIM_INFINITY else min(value, most)


if __name__ == "__main__":
    main()
