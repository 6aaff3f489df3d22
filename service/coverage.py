"""Coverage: how much of a teacher can shrink, in sentences."""

from collections.abc import Sequence

from candidates.graph.neighbourhood import LeftOut, Split

LITTLE = 0.5
"""Of the parameters; whoever can shrink less is told so."""
NUM_NAMED = 3


def report(split: Split) -> str:
    """All that the worker's log says: figures, every module left out, and the warning."""
    lines = [
        f"{len(split.neighbourhoods)} neighbourhoods hold {_percent(split.coverage)} of the "
        f"parameters; {_percent(split.shrinkable)} can shrink."
    ]
    lines += [
        f"  left out: {_name(each)} ({each.num_parameters} parameters): {each.reason}"
        for each in split.left_out
    ]
    lines += [
        f"  not understood: {operator} ({count} calls)"
        for operator, count in split.unknown_operators.items()
    ]
    lines += [f"  note: {sentence}" for sentence in split.notes]
    found = warning(split)
    return "\n".join([*lines, f"  {found}"] if found else lines)


def warning(split: Split) -> str | None:
    """A sentence where little can shrink; None elsewhere."""
    if split.shrinkable >= LITTLE:
        return None
    sentence = f"Only {_percent(split.shrinkable)} of this teacher's parameters can shrink, so its "
    sentence += "students will not be much smaller."
    return f"{sentence} {_largest(split.left_out)}" if split.left_out else sentence


def _largest(left_out: Sequence[LeftOut]) -> str:
    largest = sorted(left_out, key=lambda each: -each.num_parameters)[:NUM_NAMED]
    named = "; ".join(
        f"{_name(each)} ({each.num_parameters} parameters): {each.reason.rstrip('.')}"
        for each in largest
    )
    return f"The largest modules left out are {named}."


def _name(left_out: LeftOut) -> str:
    return f"'{left_out.module}'" if left_out.module else "the network's own parameters"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
