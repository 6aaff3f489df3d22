"""The table of published numbers, as the README has it, with links to where each came from."""

import re

PLACE = "<!-- the table of the README -->"
TABLE = re.compile(r"\| what \| measured \| script \|\n(?:\|.*\n)+")
SCRIPT = re.compile(r"\| `(\w+)` \|$", re.MULTILINE)
LINK = re.compile(r"\]\(docs/")
HAS_A_PAGE = {"coverage": "coverage.md"}


def put_into(page: str, readme: str) -> str:
    """Instead of PLACE."""
    found = TABLE.search(readme)
    if found is None:
        raise ValueError("README.md has no table of numbers: '| what | measured | script |'.")
    linked = SCRIPT.sub(lambda row: f"| [`{row[1]}`]({_place(row[1])}) |", found[0])
    return page.replace(PLACE, LINK.sub("](", linked).strip())


def _place(script: str) -> str:
    return HAS_A_PAGE.get(script, f"figures.md#{script}")
