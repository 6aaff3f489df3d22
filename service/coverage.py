"""Coverage: how much of a teacher can shrink, in sentences."""

from collections.abc import Sequence

from candidates.graph.neighbourhood import LeftOut, Split

LITTLE = 0.5
"""Of the parameters; whoever can shrink less is told so."""
NUM_NAMED = 3


def report(split: Split) -> str:
    """All that the worker's log says: figures, what was left out by reason, and the warning."""
    lines = [
        f"{len(split.neighbourhoods)} neighbourhoods hold {_percent(split.coverage)} of the "
        f"parameters; {_percent(split.shrinkable)} can shrink."
    ]
    lines += [f"  left out: {sentence}" for sentence in _grouped(split.left_out)]
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


def _grouped(left_out: Sequence[LeftOut]) -> list[str]:
    """A sentence for each reason, the one that holds most parameters first."""
    groups: dict[str, list[LeftOut]] = {}
    for each in left_out:
        groups.setdefault(each.reason, []).append(each)
    return [
        f"{_named(group)} ({_parameters(group)} parameters): {reason}"
        for reason, group in sorted(groups.items(), key=lambda item: -_parameters(item[1]))
    ]


def _named(group: Sequence[LeftOut]) -> str:
    """The first few, and how many there are."""
    shown = ", ".join(map(_name, group[:NUM_NAMED]))
    rest = len(group) - NUM_NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown


def _parameters(group: Sequence[LeftOut]) -> int:
    return sum(each.num_parameters for each in group)


def _largest(left_out: Sequence[LeftOut]) -> str:
    largest = sorted(left_out, key=lambda each: -each.num_parameters)[:NUM_NAMED]
    named = "; ".join(
        f"{_name(each)} ({each.num_parameters} parameters): {each.reason.rstrip('.')}"
        for each in largest
    )
    return f"The largest modules left out are {named}."


def _name(left_out: LeftOut) -> str:
    """Of a module that is left out in part, the parameters that are."""
    if left_out.parameters:
        return ", ".join(f"'{name}'" for name in left_out.parameters)
    return f"'{left_out.module}'" if left_out.module else "the network's own parameters"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
