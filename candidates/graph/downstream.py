"""Downstream: what depends on what in a program."""

from collections.abc import Collection

from candidates.graph.program import Program


def downstream(program: Program, names: Collection[str]) -> list[str]:
    """The calls that read what the named calls gave, directly or not, in running order."""
    reached, result = set(names), []
    for call in program.calls:
        if reached.intersection(call.values()):
            reached.add(call.name)
            result.append(call.name)
    return result
