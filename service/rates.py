"""Rates: how many requests each caller has left."""

import math
import time
from typing import NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service.refusals import TooManyRequests

WINDOW_SECONDS = 60


class Allowance(NamedTuple):
    """What a caller may still do before `reset_s` seconds have passed."""

    per_minute: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF's draft on RateLimit headers has them."""
        return {
            "ratelimit-policy": f'"requests";q={self.per_minute};w={WINDOW_SECONDS}',
            "ratelimit": f'"requests";r={self.remaining};t={self.reset_s}',
        }


class Rates:
    """Counted in this process: of several servers each allows as many."""

    def __init__(self, setting: str, per_minute: int) -> None:
        """As the setting of this name has it; 0 allows any number."""
        self._setting = setting
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, caller: str) -> Allowance | None:
        """What is left after this request, if there is a limit. Raises TooManyRequests."""
        if self._item is None:
            return None
        taken = self._limiter.hit(self._item, caller)
        reset_at, remaining = self._limiter.get_window_stats(self._item, caller)
        reset_s = max(1, math.ceil(reset_at - time.time()))
        if not taken:
            raise TooManyRequests(self._setting, self._item.amount, reset_s)
        return Allowance(self._item.amount, remaining, reset_s)
