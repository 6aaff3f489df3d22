"""What all tests share: the cores of one machine."""

import os

from hypothesis import settings

# How long a case of hypothesis takes says nothing.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores, since many tests wait for other processes."""
    return (os.cpu_count() or 1) * 3 // 2
