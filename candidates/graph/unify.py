"""Making axes equal, and taking them apart where an operator flattens, concatenates or slices."""

from collections.abc import Sequence
from itertools import accumulate

from candidates.graph.axes import (
    Leaf,
    Product,
    Sum,
    Term,
    Terms,
    factors_of,
    fix,
    is_fixed,
    leaves,
    product,
    resolved,
    size_of,
)


def unify(one_term: Term, other: Term) -> None:
    """Make two terms of the same size equal; where they cannot be aligned, both stay fixed."""
    waiting = [(one_term, other)]
    while waiting:
        left, right = (resolved(term) for term in waiting.pop())
        if left is right:
            continue
        if isinstance(left, Leaf) and isinstance(right, Leaf):
            _join(left, right)
        elif isinstance(left, Leaf):
            _bind(left, right)
        elif isinstance(right, Leaf):
            _bind(right, left)
        else:
            pairs = _aligned(left, right)
            if pairs is None:
                _fix_both(left, right)
            waiting += pairs or []


def cut_apart(term: Term, sizes: Sequence[int]) -> Terms | None:
    """The term as a product of factors of these sizes, or None where that would cut across one."""
    rest = list(factors_of(term))
    result = []
    for size in sizes:
        taken = _take(rest, size)
        if taken is None:
            return None
        result.append(taken)
    return tuple(result)


def range_of(term: Term, start: int, stop: int) -> Term:
    """The indices from `start` to before `stop` as a term; what it cuts through is taken apart.

    A term that cannot be cut there is fixed.
    """
    found = resolved(term)
    if (start, stop) == (0, size_of(found)):
        return found
    if is_fixed(found):
        return Leaf(stop - start, fixed=next(leaves(found)).fixed)
    if isinstance(found, Leaf):
        found = _as_sum(found, start, stop)
    if isinstance(found, Sum):
        return _range_of_sum(found, start, stop)
    assert isinstance(found, Product)
    inner = size_of(Product(found.factors[1:]))
    if start % inner == 0 and stop % inner == 0:
        first = range_of(found.factors[0], start // inner, stop // inner)
        return product((first, *found.factors[1:]))
    return _fixed_range(found, start, stop)


def _join(left: Leaf, right: Leaf) -> None:
    if right.is_batch:
        left, right = right, left
    left.fixed = left.fixed or right.fixed
    right.bound = left


def _bind(leaf: Leaf, term: Term) -> None:
    if leaf.is_batch or leaf in list(leaves(term)):
        _fix_both(leaf, term)
        return
    if leaf.fixed:
        fix(term, leaf.fixed)
    leaf.bound = term


def _fix_both(left: Term, right: Term) -> None:
    reason = "It is flattened or concatenated in two ways that do not align."
    known = next((leaf.fixed for leaf in (*leaves(left), *leaves(right)) if leaf.fixed), None)
    fix(left, known or reason)
    fix(right, known or reason)


def _aligned(left: Product | Sum, right: Product | Sum) -> list[tuple[Term, Term]] | None:
    if isinstance(left, Sum) and isinstance(right, Sum):
        return _aligned_sums(left, right)
    if isinstance(left, Product) and isinstance(right, Product):
        return _aligned_products(left, right)
    a_sum, a_product = (left, right) if isinstance(left, Sum) else (right, left)
    assert isinstance(a_sum, Sum)
    assert isinstance(a_product, Product)
    cut = _columns_of(a_sum, size_of(Product(a_product.factors[1:])))
    if cut is None:
        return None
    fix(a_product.factors[0], "It counts the parts of a concatenation.")
    return [(column, product(a_product.factors[1:])) for column in cut]


def _aligned_products(left: Product, right: Product) -> list[tuple[Term, Term]] | None:
    """Pairs of factors of equal size, the larger taken apart where they differ."""
    ours, theirs = list(left.factors), list(right.factors)
    pairs: list[tuple[Term, Term]] = []
    while ours and theirs:
        size = min(size_of(ours[0]), size_of(theirs[0]))
        pair = _take(ours, size), _take(theirs, size)
        if pair[0] is None or pair[1] is None:
            return None
        pairs.append((pair[0], pair[1]))
    return pairs


def _aligned_sums(left: Sum, right: Sum) -> list[tuple[Term, Term]]:
    """Pairs of ranges between all boundaries of both."""
    stops = sorted({*accumulate(map(size_of, left.parts)), *accumulate(map(size_of, right.parts))})
    ranges = list(zip([0, *stops], stops, strict=False))
    return [(_range_of_sum(left, *each), _range_of_sum(right, *each)) for each in ranges]


def _take(factors: list[Term], size: int) -> Term | None:
    """Remove leading factors that make up `size`, taking the last apart if need be."""
    taken: list[Term] = []
    while size > 1:
        if not factors:
            return None
        first = resolved(factors.pop(0))
        if isinstance(first, Product):
            factors[:0] = first.factors
            continue
        if size % size_of(first):
            halves = _halved(first, size)
            if halves is None:
                return None
            first = halves[0]
            factors.insert(0, halves[1])
        taken.append(first)
        size //= size_of(first)
    return product(taken)


def _halved(term: Term, size: int) -> tuple[Term, Term] | None:
    """A leaf or a sum as a product of `size` and the rest; None where that is impossible."""
    if size_of(term) % size:
        return None
    rest = size_of(term) // size
    if isinstance(term, Leaf):
        if term.is_batch:
            return None
        halves = Leaf(size, term.fixed), Leaf(rest, term.fixed)
        term.bound = Product(halves)
        return halves
    assert isinstance(term, Sum)
    columns = _columns_of(term, rest)
    if columns is None:
        return None
    for column in columns[1:]:
        unify(columns[0], column)
    return Leaf(size, "It counts the parts of a concatenation."), columns[0]


def _columns_of(term: Sum, size: int) -> list[Term] | None:
    """What runs fastest in every part of a sum, `size` indices each; what runs slower is fixed."""
    columns: list[Term] = []
    for part in term.parts:
        if size_of(part) % size:
            return None
        cut = cut_apart(part, (size_of(part) // size, size))
        if cut is None:
            return None
        fix(cut[0], "It counts the parts of a concatenation.")
        columns.append(cut[1])
    return columns


def _as_sum(leaf: Leaf, start: int, stop: int) -> Sum:
    sizes = [size for size in (start, stop - start, leaf.size - stop) if size]
    result = Sum(tuple(Leaf(size) for size in sizes))
    leaf.bound = result
    return result


def _range_of_sum(term: Sum, start: int, stop: int) -> Term:
    parts, offset = [], 0
    for part in term.parts:
        end = offset + size_of(part)
        low, high = max(start, offset), min(stop, end)
        if low < high:
            parts.append(range_of(part, low - offset, high - offset))
        offset = end
    return resolved(Sum(tuple(parts)))


def _fixed_range(term: Term, start: int, stop: int) -> Term:
    reason = "It is sliced across its rows."
    fix(term, reason)
    return Leaf(stop - start, fixed=reason)
