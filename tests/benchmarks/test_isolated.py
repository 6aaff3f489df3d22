import os
import time

import pytest

from benchmarks.isolated import Crashed, isolated


def double(number):
    return 2 * number


def end(code):
    os._exit(code)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_function_gives_its_result_from_another_process(start):
    assert isolated(double, 21, start=start) == 42
    assert isolated(os.getpid, start=start) != os.getpid()


def test_a_process_that_ends_is_told_by_its_code():
    with pytest.raises(Crashed, match="ended with code 3"):
        isolated(end, 3)


def test_a_process_that_hangs_is_ended():
    start = time.monotonic()
    with pytest.raises(Crashed, match=r"more than 0\.2 s"):
        isolated(time.sleep, 60, timeout_s=0.2)
    assert time.monotonic() - start < 10
