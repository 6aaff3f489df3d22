"""The page of the GitHub action's inputs and outputs, from action.yml."""

from typing import Any

from handbook.tables import table

INTRODUCTION = """# GitHub action

What the action at the root of the repository takes and gives;
[how to gate a pipeline](../how-to/ci.md) shows it at work. This page is made from `action.yml`.

## Inputs
"""


def page(action: dict[str, Any]) -> str:
    """As Markdown."""
    inputs = [_input(name, about) for name, about in action["inputs"].items()]
    outputs = [(f"`{name}`", about["description"]) for name, about in action["outputs"].items()]
    return "\n".join([
        INTRODUCTION, *table(("input", "default", "what it is"), inputs), "## Outputs", "",
        *table(("output", "what it is"), outputs),
    ])  # fmt: skip


def _input(name: str, about: dict[str, Any]) -> tuple[str, ...]:
    default = str(about.get("default", ""))
    return (
        f"**`{name}`**" if about.get("required") else f"`{name}`",
        f"`{default}`" if default else "",
        about["description"],
    )
