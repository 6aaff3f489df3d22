"""Bodies of tokens."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.credentials import Credential
from service.token_records import NewToken, Scope, TokenRecord

SCOPE = "read looks, write also posts and deletes, admin also makes and revokes tokens."


class NewTokenBody(BaseModel):
    """What a token is to be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ci", "scope": "read"}]}
    )

    name: str = Field(
        min_length=1, max_length=200, description="Who holds it, or what for.", examples=["ci"]
    )
    scope: Scope = Field(default="write", description=SCOPE)
    expires_in_days: int | None = Field(
        default=365, ge=1, le=3650, description="From now on; null: never."
    )

    @property
    def new(self) -> NewToken:
        """The same as a plain value."""
        return NewToken(name=self.name, scope=self.scope, days=self.expires_in_days)


class TokenBody(BaseModel):
    """A token without its secret."""

    id: str
    created_at: datetime
    name: str
    scope: Scope = Field(description=SCOPE)
    expires_at: datetime | None = Field(description="From when on it opens nothing; null: never.")
    revoked_at: datetime | None = Field(description="Since when it opens nothing, if it was.")
    last_used_at: datetime | None = Field(description="To the minute; null: never.")

    @classmethod
    def of(cls, record: TokenRecord) -> "TokenBody":
        """What anybody may see of it."""
        return cls.model_validate(record.model_dump(exclude={"owner_id"}))


class MadeTokenBody(TokenBody):
    """A token with what its holder has to send, which is told only here."""

    credential: str = Field(
        description="Send it as 'Authorization: Bearer …'. It is shown this once: keep it safe."
    )

    @classmethod
    def made(cls, record: TokenRecord, credential: Credential) -> "MadeTokenBody":
        """Of a token that was just made."""
        shown = TokenBody.of(record).model_dump()
        return cls(**shown, credential=str(credential))
