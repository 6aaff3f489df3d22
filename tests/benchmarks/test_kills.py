"""The benchmark of random kills, small: on both databases, with two servers."""

import pytest

from benchmarks import kills
from tests.service import postgres


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_random_kills_lose_nothing_and_commit_nothing_twice(database: str) -> None:
    if database == "postgresql" and postgres.find_binaries() is None:
        pytest.skip("No PostgreSQL server is installed.")
    found = kills.run(database, kills.Plan(kills=6, seed=1, pause_seconds=1))
    assert found["survived"] == 6
    assert (found["lost"], found["double_commits"], found["committed_without_success"]) == (0, 0, 0)
    assert found["jobs"].keys() == {"succeeded"}
