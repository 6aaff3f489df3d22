import os
import subprocess
import sys

import pytest

PROBE = """
import ctypes, os, socket, sys
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
from candidates.sources.seccomp import forbid
if not forbid():
    sys.exit(77)
refused = 0
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    try:
        socket.socket(family)
    except PermissionError:
        refused += 1
try:
    socket.socketpair()
except PermissionError:
    refused += 1
with open(os.devnull) as file:  # what does no harm still works
    file.read()
print(refused, os.system("true"))
"""


def test_no_socket_of_any_kind_can_be_had_and_the_rest_still_works() -> None:
    if os.uname().machine not in {"x86_64", "aarch64"}:
        pytest.skip("no filter is known for this architecture")
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("this system has no seccomp filters")
    assert done.stdout.split() == ["5", "0"], done.stderr
