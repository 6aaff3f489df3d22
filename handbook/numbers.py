"""The table of published numbers, with links to where each came from."""

import re

TABLE = re.compile(r"\| what \| measured \| script \|\n(?:\|.*\n)+")
SCRIPT = re.compile(r"\| `(\w+)` \|$", re.MULTILINE)
HAS_A_PAGE = {"coverage": "coverage.md"}


def linked(page: str) -> str:
    """The page, its table's scripts being links."""
    found = TABLE.search(page)
    if found is None:
        raise ValueError("The page has no table of numbers: '| what | measured | script |'.")
    rows = SCRIPT.sub(lambda row: f"| [`{row[1]}`]({_place(row[1])}) |", found[0])
    return page.replace(found[0], rows)


def _place(script: str) -> str:
    return HAS_A_PAGE.get(script, f"figures.md#{script}")
