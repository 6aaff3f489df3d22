"""Operators that treat every element on its own."""

from candidates.graph.axes import fix, size_of
from candidates.graph.operators import BINARY, CONVERSIONS, NOISE, UNARY
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Site, broadcast
from candidates.graph.unify import unify


def _bases(names: frozenset[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@rule(*_bases(UNARY | CONVERSIONS | NOISE) - {"type_as"})
def one_tensor(site: Site) -> Result:
    """The result has the axes of the first argument."""
    return site.all_tensors()[0]


@rule(*_bases(BINARY) - {"prelu"})
def several_tensors(site: Site) -> Result:
    """What is broadcast together is the same axis."""
    return broadcast(site.all_tensors())


@rule("type_as")
def like_another(site: Site) -> Result:
    """Only the dtype of the second argument counts."""
    return site.terms("self")


@rule("prelu")
def prelu(site: Site) -> Result:
    """One slope a channel, or one for all."""
    terms, (slopes,) = site.terms("self"), site.terms("weight")
    if size_of(slopes) > 1:
        unify(terms[1], slopes)
    return terms


@rule("zeros_like", "ones_like", "full_like")
def like(site: Site) -> Result:
    """The shape of the argument."""
    return site.terms("self")


@rule("new_zeros", "new_ones", "new_full", "new_empty", "zeros", "ones", "full")
def made(site: Site) -> Result:
    """New axes, which later operators make equal to others."""
    return site.new_axes(site.result_shape())


@rule("cumsum", "softmax", "_softmax", "log_softmax", "tril", "triu")
def along(site: Site) -> Result:
    """Mixes what lies along a dimension; the others are independent."""
    terms = site.terms("self")
    name = site.operator.split(".")[0]
    dims = (-1, -2) if name in ("tril", "triu") else (site.dim(),)
    for dim in dims:
        fix(terms[dim], f"'{name}' runs along it.")
    return terms
