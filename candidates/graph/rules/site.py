"""Site: one call as its rule sees it, with the terms of what it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from candidates.graph.axes import Leaf, Term, Terms, fix, one, size_of
from candidates.graph.unify import unify

Shape = tuple[int, ...]
Result = Terms | list[Terms]
"""The terms of a result, or of a list of results."""


@dataclass(frozen=True)
class Site:
    """`arguments` has the terms of every tensor argument (a tuple of terms, or a list of those for
    a list of tensors) and the plain value of every other, by the names of the operator's schema.
    `shape` is the result's, a list of shapes for a list of results.
    """

    operator: str
    arguments: Mapping[str, Any]
    shape: Shape | list[Shape]
    batch: Leaf
    notes: dict[str, Term]
    """What resizing must know later; written by rules."""

    def __getitem__(self, name: str) -> Any:
        """The argument of a name; None if it was left out and has no default."""
        return self.arguments.get(name)

    def terms(self, name: str) -> Terms:
        """The terms of a tensor argument."""
        found = self.arguments[name]
        assert isinstance(found, tuple), f"{self.operator} needs a tensor as {name}"
        return found

    def result_shape(self) -> Shape:
        """The shape of the one result."""
        assert isinstance(self.shape, tuple)
        return self.shape

    def new_axis(self, size: int, fixed: str | None = None) -> Term:
        """An axis that has to do with no other so far."""
        return one() if size == 1 else Leaf(size, fixed)

    def new_axes(self, shape: Sequence[int]) -> Terms:
        """The axes of a tensor made from nothing; a first one of the batch's size is the batch."""
        first = self.batch if shape and shape[0] == self.batch.size else None
        axes = [self.new_axis(size) for size in shape]
        return (first, *axes[1:]) if first else tuple(axes)

    def fixed_axes(self, shape: Sequence[int], reason: str) -> Terms:
        """Like `new_axes`, but none of them may shrink."""
        axes = self.new_axes(shape)
        fixed_all(axes, reason)
        return axes

    def dim(self, name: str = "dim", of: str = "self", default: int = 0) -> int:
        """A dimension argument counted from the front."""
        given = self.arguments.get(name)
        given = default if given is None else given
        return int(given) % max(1, len(self.terms(of)))

    def all_tensors(self) -> list[Terms]:
        """The terms of all tensor arguments."""
        result: list[Terms] = []
        for argument in self.arguments.values():
            if is_terms(argument):
                result.append(argument)
            elif isinstance(argument, list):
                result += [inner for inner in argument if is_terms(inner)]
        return result


def kept_whole(site: Site, reason: str) -> Result:
    """Fixes all that a call reads; what it gives has fixed axes of its own."""
    for terms in site.all_tensors():
        fixed_all(terms, reason)
    if isinstance(site.shape, list):
        return [site.fixed_axes(shape, reason) for shape in site.shape]
    return site.fixed_axes(site.shape, reason)


def is_terms(argument: object) -> bool:
    """Whether an argument is the terms of a tensor (plain lists of numbers are lists)."""
    return isinstance(argument, tuple)


def broadcast(tensors: Sequence[Terms]) -> Terms:
    """The terms of what several tensors give together, aligned at their last dimension."""
    rank = max(map(len, tensors))
    result: list[Term] = []
    for position in range(-rank, 0):
        here = [terms[position] for terms in tensors if len(terms) >= -position]
        wide = [term for term in here if size_of(term) != 1] or here[:1]
        for other in wide[1:]:
            unify(wide[0], other)
        result.append(wide[0])
    return tuple(result)


def fixed_all(terms: Sequence[Term], reason: str) -> None:
    """Fix several terms for one reason."""
    for term in terms:
        fix(term, reason)


def replaced(terms: Terms, dim: int, *by: Term) -> Terms:
    """The terms with others in the place of one."""
    return (*terms[:dim], *by, *terms[dim + 1 :])


def as_list(value: object) -> list[int]:
    """A number or a list of numbers as a list."""
    return [value] if isinstance(value, int) else list(cast(Sequence[int], value))
