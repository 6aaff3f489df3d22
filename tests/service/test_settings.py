"""Settings from the environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import InvalidSettings, Settings


def test_every_setting_has_its_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_the_embedded_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).sqlalchemy_url == f"sqlite:///{tmp_path}/student-search.db"


def test_a_child_process_reads_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        data_dir=tmp_path, workers=7, data_roots=(Path("/a"), Path('/b "c"')), lease_seconds=2.5
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_child_processes_find_the_store_wherever_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings().artifacts_dir == Path("var/artifacts")
    found = Settings(store="elsewhere").environment()
    assert found["STUDENT_SEARCH_STORE"] == str(tmp_path / "elsewhere")
    found = Settings(store="s3://bucket/prefix").environment()
    assert found["STUDENT_SEARCH_STORE"] == "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("WORKERS", "many", "'workers' is not allowed: Input should be a valid integer"),
        ("PORT", "70000", "'port' is not allowed: Input should be less than or equal to 65535"),
        ("DATA_ROOTS", "/srv", "'data_roots' is not allowed: this is not valid JSON"),
        ("STORE", "gs://bucket", "'store' is not allowed: it must be a folder or s3"),
        ("STORE", "s3:///prefix", "'store' is not allowed: it must be a folder or s3"),
        ("LOG_FORMAT", "xml", "'log_format' is not allowed: Input should be 'console' or 'json'"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"STUDENT_SEARCH_{variable}", value)
    with pytest.raises(InvalidSettings, match=re.escape(reason)) as raised:
        Settings.read()
    assert f"Correct STUDENT_SEARCH_{variable}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_variable_that_is_no_setting_is_refused_with_the_likely_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STUDENT_SEARCH_WORKRES", "3")
    with pytest.raises(InvalidSettings, match=r"Did you mean STUDENT_SEARCH_WORKERS\?"):
        Settings.read()


def test_variables_of_clients_are_none_of_the_services_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STUDENT_SEARCH_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("STUDENT_SEARCH_TOKEN", "token_1.secret")
    assert Settings.read(workers=7).workers == 7


def test_a_server_with_wrong_settings_does_not_start(tmp_path: Path) -> None:
    environment = {**os.environ, "STUDENT_SEARCH_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "service.cli", "serve"]
    for name in ("STUDENT_SEARCH_WORKRES", "STUDENT_SEARCH_PORT"):
        done = subprocess.run(
            command, env={**environment, name: "x"}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1
        assert name in done.stderr
        assert len(done.stderr.splitlines()) == 1
