"""Axes: which dimensions of a network's tensors are the same thing.

Every dimension is a *term*: a leaf (one independent axis), a product of terms (flattened, row by
row) or a sum of terms (concatenated). Operators say which terms are equal; a leaf then becomes
another name for a leaf, or for a product or a sum when an operator takes it apart. A leaf may be
fixed, with the reason why it cannot shrink.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(eq=False)
class Leaf:
    """One axis. `bound` is what it turned out to be, `fixed` why it must keep its size."""

    size: int
    fixed: str | None = None
    is_batch: bool = False
    bound: "Term | None" = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Product:
    """Flattened dimensions, the last running fastest."""

    factors: tuple["Term", ...]


@dataclass(frozen=True, eq=False)
class Sum:
    """Concatenated ranges."""

    parts: tuple["Term", ...]


Term: TypeAlias = Leaf | Product | Sum
Terms: TypeAlias = tuple[Term, ...]


def size_of(term: Term) -> int:
    """How many indices a term has."""
    if isinstance(term, Leaf):
        return term.size
    if isinstance(term, Product):
        return math.prod(map(size_of, term.factors))
    return sum(map(size_of, term.parts))


def resolved(term: Term) -> Term:
    """The term in normal form: names followed, products and sums flat, factors of one dropped."""
    if isinstance(term, Leaf):
        return _followed(term)
    if isinstance(term, Product):
        return product(term.factors)
    parts: list[Term] = []
    for part in map(resolved, term.parts):
        parts += part.parts if isinstance(part, Sum) else [part]
    return parts[0] if len(parts) == 1 else Sum(tuple(parts))


def product(factors: Sequence[Term]) -> Term:
    """The normal form of a product; a fixed leaf of one if nothing else is left."""
    flat = list(factors_of(Product(tuple(factors))))
    if not flat:
        return one()
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def factors_of(term: Term) -> Iterator[Term]:
    """The resolved factors of a term, without those of size one."""
    if isinstance(term, Product):
        for factor in term.factors:
            yield from factors_of(factor)
        return
    found = resolved(term)
    if isinstance(found, Product):
        yield from found.factors
    elif size_of(found) != 1:
        yield found


def one() -> Leaf:
    """An axis with a single index."""
    return Leaf(1, fixed="It has a single index.")


def leaves(term: Term) -> Iterator[Leaf]:
    """The independent axes of a term, in order, resolved."""
    found = resolved(term)
    if isinstance(found, Leaf):
        yield found
        return
    for inner in found.factors if isinstance(found, Product) else found.parts:
        yield from leaves(inner)


def fix(term: Term, reason: str) -> None:
    """Keep a term as it is; the first reason given stands."""
    for leaf in leaves(term):
        leaf.fixed = leaf.fixed or reason


def is_fixed(term: Term) -> bool:
    """Whether no axis of a term may shrink."""
    return all(leaf.fixed for leaf in leaves(term))


def _followed(leaf: Leaf) -> Term:
    chain = []
    while leaf.bound is not None:
        chain.append(leaf)
        if not isinstance(leaf.bound, Leaf):
            end = resolved(leaf.bound)
            break
        leaf = leaf.bound
    else:
        end = leaf
    for passed in chain:
        passed.bound = end
    return end
