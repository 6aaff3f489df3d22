"""What was saved is there again after everything was destroyed."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service import dumps
from service.app import create_app
from service.artifacts import Artifacts
from service.backup import Backup, BackupUnusable
from service.database import Database
from service.dumps import DumpFailed
from service.failures import ArtifactDamaged
from service.ledger import Ledger
from service.settings import Settings
from service.stores.disk import Disk
from tests.service.api.world import World
from tests.service.cli.typed import on_server
from tests.service.keeping import Keeping, KeepingOnDisk
from tests.service.living import living


@contextmanager
def world_of(settings: Settings, database_url: str) -> Iterator[World]:
    app = create_app(settings.model_copy(update={"database_url": database_url, "workers": 0}))
    with TestClient(app) as http:
        parts = app.state.parts
        yield World(http, parts, Ledger(parts.database, settings))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def test_a_student_is_downloaded_from_what_was_restored(
    keeping: Keeping, database_url: str, another_url: str, folder: Path
) -> None:
    with world_of(keeping.settings, database_url) as world:
        student = world.ready_student()
        world.measure(student["id"])
        saved = Backup(folder).save(world.parts.database, world.parts.artifacts)
    assert (saved.num_copied, len(saved.troubles)) == (saved.num_files - 1, 1)  # see FILE
    for name in keeping.names():
        keeping.lose(name.rpartition("/")[2])
    target = Database(another_url)  # the other one is forgotten
    Backup(folder).restore(target, keeping.another())
    target.close()
    with world_of(keeping.settings, another_url) as world:
        found = world.http.get(f"/v1/students/{student['id']}").json()
        assert found["measurement"]["state"] == "ready"
        content = world.http.get(found["checkpoint"]["url"]).content
        assert hashlib.sha256(content).hexdigest() == student["checkpoint"]["sha256"]
        assert world.post_student(found["library"], budget={"parameters": 160}).is_success


def test_a_later_backup_copies_only_what_is_new_and_heals_what_it_has_lost(
    database: Database, tmp_path: Path, folder: Path
) -> None:
    keeping = KeepingOnDisk(tmp_path)
    with world_of(keeping.settings, str(database.engine.url)) as world:
        world.post_dataset(b"images")
        first = Backup(folder).save(world.parts.database, world.parts.artifacts)
        assert first[:2] == (1, 1)
        assert Backup(folder).save(world.parts.database, world.parts.artifacts)[:2] == (1, 0)
        world.post_dataset(b"other images")
        (kept,) = (folder / "files").glob("??/*")
        kept.write_bytes(b"imagEs")
        assert Backup(folder).save(world.parts.database, world.parts.artifacts)[:2] == (2, 2)
    assert not (folder / "database.arriving").exists()


def test_a_file_that_is_lost_is_told_and_the_others_are_saved(
    database: Database, tmp_path: Path, folder: Path
) -> None:
    keeping = KeepingOnDisk(tmp_path)
    with world_of(keeping.settings, str(database.engine.url)) as world:
        world.post_dataset(b"images")
        world.post_dataset(b"other images")
        lost = hashlib.sha256(b"images").hexdigest()
        keeping.lose(lost)
        saved = Backup(folder).save(world.parts.database, world.parts.artifacts)
    assert (saved.num_files, saved.num_copied) == (2, 1)
    assert [lost in sentence for sentence in saved.troubles] == [True]


def test_what_was_set_aside_while_a_folder_was_copied_is_restored_as_well(
    tmp_path: Path, folder: Path
) -> None:
    keeping = KeepingOnDisk(tmp_path)
    backup, database = Backup(folder), Database(f"sqlite:///{tmp_path / 'first.db'}")
    database.migrate()
    backup.save(database, keeping.artifacts)
    database.close()
    copied = Artifacts(Disk(folder / "files"))
    sha256 = copied.put(b"content").sha256
    copied.store.set_aside(sha256)
    target = Database(f"sqlite:///{tmp_path / 'second.db'}")
    assert backup.restore(target, keeping.artifacts) == 1
    target.close()
    assert keeping.artifacts.read(sha256) == b"content"


def test_nothing_is_restored_over_what_there_is(
    database: Database, keeping: Keeping, folder: Path
) -> None:
    backup = Backup(folder)
    with pytest.raises(BackupUnusable, match="it is no backup of such a database"):
        backup.restore(database, keeping.artifacts)
    backup.save(database, keeping.artifacts)
    with pytest.raises(DumpFailed, match="already"):
        backup.restore(database, keeping.artifacts)


def test_a_damaged_backup_is_told_before_there_is_a_database(
    tmp_path: Path, folder: Path, sqlite_template: Path
) -> None:
    keeping = KeepingOnDisk(tmp_path / "first")
    path = tmp_path / "first" / "student-search.db"
    shutil.copy(sqlite_template, path)
    with world_of(keeping.settings, "") as world:
        world.post_dataset(b"images")
        Backup(folder).save(world.parts.database, world.parts.artifacts)
    (kept,) = (folder / "files").glob("??/*")
    kept.write_bytes(b"imagEs")
    target = Database(f"sqlite:///{tmp_path / 'second.db'}")
    with pytest.raises(ArtifactDamaged, match=kept.name):
        Backup(folder).restore(target, Artifacts.of(Settings(data_dir=tmp_path / "second")))
    target.close()
    assert not (tmp_path / "second.db").exists()


def test_what_a_database_left_behind_is_not_taken_for_the_restored_ones(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with sqlite3.connect(tmp_path / "dump") as connection:
        connection.execute("CREATE TABLE kept (x)")
    Path(f"{path}-wal").write_bytes(b"of another")
    target = Database(f"sqlite:///{path}")
    dumps.load(tmp_path / "dump", target)
    assert not Path(f"{path}-wal").exists()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("kept",)]


def test_the_commands_save_a_running_service_and_bring_it_back(
    tmp_path: Path, sqlite_template: Path, folder: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with living(data, sqlite_template) as live:
        student = live.world.ready_student()
        saved = on_server(data, "backup", str(folder))
        assert "has the database and" in saved.stdout, saved.stderr
    refused = on_server(data, "restore", str(folder))
    assert (refused.returncode, "already" in refused.stderr) == (1, True)
    shutil.rmtree(data)
    restored = on_server(data, "restore", str(folder))
    assert restored.returncode == 0, restored.stderr
    with living(data, (data / "student-search.db").rename(tmp_path / "restored.db")) as live:
        live.client.download(student["id"], tmp_path / "student.safetensors")
    content = (tmp_path / "student.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == student["checkpoint"]["sha256"]
