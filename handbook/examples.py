"""Examples: the blocks of a page that tests run, and those that they do not and why.

A block is preceded by a comment that pages do not show: `<!-- run -->`, `<!-- run: NAME.py -->`
which keeps it under a name as well, `<!-- file: NAME -->` which only writes it, or `<!-- not run:
reason -->`.
"""

import re
from pathlib import Path
from typing import Literal, NamedTuple

Language = Literal["bash", "python", "json", "yaml"]

BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>run|file|not run)(?:: (?P<about>[^\n]*?))? -->\n)?"
    r"```(?P<language>bash|python|json|yaml)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Example(NamedTuple):
    """A block; `about` is a file's name or the reason why it is not run."""

    mark: Literal["run", "file", "not run", None]
    about: str
    language: Language
    text: str


def examples(page: Path) -> list[Example]:
    """In the order of the page."""
    found = BLOCK.finditer(page.read_text("utf-8"))
    return [
        Example(each["mark"], each["about"] or "", each["language"], each["text"])  # type: ignore[arg-type]
        for each in found
    ]


def script(blocks: list[Example]) -> str:
    """All that a page has its reader do, as one program for bash."""
    return "\n".join(["set -euo pipefail", *map(_step, enumerate(blocks))])


def _step(numbered: tuple[int, Example]) -> str:
    number, block = numbered
    if block.mark == "run" and block.language == "bash":
        return block.text
    if block.mark not in ("run", "file"):
        return ""
    name = block.about or f"example_{number}.py"
    written = f"cat > {name} << 'END OF THE EXAMPLE'\n{block.text}END OF THE EXAMPLE"
    return written if block.mark == "file" else f"{written}\npython {name}"
