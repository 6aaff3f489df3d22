"""Routes of tokens, for those that may administer them."""

from fastapi import APIRouter, Depends, Response

from service.api.guard import CallerOf, needs
from service.api.lists import AskedOf
from service.api.parts import Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.tokens import MadeTokenBody, NewTokenBody, TokenBody
from service.repositories import tokens

router = APIRouter(
    prefix="/v1/tokens", tags=["tokens"], dependencies=[Depends(needs("admin"))], route_class=Route
)


@router.post("", status_code=201, summary="Make a token", dependencies=[Depends(takes(JSON))])
def post(
    body: NewTokenBody, session: Writing, caller: CallerOf, response: Response
) -> MadeTokenBody:
    """For the owner of the token that asks; every call makes another. Other owners, and a
    service's first token, come from the command line: student-search token create.
    """
    record, credential = tokens.add(session, caller.owner_id, body.new)
    response.headers["location"] = f"/v1/tokens/{record.id}"
    response.headers["cache-control"] = "no-store"
    return MadeTokenBody.made(record, credential)


@router.get("", summary="List tokens")
def listing(session: Reading, asked: AskedOf) -> Items[TokenBody]:
    """The owner's, newest first, also those that open nothing any more."""
    found = tokens.listing(session, asked.page)
    return asked.answer(found, [TokenBody.of(record) for record in found.items])


@router.get("/{token_id}", summary="Show a token")
def show(token_id: str, session: Reading) -> TokenBody:
    """Until when it is valid, and when it was last used."""
    return TokenBody.of(tokens.get(session, token_id))


@router.delete("/{token_id}", status_code=204, summary="Revoke a token")
def revoke(token_id: str, session: Writing) -> None:
    """It opens nothing from the next call on; it is still listed."""
    tokens.revoke(session, token_id)
