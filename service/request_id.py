"""The id of the request that is being answered, for whatever tells of it."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""None outside of requests. What a request starts in another thread sees the same."""
