"""The commands on the store, as an operator types them."""

import os
import time
from pathlib import Path

from tests.service.cli.typed import on_server
from tests.service.shop import Shop


def test_garbage_goes_in_two_steps_and_each_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    kept = shop.artifacts.put(b"kept")
    garbage = shop.artifacts.put(b"garbage")
    shop.post_dataset(kept)
    for file in (kept, garbage):
        age(shop.artifacts.place(file.sha256))
    dry = on_server(tmp_path, "store", "collect", "--dry-run")
    assert "1 files (0.0 MB) would be set aside, to which nothing refers." in dry.stdout
    assert shop.artifacts.place(garbage.sha256).is_file()
    first = on_server(tmp_path, "store", "collect")
    assert "1 files (0.0 MB) set aside, to which nothing refers." in first.stdout
    aside = tmp_path / "artifacts" / "aside" / garbage.sha256[:2] / garbage.sha256
    age(aside)
    second = on_server(tmp_path, "store", "collect")
    assert "1 files (0.0 MB) deleted" in second.stdout
    assert not aside.exists()
    assert shop.artifacts.read(kept.sha256) == b"kept"


def test_a_store_that_belongs_to_another_database_is_left_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    age(shop.artifacts.place(shop.artifacts.put(b"theirs").sha256))
    refused = on_server(tmp_path, "store", "collect")
    assert refused.returncode == 1
    assert "it may well belong to another database" in refused.stderr
    assert on_server(tmp_path, "store", "collect", "--even-all").returncode == 0


def test_damaged_and_missing_files_are_listed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    file = shop.artifacts.put(b"images")
    dataset = shop.post_dataset(file)
    well = on_server(tmp_path, "store", "verify")
    assert (well.returncode, well.stdout) == (0, "")
    shop.artifacts.place(file.sha256).write_bytes(b"imagEs")
    found = on_server(tmp_path, "store", "verify")
    assert found.returncode == 1
    assert f"source_sha256 of '{dataset}' (datasets)." in found.stdout
    assert "1 files are missing or damaged." in found.stderr


def age(path: Path) -> None:
    then = time.time() - 25 * 60 * 60
    os.utime(path, (then, then))
