"""What the description of a call says of how it may fail."""

from collections.abc import Iterator
from typing import Any

from service.api.problems import MEDIA_TYPE
from service.errors import KINDS, PLAIN_KINDS, problem

Answers = dict[int | str, dict[str, Any]]

DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "A token is needed, or the one that was sent opens nothing.",
    403: "The token does not reach as far, or the call came from elsewhere.",
    404: "There is no such resource.",
    409: "It does not go together with what there is, or with what happens, at the moment.",
    412: "Another version of the protocol is spoken here.",
    413: "The body is too large.",
    415: "The body has another type than is taken here.",
    416: "The range lies outside of the file.",
    422: "Something is not allowed; `errors`, where there are any, point at it.",
    423: "Another request is adding to the same.",
    429: "Too many requests; `Retry-After` says when to go on.",
    460: "What arrived does not have the checksum that came with it.",
    500: "The service failed; its log tells why, under the `request_id`.",
    503: "The database or the store does not answer; `Retry-After` says when to try again.",
    507: "There is no room for the file.",
}


def answer(status: int) -> dict[str, Any]:
    """How a call says that it may fail so."""
    return {"$ref": f"#/components/responses/{status}", "description": DESCRIPTIONS[status]}


def answers_of(path: str, methods: set[str], has_body: bool) -> Answers:
    """How calls of a path may fail; what only some of them do they add themselves."""
    return {status: answer(status) for status in _statuses(path, methods, has_body)}


def components() -> dict[str, Any]:
    """All that the calls refer to, each with an example."""
    return {str(status): _component(status) for status in DESCRIPTIONS}


def _component(status: int) -> dict[str, Any]:
    kinds = (*KINDS.values(), *PLAIN_KINDS)
    kind = next(each for each in kinds if each.status == status)
    example = problem(kind, f"{kind.title}. What to do is said here.", request_id="request_0199f3")
    return {
        "description": DESCRIPTIONS[status],
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": example.model_dump(mode="json", exclude_none=True),
            }
        },
    }


def _statuses(path: str, methods: set[str], has_body: bool) -> Iterator[int]:
    yield from (422, 500)
    if path.startswith(("/v1", "/metrics")):
        yield from (401, 403, 429, 503)
    if "{" in path or has_body:
        yield 404
    if "POST" in methods or (path.startswith("/v1") and "{" in path):
        yield 409
    if has_body:
        yield from (400, 413, 415, 507)
    if path == "/v1/uploads":
        yield 413
    if path.startswith("/v1/uploads"):
        yield 412
