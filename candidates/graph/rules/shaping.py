"""Operators that give a tensor another shape."""

from candidates.graph.axes import Leaf, Term, Terms, factors_of, fix, product, size_of
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import (
    Result,
    Site,
    as_list,
    broadcast,
    fixed_all,
    kept_whole,
    replaced,
)
from candidates.graph.unify import cut_apart, unify

BROKEN = "It is reshaped across its boundaries."


@rule("view", "reshape", "_unsafe_view", "flatten")
def reshape(site: Site) -> Result:
    """The same factors in other groups; an axis is taken apart where sizes require it."""
    return reshaped(site, site.terms("self"), site.result_shape())


@rule("view_as", "reshape_as")
def reshape_like(site: Site) -> Result:
    """The same factors in the groups of another tensor, which has all its axes."""
    result = reshaped(site, site.terms("self"), site.result_shape())
    for term, other in zip(result, site.terms("other"), strict=True):
        unify(term, other)
    return result


@rule("unflatten")
def unflatten(site: Site) -> Result:
    """One dimension becomes several."""
    terms, dim = site.terms("self"), site.dim()
    count = len(site.result_shape()) - len(terms) + 1
    inner = reshaped(site, (terms[dim],), site.result_shape()[dim : dim + count])
    return replaced(terms, dim, *inner)


def reshaped(site: Site, terms: Terms, shape: tuple[int, ...]) -> Terms:
    """Terms of a new shape; where it cuts across axes both sides stay fixed."""
    cut = cut_apart(product(terms), shape)
    if cut is not None:
        return cut
    fixed_all(terms, BROKEN)
    return site.fixed_axes(shape, BROKEN)


@rule("permute")
def permute(site: Site) -> Result:
    """The dimensions in another order."""
    terms = site.terms("self")
    return tuple(terms[dim] for dim in site["dims"])


@rule("transpose", "swapaxes")
def transpose(site: Site) -> Result:
    """Two dimensions change places."""
    terms = list(site.terms("self"))
    names = ("dim0", "dim1") if site["dim0"] is not None else ("axis0", "axis1")
    first, second = (int(site[name]) for name in names)
    terms[first], terms[second] = terms[second], terms[first]
    return tuple(terms)


@rule("mT")
def matrix_transpose(site: Site) -> Result:
    """The last two dimensions change places."""
    *leading, rows, columns = site.terms("self")
    return (*leading, columns, rows)


@rule("t", "numpy_T")
def reverse(site: Site) -> Result:
    """All dimensions in reverse order."""
    return site.terms("self")[::-1]


@rule("movedim")
def move(site: Site) -> Result:
    """Some dimensions go elsewhere."""
    terms = site.terms("self")
    sources = [dim % len(terms) for dim in as_list(site["source"])]
    targets = [dim % len(terms) for dim in as_list(site["destination"])]
    rest = iter(term for place, term in enumerate(terms) if place not in sources)
    moved = dict(zip(targets, sources, strict=True))
    return tuple(
        terms[moved[place]] if place in moved else next(rest) for place in range(len(terms))
    )


@rule("squeeze")
def squeeze(site: Site) -> Result:
    """Dimensions of one disappear."""
    terms, given = site.terms("self"), site["dim"]
    dims = range(len(terms)) if given is None else as_list(given)
    gone = {dim % len(terms) for dim in dims if size_of(terms[dim]) == 1}
    return tuple(term for place, term in enumerate(terms) if place not in gone)


@rule("unsqueeze")
def unsqueeze(site: Site) -> Result:
    """A dimension of one appears."""
    terms = site.terms("self")
    dim = int(site["dim"]) % (len(terms) + 1)
    return (*terms[:dim], site.new_axis(1), *terms[dim:])


@rule("expand_as")
def expand_like(site: Site) -> Result:
    """Dimensions of one are repeated as often as another tensor has indices."""
    return broadcast([site.terms("other"), site.terms("self")])


@rule("expand", "broadcast_to")
def expand(site: Site) -> Result:
    """Dimensions of one are repeated; later operators tell what the new ones are."""
    terms, shape = site.terms("self"), site.result_shape()
    new = site.new_axes(shape)
    offset = len(shape) - len(terms)
    kept = [
        term if size_of(term) == size else new[place + offset]
        for place, (term, size) in enumerate(zip(terms, shape[offset:], strict=True))
    ]
    return (*new[:offset], *kept)


@rule("repeat", "tile")
def repeat(site: Site) -> Result:
    """Copies side by side: the copy runs slower than what is copied."""
    times: list[int] = list(site["repeats"] if site["repeats"] is not None else site["dims"])
    terms, shape = site.terms("self"), site.result_shape()
    padded = [site.new_axis(1)] * (len(shape) - len(terms)) + list(terms)
    new = site.new_axes(shape)
    result: list[Term] = []
    for place, (term, size) in enumerate(zip(padded, shape, strict=True)):
        count = size // size_of(term)
        if size_of(term) == 1:
            result.append(new[place])
        elif count > 1:
            result.append(product((Leaf(count, "It counts copies."), term)))
        else:
            result.append(term)
    assert len(times) <= len(shape)
    return tuple(result)


@rule("repeat_interleave")
def interleave(site: Site) -> Result:
    """Every index several times in a row, of one dimension or of all flattened."""
    if site["dim"] is None or site["output_size"] is not None:
        return kept_whole(site, "It is repeated to a fixed size.")
    terms, dim = site.terms("self"), site.dim()
    count = site.result_shape()[dim] // size_of(terms[dim])
    copies = Leaf(count, "It counts copies.")
    return replaced(terms, dim, product((*factors_of(terms[dim]), copies)))


@rule("channel_shuffle")
def channel_shuffle(site: Site) -> Result:
    """Groups × channels become channels × groups."""
    terms, groups = site.terms("self"), int(site["groups"])
    cut = cut_apart(terms[1], (groups, size_of(terms[1]) // groups))
    if cut is None:
        fix(terms[1], BROKEN)
        return terms
    site.notes["groups"] = cut[0]
    return replaced(terms, 1, product((cut[1], cut[0])))


@rule("roll", "flip")
def roll(site: Site) -> Result:
    """The order along some dimensions, or without any along all, changes, so that they stay."""
    terms = site.terms("self")
    for dim in as_list(site["dims"]) or range(len(terms)):
        fix(terms[dim], "Its order changes.")
    return terms
