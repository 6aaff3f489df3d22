"""Furniture: the data folder of a service with a library, made once for all tests of a run."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from filelock import FileLock

from service.repositories import libraries
from tests.service import tiny
from tests.service.shop import Shop

LIBRARY = tiny.LIBRARY.model_copy(
    update={"kinds": {"width": {"multiplier": (0.25, 0.5, 0.75)}, "sparse": {"sparsity": (0.5,)}}}
)


class Ready(NamedTuple):
    """Ids of what it holds."""

    teacher: str
    dataset: str
    library: str


@dataclass(frozen=True)
class Furniture:
    """Lies in `folder`, which nobody changes; `database` is the SQLite file in it."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "student-search.db"

    @property
    def ready(self) -> Ready:
        return Ready(*json.loads((self.folder / "ready.json").read_text()))

    def copy(self, folder: Path) -> None:
        """All of it, into a folder that is there."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)

    @classmethod
    def made(cls, folder: Path) -> "Furniture":
        """By whichever process comes first; the others wait for it."""
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                begun = folder.with_suffix(".begun")
                begun.mkdir(exist_ok=True)
                _furnish(begun)
                begun.rename(folder)
        return cls(folder)


def _furnish(folder: Path) -> None:
    torch.set_num_threads(1)
    shop = Shop(folder)
    teacher, dataset = shop.prepare()
    library = shop.post_library(teacher, dataset, LIBRARY)
    shop.work()
    with shop.database.reading() as session:
        libraries.get_ready(session, library)
    shop.database.close()
    (folder / "ready.json").write_text(json.dumps(Ready(teacher, dataset, library)))
