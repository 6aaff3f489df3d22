"""Vendored files: fetch what npm publishes and say whether it is what lies in the package.

`python -m benchmarks.vendored` needs npm; `--write` takes new versions over, once they are noted
in vendored.json.
"""

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from service.web.pages import FILES

VENDOR = FILES / "vendor"
INDEX = VENDOR / "vendored.json"


def main() -> None:
    """Exits with 1 where a file differs from the published one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    should_write = parser.parse_args().write
    entries = json.loads(INDEX.read_text())
    differing = [entry["file"] for entry in entries if not _is_published(entry, should_write)]
    if should_write:
        INDEX.write_text(json.dumps(entries, indent=2) + "\n")
    raise SystemExit(f"These differ: {', '.join(differing)}." if differing else 0)


def _is_published(entry: dict[str, str], should_write: bool) -> bool:
    content = _fetch(f"{entry['package']}@{entry['version']}", entry["path"])
    digest = hashlib.sha256(content).hexdigest()
    if should_write:
        (VENDOR / entry["file"]).write_bytes(content)
        entry["sha256"] = digest
    own = hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest()
    print(f"{entry['package']} {entry['version']}: {digest}")
    return own == digest == entry["sha256"]


def _fetch(package: str, path: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as opened:
            member = opened.extractfile(f"package/{path}")
            if member is None:
                raise SystemExit(f"{package} has no {path}.")
            return member.read()


if __name__ == "__main__":
    main()
