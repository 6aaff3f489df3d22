"""Compiled code falls silent, and only as long as it should."""

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from search import exact, integer
from search.budget import Budget
from search.quiet import quiet
from search.settings import SearchSettings
from tests.search.problems import choice, problem

C = """
import ctypes
from search.quiet import quiet
printf = ctypes.CDLL(None).printf
printf(b"before\\n")
print("python before")
with quiet():
    printf(b"within\\n")
    with quiet():
        printf(b"deeper\\n")
    printf(b"still within\\n")
printf(b"after\\n")
print("python after", flush=True)
"""


def test_what_c_prints_within_is_lost_and_the_rest_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", C], capture_output=True, text=True, check=True)
    assert set(done.stdout.split("\n")) == {"before", "python before", "after", "python after", ""}


def test_several_threads_end_with_an_output_that_works() -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from tests.search.test_quiet import speak
with ThreadPoolExecutor(8) as pool:
    list(pool.map(speak, range(200)))
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"


def speak(number: int) -> None:
    with quiet():
        ctypes.CDLL(None).printf(b"noise %d\n", number)


def test_it_can_be_used_again_and_again() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(speak, range(100)))


def test_the_integer_programme_is_solved_in_silence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    milp, printed = integer.milp, []

    def loud(*given: Any, **options: Any) -> Any:
        printed.append(ctypes.CDLL(None).printf(b"repairing\n"))
        return milp(*given, **options)

    monkeypatch.setattr(integer, "milp", loud)
    parts = [
        tuple(choice(f"{place}.{rank}", 3 * rank, 4.0 - rank, macs=5 - rank) for rank in range(4))
        for place in range(3)
    ]
    answer = exact.select(problem(*parts), Budget(parameters=17, macs=13), SearchSettings())
    assert answer.status == "optimal"
    assert printed
    assert capfd.readouterr().out == ""
