"""Widths: the axes of a program that may shrink, with the calls that they touch."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from candidates.graph.axes import Leaf, Product, Sum, Term, Terms, fix, leaves, resolved, size_of
from candidates.graph.follow import Axes
from candidates.graph.operators import CONVOLUTIONS, WEIGHTED
from candidates.graph.program import Call, Program, TensorOf

TAKEN = "Its layer shrinks along another axis."


@dataclass(frozen=True, eq=False)
class AxisWidth:
    """An unfixed axis of at least two indices that parameters carry.

    `calls` are all that read or give a tensor with the axis. A producer's weight has it among its
    rows, a consumer is a linear call that contracts it with its weight. `mixed` tells that
    something else than consumers mixes its indices (a product of queries and keys, a LayerNorm).
    All indices together are so many `channels` of the first tensor that has the axis.
    """

    axis: Leaf
    name: str
    calls: frozenset[str]
    tensors: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    mixed: bool
    channels: int


def find_widths(program: Program, axes: Axes) -> list[AxisWidth]:
    """All widths in the order in which the program meets their parameters.

    Where two axes make up one dimension of a parameter, such as heads and their size, only one
    of them may shrink: the other is fixed. One that is not `mixed`, then the larger, is preferred.
    """
    mixed = _mixed(axes)
    _settle_conflicts(program, axes, mixed)
    parameters = [name for name in program.tensors() if name not in program.buffers]
    carried: dict[Leaf, list[str]] = defaultdict(list)
    for name in parameters:
        for leaf in _free(axes.tensors[name]):
            carried[leaf].append(name)
    touched = _touched(program, axes)
    names: set[str] = set()
    return [
        _width(program, axes, leaf, (touched[leaf], carried[leaf], leaf in mixed), names)
        for leaf in carried
    ]


def is_weighted(call: Call) -> bool:
    """Whether a call contracts something with a parameter."""
    return call.operator in WEIGHTED and bool(call.tensors())


def axes_of(call: Call, axes: Axes) -> Iterator[Leaf]:
    """The unfixed axes of all that a call reads and gives, possibly several times."""
    found = axes.values[call.name]
    for terms in found if isinstance(found, list) else [found]:
        yield from _free(terms)
    for name in call.tensors():
        yield from _free(axes.tensors[name])
    for name in call.values():
        read = axes.values[name]
        for terms in read if isinstance(read, list) else [read]:
            yield from _free(terms)


def _free(terms: Terms) -> Iterator[Leaf]:
    seen = set()
    for term in terms:
        for leaf in leaves(term):
            if not leaf.fixed and leaf.size > 1 and leaf not in seen:
                seen.add(leaf)
                yield leaf


def _mixed(axes: Axes) -> set[Leaf]:
    names = ("head", "normalised", "contracted")
    notes = (note for known in axes.notes.values() for note in known.items())
    return {leaf for name, term in notes if name.startswith(names) for leaf in leaves(term)}


def _settle_conflicts(program: Program, axes: Axes, mixed: set[Leaf]) -> None:
    rivals: dict[Leaf, set[Leaf]] = defaultdict(set)
    terms = [term for name in program.tensors() for term in axes.tensors[name]]
    for group in [group for term in terms for group in _products(term)]:
        for leaf in group:
            if group.count(leaf) > 1:
                fix(leaf, "It is flattened together with itself.")
            rivals[leaf] |= set(group) - {leaf}
    for leaf in sorted(rivals, key=lambda leaf: (leaf in mixed, -leaf.size)):
        if not leaf.fixed:
            for rival in rivals[leaf]:
                fix(rival, TAKEN)


def _products(term: Term) -> Iterator[list[Leaf]]:
    """For every product in a term, the unfixed axes that it flattens together."""
    found = resolved(term)
    if isinstance(found, Product):
        group = [leaf for factor in found.factors for leaf in _free((factor,))]
        if len(group) > 1:
            yield group
    elif isinstance(found, Sum):
        for part in found.parts:
            yield from _products(part)


def _touched(program: Program, axes: Axes) -> dict[Leaf, set[str]]:
    result: dict[Leaf, set[str]] = defaultdict(set)
    for call in program.calls:
        for leaf in axes_of(call, axes):
            result[leaf].add(call.name)
    return result


def _width(
    program: Program,
    axes: Axes,
    leaf: Leaf,
    known: tuple[set[str], list[str], bool],
    names: set[str],
) -> AxisWidth:
    calls, tensors, mixed = known
    weighted = [call for call in program.calls if call.name in calls and is_weighted(call)]
    producers = [call for call in weighted if _has(axes, _weight(call), 0, leaf)]
    consumers = [
        call for call in weighted if is_linear(call) and _has(axes, _weight(call), 1, leaf)
    ]
    source = _weight(producers[0]) if producers else None
    return AxisWidth(
        axis=leaf,
        name=_unused((source or tensors[0]).removesuffix(".weight"), names),
        calls=frozenset(calls),
        tensors=tuple(tensors),
        producers=tuple(call.name for call in producers),
        consumers=tuple(call.name for call in consumers),
        mixed=mixed,
        channels=max(_channels(term, leaf) for term in axes.tensors[tensors[0]]),
    )


def _channels(term: Term, leaf: Leaf) -> int:
    """How many of a dimension's indices go by an axis: of groups, all in them."""
    found = resolved(term)
    if isinstance(found, Sum):
        return max(_channels(part, leaf) for part in found.parts)
    return size_of(found) if any(each is leaf for each in leaves(found)) else 0


def is_linear(call: Call) -> bool:
    """Whether a call is a convolution or a linear layer with a parameter as its weight."""
    return call.operator in CONVOLUTIONS | {"linear.default"} and _weight(call) is not None


def _weight(call: Call) -> str | None:
    """The name of the parameter in the place of a convolution's or linear layer's weight."""
    argument = call.arguments[1] if len(call.arguments) > 1 else None
    return argument.tensor if isinstance(argument, TensorOf) else None


def _has(axes: Axes, tensor: str | None, dim: int, leaf: Leaf) -> bool:
    terms = axes.tensors[tensor] if tensor else ()
    return len(terms) > dim and any(found is leaf for found in leaves(terms[dim]))


def _unused(name: str, names: set[str]) -> str:
    result, number = name, 2
    while result in names:
        result, number = f"{name}:{number}", number + 1
    names.add(result)
    return result
