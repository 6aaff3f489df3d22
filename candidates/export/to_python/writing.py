"""Writing: pieces of Python, broken into lines as a formatter would."""

from collections.abc import Sequence

WIDTH = 88
INDENT = "    "


def called(
    function: str, arguments: Sequence[str], depth: int, before: str = "", after: str = ""
) -> list[str]:
    """A call in one line if it fits, else its arguments in a line of their own, else in several.

    `before` and `after` stand around it.
    """
    inside, deeper = INDENT * depth, INDENT * (depth + 1)
    joined = ", ".join(arguments)
    one = f"{inside}{before}{function}({joined}){after}"
    if len(one) <= WIDTH or not arguments:
        return [one]
    fits = len(deeper) + len(joined) <= WIDTH
    inner = [deeper + joined] if fits else [f"{deeper}{each}," for each in arguments]
    return [f"{inside}{before}{function}(", *inner, f"{inside}){after}"]


def listed(values: Sequence[str]) -> str:
    """A list as Python has it."""
    return f"[{', '.join(values)}]"
