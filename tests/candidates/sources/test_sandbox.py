"""The process in which foreign files are read."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import torch

from candidates.assembly import program_of
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint, InvalidProgram, UnsplittableTeacher
from candidates.sources import sandbox
from candidates.sources.exported import program_of as exported_program_of
from candidates.sources.sandbox import Limits, read_foreign, sandboxed
from candidates.sources.seccomp import _ARCHITECTURES
from candidates.tensors import state_of
from tests.candidates.exports import SHAPE, Convolutions, Small, exported, seeded

LIMITS = Limits(wall_seconds=120)


PROBE = """
import sys
from candidates.sources.landlock import confine
sys.exit(0 if confine(["/"], []) else 1)
"""


def has_landlock() -> bool:
    return subprocess.run([sys.executable, "-c", PROBE]).returncode == 0


def call(name: str, limits: Limits = LIMITS, **arguments: Any) -> Checkpoint:
    return sandboxed(f"tests.candidates.inmates:{name}", arguments, limits)


def test_an_exported_network_comes_out_with_its_program(tmp_path: Path) -> None:
    path = exported(seeded(Convolutions), tmp_path / "net.pt2")
    found = read_foreign("exported", path, SHAPE)
    wanted = exported_program_of(path, SHAPE)
    assert program_of(found) == wanted.program
    state = state_of(found)
    assert state.keys() == wanted.tensors.keys()
    assert all(torch.equal(state[name], wanted.tensors[name]) for name in state)


def test_a_state_dict_comes_out_as_tensors(tmp_path: Path) -> None:
    state = seeded(Small).state_dict()
    torch.save(state, tmp_path / "w.pth")
    found = state_of(read_foreign("state_dict", tmp_path / "w.pth", SHAPE))
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_what_is_wrong_with_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(InvalidCheckpoint, match="truncated or damaged"):
        read_foreign("exported", tmp_path / "net.pt2", SHAPE)


def test_errors_keep_their_kind() -> None:
    with pytest.raises(InvalidProgram, match="This is wrong"):
        call("fail", kind="program")
    with pytest.raises(UnsplittableTeacher, match="This is wrong"):
        call("fail", kind="teacher")
    with pytest.raises(InvalidCheckpoint, match="This is wrong"):
        call("fail", kind="other")


def test_it_sees_none_of_our_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    assert "SECRET_TOKEN" not in call("environment").metadata


def test_too_much_memory_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="memory"):
        call("hungry")


def test_too_long_a_time_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Popen[bytes]] = []

    def recorded(*arguments: Any, **options: Any) -> Popen[bytes]:
        started.append(Popen(*arguments, **options))
        return started[0]

    monkeypatch.setattr(sandbox, "Popen", recorded)
    with pytest.raises(InvalidCheckpoint, match="took more than"):
        call("slow", Limits(wall_seconds=3))
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)


def test_too_much_computing_ends_it() -> None:
    with pytest.raises(InvalidCheckpoint, match="limits"):
        call("busy", Limits(cpu_seconds=2, wall_seconds=120))


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match=r"^.{20,}\.$"):
        call("verbose", Limits(file_bytes=2**16))


def test_a_process_that_just_ends_is_noticed() -> None:
    with pytest.raises(InvalidCheckpoint, match="status 3"):
        call("dead")


def test_it_has_no_network_where_the_system_allows_that() -> None:
    if os.uname().machine not in _ARCHITECTURES and os.system("unshare -Urn true") != 0:
        pytest.skip("this system has neither filters nor namespaces")
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = call("connect", port=server.getsockname()[1])
    assert found.metadata["reached"] == "False"


def test_it_reads_and_writes_nobodys_files_where_the_system_allows_that(tmp_path: Path) -> None:
    if not has_landlock():
        pytest.skip("this system has no Landlock")
    (tmp_path / "secret").write_text("hush")
    found = call("files", path=str(tmp_path / "secret"))
    assert found.metadata == {"read": "refused", "written": "refused"}
    given = {"path": str(tmp_path / "secret")}
    found = sandboxed("tests.candidates.inmates:files", given, LIMITS, [given["path"]])
    assert found.metadata == {"read": "done", "written": "refused"}
