"""Routes: what all of them do before and after their own work."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from service.api import idempotency
from service.api.idempotency import Answering
from service.api.known_methods import METHODS
from service.api.refusal_docs import answers_of


class Route(APIRoute):
    """Refuses parameters of the query that it does not know; posts are done once for each key. Its
    description tells how it may fail.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **rest: Any) -> None:
        if _posts(rest):
            rest["dependencies"] = [*(rest.get("dependencies") or ()), Depends(idempotency.key)]
        super().__init__(path, endpoint, **rest)
        METHODS[path] |= self.methods or set()
        has_body = self.body_field is not None or "requestBody" in (self.openapi_extra or {})
        self.responses = {**answers_of(path, self.methods or set(), has_body), **self.responses}

    def get_route_handler(self) -> Callable[[Request], Any]:
        """What the framework calls."""
        handler: Answering = super().get_route_handler()
        if "POST" in (self.methods or ()):
            handler = idempotency.once(handler)
        return _strict(handler, sorted(_queried(self.dependant)))


def _posts(arguments: dict[str, Any]) -> bool:
    return "POST" in (arguments.get("methods") or ())


def _queried(dependant: Dependant) -> set[str]:
    """The names of all parameters that a route and what it depends on take from the query."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_queried, dependant.dependencies))


def _strict(handler: Answering, known: list[str]) -> Answering:
    async def checked(request: Request) -> Response:
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            raise RequestValidationError([_unknown(name, known) for name in dict.fromkeys(unknown)])
        return await handler(request)

    return checked


def _unknown(name: str, known: list[str]) -> dict[str, Any]:
    likely = get_close_matches(name, known, 1)
    advice = f"did you mean {likely[0]}? " if likely else ""
    taken = f"this resource takes {', '.join(known)}" if known else "this resource takes none"
    message = f"there is no such parameter; {advice}{taken}"
    return {"loc": ("query", name), "msg": message, "type": "extra_forbidden"}
