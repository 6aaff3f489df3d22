"""Ids: a prefix that says what is meant, and a part that sorts by time of creation."""

import secrets
import time


def new_id(prefix: str) -> str:
    """Like dataset_0199f3c2a1b4c0ffee00c0ffee00: 48 bits of milliseconds, then 64 random bits."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
