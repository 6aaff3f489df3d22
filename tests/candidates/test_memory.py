import subprocess
import sys

from candidates.memory import peak_mb


def test_the_peak_grows_with_what_was_held() -> None:
    code = (
        "from candidates.memory import peak_mb\n"
        "before = peak_mb(); held = bytearray(64 * 2**20); del held\n"
        "print(peak_mb() - before)"
    )
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert 60 < float(grown) < 80


def test_the_peak_is_of_this_process_alone() -> None:
    code = "from candidates.memory import peak_mb; print(peak_mb())"
    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert 0 < float(bare) < peak_mb()
