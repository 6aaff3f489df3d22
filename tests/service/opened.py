"""Tokens for the tests."""

from service.credentials import Credential
from service.database import Database, Session
from service.repositories import tokens
from service.token_records import NewToken, Scope, TokenRecord


def token(
    database: Database, owner: str = "alice", scope: Scope = "write", days: int | None = 1
) -> tuple[TokenRecord, Credential]:
    """As the command line makes one."""
    new = NewToken(name="test", scope=scope, days=days)
    with database.writing() as session:
        return tokens.add(session, tokens.owner_named(session, owner), new)


def header(credential: Credential) -> dict[str, str]:
    """What its holder sends."""
    return {"authorization": f"Bearer {credential}"}


def headers(
    database: Database, owner: str = "alice", scope: Scope = "write", days: int | None = 1
) -> dict[str, str]:
    """What the holder of a new token sends."""
    return header(token(database, owner, scope, days)[1])


def owner_id(session: Session, name: str) -> str:
    """Of an owner that has a token."""
    return tokens.owner_named(session, name)
