"""A service with images, and a pipeline's folder with a teacher."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from candidates.checkpoint import Checkpoint
from candidates.tensors import checkpoint_of, state_of
from tests.service import tiny
from tests.service.web.site import Site, site

CHANGED = "layer3.2.conv2.weight"
NUM_NEIGHBOURHOODS = 9


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """With a data set of the name 'noise'."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("site")
    with site(folder, sqlite_template) as found:
        tiny.write_archive(folder / "noise.tar")
        found.shop.post_dataset(found.shop.store(folder / "noise.tar"))
        found.shop.work()
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two teachers that differ in one neighbourhood, and their recipes."""
    path = tmp_path_factory.mktemp("pipeline")
    tiny.write_weights(path / "first.safetensors")
    (path / "second.safetensors").write_bytes(_changed(path / "first.safetensors").to_bytes())
    (path / "teacher.json").write_text(tiny.RECIPE.model_dump_json())
    (path / "library.json").write_text(json.dumps(tiny.LIBRARY.model_dump(mode="json")))
    return path


def _changed(path: Path) -> Checkpoint:
    state = state_of(Checkpoint.read(path))
    state[CHANGED] = state[CHANGED] * 1.5
    return checkpoint_of(state)
