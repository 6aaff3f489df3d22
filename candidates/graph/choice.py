"""Choice: which indices of some axes are kept, and what that leaves of any term."""

from collections.abc import Mapping, Sequence

from candidates.graph.axes import Leaf, Product, Sum, Term, factors_of, leaves, resolved, size_of
from candidates.graph.program import Batch

Choice = Mapping[Leaf, Sequence[int]]
"""Axis -> the indices that it keeps, ascending; other axes are kept whole."""


def touches(term: Term, choice: Choice) -> bool:
    """Whether a term loses indices."""
    return any(leaf in choice for leaf in leaves(term))


def kept_indices(term: Term, choice: Choice) -> list[int]:
    """The flat indices that remain of a term, ascending."""
    found = resolved(term)
    if isinstance(found, Leaf):
        return list(choice.get(found, range(found.size)))
    if isinstance(found, Product):
        return _nested(found, choice)
    result, offset = [], 0
    assert isinstance(found, Sum)
    for part in found.parts:
        result += [offset + index for index in kept_indices(part, choice)]
        offset += size_of(part)
    return result


def owned_indices(term: Term, axis: Leaf) -> list[list[int]]:
    """For every index of an axis, the flat indices of a term that belong to it; parts of a
    concatenation without the axis belong to none.
    """
    found = resolved(term)
    if isinstance(found, Sum):
        return _owned_of_sum(found, axis)
    if not any(leaf is axis for leaf in leaves(found)):
        return [[] for _ in range(axis.size)]
    if isinstance(found, Leaf):
        return [[index] for index in range(axis.size)]
    result = [[0] for _ in range(axis.size)]
    for factor in found.factors:
        has_axis = any(leaf is axis for leaf in leaves(factor))
        whole = [list(range(size_of(factor)))] * axis.size
        inner = owned_indices(factor, axis) if has_axis else whole
        result = [
            _crossed(outer, here, size_of(factor))
            for outer, here in zip(result, inner, strict=True)
        ]
    return result


def kept_size(term: Term, choice: Choice) -> int:
    """How many indices remain of a term."""
    found = resolved(term)
    if isinstance(found, Leaf):
        return len(choice[found]) if found in choice else found.size
    if isinstance(found, Sum):
        return sum(kept_size(part, choice) for part in found.parts)
    result = 1
    for factor in found.factors:
        result *= kept_size(factor, choice)
    return result


def size_argument(term: Term, choice: Choice) -> int | Batch:
    """What remains of a term as the argument of an operator: a number, or a share of the batch."""
    factors = list(factors_of(term))
    per_image = 1
    has_batch = False
    for factor in factors:
        if isinstance(factor, Leaf) and factor.is_batch:
            has_batch = True
        else:
            per_image *= kept_size(factor, choice)
    return Batch(batch=per_image) if has_batch else per_image


def _nested(found: Product, choice: Choice) -> list[int]:
    result = [0]
    for factor in found.factors:
        result = _crossed(result, kept_indices(factor, choice), size_of(factor))
    return result


def _crossed(outer: Sequence[int], inner: Sequence[int], size: int) -> list[int]:
    return [row * size + column for row in outer for column in inner]


def _owned_of_sum(found: Sum, axis: Leaf) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in range(axis.size)]
    offset = 0
    for part in found.parts:
        for indices, owned in zip(result, owned_indices(part, axis), strict=True):
            indices += [offset + index for index in owned]
        offset += size_of(part)
    return result
