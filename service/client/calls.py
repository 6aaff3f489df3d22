"""Calls: the usual kinds of request, as operations."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from service.bodies.common import Items
from service.client.answers import body_of, refuse
from service.client.effects import Operation, Request, Tell, Telling, send

Body = TypeVar("Body", bound=BaseModel)

PAGE_ITEMS = 200


def path(*parts: str) -> str:
    """Of a resource; ids are taken literally, whatever is in them."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def get(kind: type[Body], where: str, /, **params: Any) -> Operation[Body]:
    """What is there; parameters that are None are left out."""
    return body_of(kind, (yield from send(Request("GET", where, params=_given(params)))))


def post(
    kind: type[Body], where: str, headers: Mapping[str, str] | None = None, **content: Any
) -> Operation[Body]:
    """What was made; done once, however often it is sent."""
    request = Request("POST", where, headers=headers or {}, content=content)
    return body_of(kind, (yield from send(request)))


def patch(kind: type[Body], where: str, json: Any) -> Operation[Body]:
    """What it is from now on."""
    return body_of(kind, (yield from send(Request("PATCH", where, content={"json": json}))))


def delete(where: str) -> Operation[None]:
    """Nothing is left there."""
    refuse((yield from send(Request("DELETE", where))))


def listed(kind: type[Body], where: str, /, **params: Any) -> Telling[Body]:
    """Tells every item of all pages, in the order of the list."""
    return Telling(_listed(kind, where, params))


def first(kind: type[Body], where: str, fits: Callable[[Body], bool]) -> Operation[Body | None]:
    """Of a list the first item that fits."""
    cursor: str | None = None
    while True:
        found = yield from _page(kind, where, {"cursor": cursor})
        for item in found.items:
            if fits(item):
                return item
        cursor = found.next
        if cursor is None:
            return None


def _listed(kind: type[Body], where: str, params: Mapping[str, Any]) -> Operation[None]:
    cursor: str | None = None
    while True:
        found = yield from _page(kind, where, {**params, "cursor": cursor})
        for item in found.items:
            yield Tell(item)
        cursor = found.next
        if cursor is None:
            return


def _page(kind: type[Body], where: str, params: Mapping[str, Any]) -> Operation[Items[Body]]:
    page: type[Items[Body]] = Items[kind]  # type: ignore[valid-type]
    return (yield from get(page, where, **{"limit": PAGE_ITEMS, **params}))


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
