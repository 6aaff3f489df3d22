"""Operators that take ranges or single indices."""

from candidates.graph.axes import Sum, Term, fix, resolved, size_of
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Site, broadcast, is_terms, kept_whole, replaced
from candidates.graph.unify import range_of, unify


@rule("split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk")
def split(site: Site) -> Result:
    """Ranges side by side."""
    terms, dim = site.terms("self"), site.dim()
    assert isinstance(site.shape, list)
    result, start = [], 0
    for shape in site.shape:
        stop = start + shape[dim]
        result.append(replaced(terms, dim, range_of(terms[dim], start, stop)))
        start = stop
    site.notes["split"] = terms[dim]
    return result


@rule("unbind")
def unbind(site: Site) -> Result:
    """One result an index."""
    terms, dim = site.terms("self"), site.dim()
    fix(terms[dim], "Its indices are taken one by one.")
    assert isinstance(site.shape, list)
    return [replaced(terms, dim)] * len(site.shape)


@rule("select")
def select(site: Site) -> Result:
    """One index of a dimension."""
    terms, dim = site.terms("self"), site.dim()
    fix(terms[dim], "A single index of it is taken.")
    return replaced(terms, dim)


@rule("slice", "narrow")
def slice_of(site: Site) -> Result:
    """A range of a dimension."""
    terms, dim = site.terms("self"), site.dim()
    size, length = size_of(terms[dim]), site.result_shape()[dim]
    step = site["step"] or 1
    if step != 1:
        fix(terms[dim], "It is sliced in steps.")
        return replaced(terms, dim, site.new_axis(length, "It is sliced in steps."))
    start = first_index(site["start"], size)
    site.notes["sliced"] = terms[dim]
    return replaced(terms, dim, range_of(terms[dim], start, start + length))


@rule("slice_scatter")
def slice_scatter(site: Site) -> Result:
    """A range of a dimension takes other values."""
    if site["step"] not in (None, 1):
        return kept_whole(site, "It is sliced in steps.")
    terms, source, dim = site.terms("self"), site.terms("src"), site.dim()
    start = first_index(site["start"], size_of(terms[dim]))
    site.notes["sliced"] = terms[dim]
    unify(range_of(terms[dim], start, start + size_of(source[dim])), source[dim])
    for place, term in enumerate(terms):
        if place != dim:
            unify(term, source[place])
    return terms


@rule("select_scatter")
def select_scatter(site: Site) -> Result:
    """A single index of a dimension takes other values."""
    terms, dim = site.terms("self"), site.dim()
    fix(terms[dim], "A single index of it is replaced.")
    broadcast([replaced(terms, dim), site.terms("src")])
    return terms


def first_index(start: int | None, size: int) -> int:
    """Where a slice begins, counted from the front."""
    start = start or 0
    return max(0, start + size) if start < 0 else min(start, size)


@rule("glu")
def glu(site: Site) -> Result:
    """The first half gated by the second."""
    terms, dim = site.terms("self"), site.dim(default=-1)
    half = size_of(terms[dim]) // 2
    first, second = range_of(terms[dim], 0, half), range_of(terms[dim], half, 2 * half)
    unify(first, second)
    return replaced(terms, dim, first)


@rule("index")
def index(site: Site) -> Result:
    """Rows by tensors of indices; dimensions without one pass through."""
    terms = site.terms("self")
    given = site["indices"]
    tensors = [item for item in given if item is not None]
    places = [place for place, item in enumerate(given) if item is not None]
    for place in places:
        fix(terms[place], "Indices look it up.")
    shape = site.result_shape()
    rank = max(len(item) for item in tensors)
    first = places[0] if places == list(range(places[0], places[-1] + 1)) else 0
    new = tuple(site.new_axis(size, "Indices give it.") for size in shape[first : first + rank])
    rest = [term for place, term in enumerate(terms) if place not in places]
    return (*rest[:first], *new, *rest[first:])


@rule("index_select")
def index_select(site: Site) -> Result:
    """Some indices of one dimension."""
    terms, dim = site.terms("self"), site.dim()
    fix(terms[dim], "Indices look it up.")
    return replaced(terms, dim, site.new_axis(site.result_shape()[dim], "Indices give it."))


@rule("cat")
def cat(site: Site) -> Result:
    """Side by side along one dimension; the others are equal."""
    tensors = [terms for terms in site["tensors"] if is_terms(terms)]
    dim = int(site["dim"] or 0) % len(tensors[0])
    result: list[Term] = list(tensors[0])
    for terms in tensors[1:]:
        for place, term in enumerate(terms):
            if place != dim:
                unify(result[place], term)
    parts = tuple(terms[dim] for terms in tensors if size_of(terms[dim]) > 0)
    result[dim] = resolved(Sum(parts))
    return tuple(result)


@rule("stack")
def stack(site: Site) -> Result:
    """Equal tensors along a new dimension."""
    tensors = [terms for terms in site["tensors"] if is_terms(terms)]
    common = broadcast(tensors)
    dim = int(site["dim"] or 0) % (len(common) + 1)
    new = site.new_axis(len(tensors), "It counts stacked tensors.")
    return (*common[:dim], new, *common[dim:])


@rule("unfold")
def unfold(site: Site) -> Result:
    """Windows along a dimension, as a last one."""
    terms = site.terms("self")
    dim = int(site["dimension"]) % len(terms)
    fix(terms[dim], "Windows slide along it.")
    shape = site.result_shape()
    moved = replaced(terms, dim, site.new_axis(shape[dim], "It counts windows."))
    return (*moved, site.new_axis(shape[-1], "It is a window."))


@rule("gather")
def gather(site: Site) -> Result:
    """Indices of one dimension, for each of the others."""
    terms, indices, dim = site.terms("self"), site.terms("index"), site.dim()
    fix(terms[dim], "Indices look it up.")
    for place, term in enumerate(terms):
        if place != dim and size_of(term) == size_of(indices[place]):
            unify(term, indices[place])
        elif place != dim:
            fix(term, "Indices look it up.")
    return indices
