import json
import random
from collections import deque
from pathlib import Path

import pytest

from candidates.recipe import TeacherRecipe
from service.client import ClientError, Patience
from tests.service.api.world import RECIPE
from tests.service.client.either import Either, Kind, either
from tests.service.client.proxy import Plan, Proxy
from tests.service.living import Live
from tests.service.networks import teacher_weights

PIECE_BYTES = 2**20
CUT = Plan(cut_up=1.5 * PIECE_BYTES)


def some_file(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(random.Random(name).randbytes(3 * PIECE_BYTES))
    return path


def arrived(live: Live, upload: str, folder: Path) -> bytes:
    live.world.parts.uploads.copy(upload, folder / "arrived")
    return (folder / "arrived").read_bytes()


def test_a_broken_upload_goes_on_where_it_broke(
    live: Live, proxy: Proxy, kind: Kind, tmp_path: Path
) -> None:
    file = some_file(tmp_path, f"cut-{kind}")
    proxy.plans = deque([CUT, CUT])
    seen: list[int] = []
    with either(kind, proxy.url) as client:
        upload = client.upload_file(file, lambda done, _: seen.append(done), PIECE_BYTES)
    assert upload.complete
    assert arrived(live, upload.id, tmp_path) == file.read_bytes()
    assert seen == [0, PIECE_BYTES, 2 * PIECE_BYTES, 3 * PIECE_BYTES]
    assert proxy.num_connections == 3


def test_another_client_goes_on_with_an_upload_of_the_same_file(
    live: Live, proxy: Proxy, kind: Kind, tmp_path: Path
) -> None:
    file = some_file(tmp_path, f"again-{kind}")
    proxy.plans = deque([CUT])
    with either(kind, proxy.url, Patience(attempts=1)) as client, pytest.raises(ClientError):
        client.upload_file(file, None, PIECE_BYTES)
    seen: list[int] = []
    with either(kind, live.url) as client:
        upload = client.upload_file(file, lambda done, _: seen.append(done), PIECE_BYTES)
    assert seen[0] == PIECE_BYTES
    assert arrived(live, upload.id, tmp_path) == file.read_bytes()


def test_large_files_go_in_pieces_and_leave_no_upload_behind(
    live: Live, client: Either, kind: Kind, tmp_path: Path
) -> None:
    weights, archive = tmp_path / "net.safetensors", tmp_path / f"{kind}.tar"
    weights.write_bytes(teacher_weights().to_bytes())
    archive.write_bytes(b"images" + kind.encode())
    recipe = TeacherRecipe.model_validate_json(json.dumps(RECIPE))
    before = {each.id for each in live.client.uploads()}
    teacher = client.post_teacher("net", recipe, weights, large_bytes=0)
    assert live.world.parts.artifacts.read(teacher.weights.sha256) == weights.read_bytes()
    dataset = client.post_dataset("pets", archive, large_bytes=0)
    assert client.post_dataset("pets", archive).note is not None, "the same archive, sent whole"
    assert client.dataset(dataset.id).name == "pets"
    assert {each.id for each in live.client.uploads()} == before


def test_small_files_arrive_as_they_are(live: Live, client: Either, tmp_path: Path) -> None:
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(teacher_weights().to_bytes())
    teacher = client.post_teacher(
        "net", TeacherRecipe.model_validate_json(json.dumps(RECIPE)), weights
    )
    assert live.world.parts.artifacts.read(teacher.weights.sha256) == weights.read_bytes()
