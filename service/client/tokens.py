"""Calls on tokens, for those whose own token administers."""

from service.bodies.tokens import MadeTokenBody, NewTokenBody, TokenBody
from service.client.calls import delete, get, listed, path, post
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation


class TokenCalls:
    """What callers show."""

    @operation
    def post_token(self, token: NewTokenBody) -> Operation[MadeTokenBody]:
        """With its credential, which is told this once."""
        return (yield from post(MadeTokenBody, path("tokens"), json=token.model_dump(mode="json")))

    @operation
    def token(self, token: str) -> Operation[TokenBody]:
        """A token by its id."""
        return (yield from get(TokenBody, path("tokens", token)))

    @listing
    def tokens(self) -> Telling[TokenBody]:
        """All of the owner's, newest first."""
        return listed(TokenBody, path("tokens"))

    @operation
    def revoke_token(self, token: str) -> Operation[None]:
        """It opens nothing from now on."""
        yield from delete(path("tokens", token))
