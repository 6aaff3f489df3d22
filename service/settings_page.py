"""The page docs/settings.md, made from the settings themselves: `student-search settings`."""

import json
from pathlib import Path
from typing import Any

from service.settings import CLIENT_VARIABLES, PREFIX, Settings

INTRODUCTION = f"""# Settings

Every setting of the service is an environment variable; `student-search serve` also takes the most
common ones as options. A value that is not allowed, or a variable that begins with `{PREFIX}`
and is no setting, stops the start with a sentence that says so. Lists are JSON. Worker processes
and the launcher get the server's own settings.

This page is made by `make settings`; do not edit it.
"""


def page() -> str:
    """As Markdown."""
    schema = Settings.model_json_schema()["properties"]
    rows = [_row(PREFIX + name.upper(), about) for name, about in schema.items()]
    heads = ["| variable | default | allowed | what it is |", "|---|---|---|---|"]
    clients = [f"* `{PREFIX}{name}`: {text}" for name, text in CLIENT_VARIABLES.items()]
    said = "Commands that speak to a service that runs read these:"
    return "\n".join([INTRODUCTION, *heads, *rows, "", said, "", *clients]) + "\n"


def main() -> None:
    """`python -m service.settings_page`: bring the page of this repository up to date."""
    (Path(__file__).parents[1] / "docs" / "settings.md").write_text(page(), "utf-8")


def _row(variable: str, about: dict[str, Any]) -> str:
    return f"| `{variable}` | {_default(about)} | {_allowed(about)} | {about['description']} |"


def _default(about: dict[str, Any]) -> str:
    value = about.get("default")
    if value is None or value == "":
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _allowed(about: dict[str, Any]) -> str:
    options = about.get("anyOf", [about])
    return " or ".join(dict.fromkeys(filter(None, map(_kind, options))))


def _kind(about: dict[str, Any]) -> str:
    if "enum" in about:
        return ", ".join(f"`{each}`" for each in about["enum"])
    if "const" in about:
        return f"`{about['const']}`"
    if about["type"] == "array":
        return f"list of {_kind(about['items'])}s"
    names = {"path": "path", "uri": "URL"}
    kind = names.get(about.get("format", ""), {"string": "text", "null": ""}.get(about["type"]))
    return " ".join(filter(None, [about["type"] if kind is None else kind, _limits(about)]))


def _limits(about: dict[str, Any]) -> str:
    words = {
        "minimum": "at least", "exclusiveMinimum": "above",
        "maximum": "at most", "exclusiveMaximum": "below",
    }  # fmt: skip
    return ", ".join(f"{word} {about[key]}" for key, word in words.items() if key in about)


if __name__ == "__main__":
    main()
