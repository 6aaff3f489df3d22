import threading
import time
from functools import partial

import anyio
import pytest

from service.api.lanes import Lane


class Crowd:
    """Calls that note how many of them ran at once."""

    def __init__(self) -> None:
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def call(self, number: int) -> int:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.01)
        with self.lock:
            self.inside -= 1
        return number


def test_no_more_calls_run_at_once_than_the_lane_is_wide() -> None:
    crowd, results = Crowd(), []

    async def one(lane: Lane, number: int) -> None:
        results.append(await lane.run(partial(crowd.call, number)))

    async def all_of_them() -> None:
        lane = Lane(2)
        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(one, lane, number)

    anyio.run(all_of_them)
    assert (crowd.most, sorted(results)) == (2, list(range(12)))


def test_what_a_call_raises_arrives_and_its_place_is_free_again() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def twice() -> int:
        lane = Lane(1)
        with pytest.raises(ValueError, match="no"):
            await lane.run(fail)
        return await lane.run(lambda: 7)

    assert anyio.run(twice) == 7
