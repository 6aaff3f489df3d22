"""A service that works, and a folder in which a reader of the handbook types."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.service import tiny
from tests.service.conftest import furniture as furniture
from tests.service.furniture import Furniture
from tests.service.installed import installed
from tests.service.web.site import Site, site

ROOT = Path(__file__).parents[2]
SECONDS = 600

Reader = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def furnished(
    tmp_path_factory: pytest.TempPathFactory, furniture: Furniture
) -> Iterator[tuple[Site, dict[str, str]]]:
    """With the ids of what is in it, as examples name them."""
    torch.set_num_threads(1)
    folder, ready = tmp_path_factory.mktemp("site"), furniture.ready
    furniture.copy(folder)
    ids = {"TEACHER": ready.teacher, "DATASET": ready.dataset, "LIBRARY": ready.library}
    with site(folder, furniture.database) as found:
        yield found, ids


@pytest.fixture
def reader(furnished: tuple[Site, dict[str, str]], tmp_path: Path) -> Iterator[Reader]:
    """Runs a program for bash beside working workers; the files of `tiny` lie there."""
    place, ids = furnished
    tiny.write_archive(tmp_path / "images.tar")
    tiny.write_weights(tmp_path / "resnet20.safetensors")
    environment = {**os.environ, **installed(tmp_path / "bin"), **ids}
    environment |= {"STUDENT_SEARCH_URL": place.url, "OMP_NUM_THREADS": "1"}

    def read(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    with place.working():
        yield read
