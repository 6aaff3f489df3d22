"""Gate: who calls, and whether that caller may."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from candidates.value import Value
from service.credentials import Credential
from service.database import Database
from service.refusals import ScopeTooSmall, TokenMissing, TokenRefused
from service.repositories import tokens
from service.repositories.tokens import USE_SECONDS
from service.tables import DEFAULT_OWNER
from service.token_records import Scope, TokenRecord

ORDER: tuple[Scope, ...] = ("read", "write", "admin")
READING = {"GET", "HEAD", "OPTIONS"}


class Caller(Value):
    """In whose name a request comes, and how much it may; without a token when there is none."""

    owner_id: str
    scope: Scope
    token_id: str | None = None

    def check(self, needed: Scope) -> None:
        """Raises ScopeTooSmall."""
        if ORDER.index(self.scope) < ORDER.index(needed):
            raise ScopeTooSmall(needed, self.scope if self.token_id else None)


NOBODY = Caller(owner_id=DEFAULT_OWNER, scope="write")
"""Who calls before there are tokens. The first is made on the server itself, not by a call."""


@dataclass
class Gate:
    """Asks the database at every call, so a token that is revoked is refused at once."""

    database: Database
    has_tokens: bool = False

    def admit(self, authorization: str | None, method: str) -> Caller:
        """Raises TokenMissing, TokenRefused, ScopeTooSmall."""
        if authorization is None:
            if self.is_closed():
                raise TokenMissing
            return NOBODY
        token = self._token(authorization)
        caller = Caller(owner_id=token.owner_id, scope=token.scope, token_id=token.id)
        caller.check("read" if method in READING else "write")
        return caller

    def is_closed(self) -> bool:
        """Whether there are tokens, so that every caller needs one. It stays so for ever."""
        if not self.has_tokens:
            with self.database.reading() as session:
                self.has_tokens = tokens.any_made(session)
        return self.has_tokens

    def _token(self, authorization: str) -> TokenRecord:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefused("is not of the form 'Bearer …'", self.is_closed())
        with self.database.reading() as session:
            token = tokens.shown(session, Credential.of(text.strip()))
        now = datetime.now(UTC)
        if token is None:
            raise TokenRefused("is none of this service", self.is_closed())
        if token.revoked_at is not None:
            raise TokenRefused("was revoked")
        if not token.is_valid(now):
            raise TokenRefused("has expired")
        self._note_use(token, now)
        return token

    def _note_use(self, token: TokenRecord, now: datetime) -> None:
        last = token.last_used_at
        if last is None or now - last > timedelta(seconds=USE_SECONDS):
            with self.database.writing() as session:
                tokens.note_use(session, token.id, now)
