"""Schemas: types of JSON in words, and the page of all bodies."""

import re
from collections.abc import Iterator
from typing import Any

from handbook.tables import table

Schema = dict[str, Any]

PAGE = "bodies.md"
INTRODUCTION = """# Bodies of REST calls

What the [calls](rest.md) take and answer, as JSON. Fields in **bold** are always there, in
requests: must be given. `null` says that there is none. This page is made from
[openapi.json](../openapi.json), which the service answers at `/openapi.json`, too.
"""
LIMITS = {
    "minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}",
    "minLength": "at least {} long", "maxLength": "at most {} long",
    "minItems": "at least {} of them", "maxItems": "at most {} of them", "pattern": "like `{}`",
}  # fmt: skip
MARKS = re.compile(r"([|*_<>])")


def page(schemas: dict[str, Schema]) -> str:
    """As Markdown."""
    lines = [line for name in sorted(schemas) for line in _section(name, schemas[name])]
    return "\n".join([INTRODUCTION, *lines])


def words(schema: Schema, page: str = PAGE) -> str:
    """A type in words, with links to the bodies on `page`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name.strip('_')}]({page}#{anchor(name)})"
    if "anyOf" in schema or "oneOf" in schema:
        options = schema.get("anyOf") or schema["oneOf"]
        return " or ".join(dict.fromkeys(words(each, page) for each in options))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    limits = [said.format(schema[name]) for name, said in LIMITS.items() if name in schema]
    return ", ".join([_kind(schema, page), *limits])


def anchor(name: str) -> str:
    """Of a body on its page."""
    return f"body-{name.strip('_').lower()}"


def _kind(schema: Schema, page: str) -> str:
    match schema.get("type"):
        case "array":
            parts = schema.get("prefixItems") or [schema.get("items", {})]
            return f"list of ({', '.join(words(each, page) for each in parts)})"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"object of ({words(schema['additionalProperties'], page)})"
        case None:
            return "anything"
        case kind:
            return str(schema.get("format") or kind)


def _section(name: str, schema: Schema) -> Iterator[str]:
    yield from [f"## {name.strip('_')} {{ #{anchor(name)} }}", ""]
    if said := schema.get("description"):
        yield from [said, ""]
    if "properties" not in schema:
        yield from [words(schema, ""), ""]
        return
    required = schema.get("required", ())
    rows = [_row(key, each, key in required) for key, each in schema["properties"].items()]
    yield from table(("field", "type", "default", "what it is"), rows)


def _row(name: str, schema: Schema, required: bool) -> tuple[str, ...]:
    default = schema.get("default")
    shown = "" if default is None or required else f"`{default}`"
    return (
        f"**`{name}`**" if required else f"`{name}`",
        words(schema, ""),
        shown,
        MARKS.sub(r"\\\1", schema.get("description", "")),
    )
