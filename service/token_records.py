"""Records of tokens."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from candidates.value import Value

Scope = Literal["read", "write", "admin"]
"""Each may do what those before it may."""


class NewToken(Value):
    """What a token is to be; `days` from now it expires, or never."""

    name: str = Field(min_length=1, max_length=200)
    scope: Scope
    days: int | None = Field(default=365, ge=1, le=3650)


class TokenRecord(Value):
    """A token without its secret, which nobody but its holder knows."""

    id: str
    owner_id: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
