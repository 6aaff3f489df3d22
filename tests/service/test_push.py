from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from candidates.recipe import Preprocessing
from service.client import ClientError
from service.push import push
from tests.service.living import Live, living


@pytest.fixture
def live(tmp_path: Path, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path, sqlite_template) as live:
        yield live


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 5),
    )  # fmt: skip


def test_the_service_is_where_the_environment_says(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_SEARCH_URL", live.url)
    made = push(network(), torch.rand(2, 3, 8, 8), name="mine")
    assert live.client.teacher(made.id).name == "mine"


def test_a_url_that_is_given_comes_first(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDENT_SEARCH_URL", live.url)
    with pytest.raises(ClientError):
        push(network(), torch.rand(2, 3, 8, 8), url="http://127.0.0.1:9")


def test_a_preprocessing_that_was_not_named_is_noted_with_what_is_taken_instead(live: Live) -> None:
    made = push(network(), torch.rand(2, 3, 8, 8), url=live.url)
    assert made.note is not None
    assert "0…1" in made.note
    assert "preprocessing=Preprocessing(mean=…, std=…)" in made.note


def test_a_preprocessing_that_was_named_goes_with_the_network_without_a_note(live: Live) -> None:
    usual = Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    made = push(network(), torch.rand(2, 3, 8, 8), preprocessing=usual, url=live.url)
    assert (made.recipe.preprocessing, made.note) == (usual, None)
