"""Credentials: what a caller shows; of its secret only a digest is kept anywhere."""

import hashlib
import hmac
import secrets
from typing import NamedTuple

SECRET_BYTES = 32


class Credential(NamedTuple):
    """As text, `id.secret`: a token's id, under which it is looked up, and its secret."""

    token_id: str
    secret: str

    @classmethod
    def new(cls, token_id: str) -> "Credential":
        """With 256 random bits."""
        return cls(token_id, secrets.token_urlsafe(SECRET_BYTES))

    @classmethod
    def of(cls, text: str) -> "Credential":
        """What `str` gave, or anything that a stranger made up."""
        token_id, _, secret = text.partition(".")
        return cls(token_id, secret)

    def __str__(self) -> str:
        return f"{self.token_id}.{self.secret}"

    @property
    def digest(self) -> str:
        """Of the secret. A random one needs no salt and no slow function: it cannot be guessed."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def fits(self, digest: str) -> bool:
        """In a time that does not tell how much of the digest is right."""
        return hmac.compare_digest(self.digest, digest)
