"""The page of all REST calls, from docs/openapi.json."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from handbook.schemas import words
from handbook.tables import table

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
GENERAL = ("401", "403", "422", "429", "500", "503")
INTRODUCTION = """# REST calls

A running service explains and tries them at `/docs`, offline. With tokens, every call takes
`Authorization: Bearer …`. Lists come in pages: `limit` items, and `next` is the `cursor` of the
next page. A `POST` that takes time answers 202 with the `job` to wait for; posting the same again
answers 200 with what there is and a `note`. Every `POST` may have an `Idempotency-Key`; downloads
take `Range` and `If-None-Match` and answer `Repr-Digest` (SHA-256).

Beside the answers below, every call may answer 401, 403, 422, 429, 500 and 503, always as a
[problem](problems.md). This page is made from [openapi.json](../openapi.json).
"""


def page(description: dict[str, Any]) -> str:
    """As Markdown."""
    found = sorted(_operations(description), key=lambda each: each[0])
    lines: list[str] = []
    for tag, group in groupby(found, key=lambda each: each[0]):
        lines += [f"## {tag.capitalize()}", ""]
        for _, path, method, operation in group:
            lines += _section(path, method, operation)
    return "\n".join([INTRODUCTION, *lines])


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Tag, path, method, operation."""
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                yield methods[method]["tags"][0], path, method, methods[method]


def _section(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from [f"### {operation['summary']}", "", f"`{method.upper()} {path}`", ""]
    if said := operation.get("description"):
        yield from [said, ""]
    wanted = [each for each in operation.get("parameters", []) if each["name"] != "idempotency-key"]
    yield from table(("parameter", "in", "type", "what it is"), map(_parameter, wanted))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from [f"Takes `{media}`: {words(content['schema'])}.", ""]
    answers = [each for each in operation["responses"].items() if each[0] not in GENERAL]
    yield from table(("answer", "body", "when"), [_answer(*each) for each in sorted(answers)])


def _parameter(parameter: dict[str, Any]) -> tuple[str, ...]:
    name = f"`{parameter['name']}`"
    return (
        f"**{name}**" if parameter.get("required") else name,
        parameter["in"],
        words(parameter["schema"]),
        parameter.get("description", ""),
    )


def _answer(status: str, answer: dict[str, Any]) -> tuple[str, ...]:
    if "$ref" in answer:
        return status, "[problem](problems.md)", answer.get("description", "")
    bodies = [
        words(content["schema"]) if content.get("schema") else f"`{media}`"
        for media, content in answer.get("content", {}).items()
    ]
    said = answer.get("description", "")
    return status, ", ".join(dict.fromkeys(bodies)), "" if said == "Successful Response" else said
