"""Operators that contract an axis with a weight or with another value."""

import itertools

from candidates.graph.axes import Leaf, Term, Terms, fix, product, size_of
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Site, broadcast, fixed_all, kept_whole
from candidates.graph.unify import unify

SLIDES = "A convolution slides along it."


@rule("conv1d", "conv2d", "conv3d")
def convolution(site: Site) -> Result:
    """Input [N, g·i, …], weight [g·o, i, …]: the g groups are an axis of their own."""
    terms, weight = site.terms("input"), site.terms("weight")
    rows, columns, *kernel = weight
    fixed_all((*terms[2:], *kernel), SLIDES)
    _group(terms[1], rows, columns, site["groups"] or 1)
    if site["bias"] is not None:
        unify(site.terms("bias")[0], rows)
    sides = (site.new_axis(size, SLIDES) for size in site.result_shape()[2:])
    return (terms[0], rows, *sides)


def _group(channels: Term, rows: Term, columns: Term, num_groups: int) -> None:
    if num_groups == 1:
        unify(channels, columns)
        return
    groups = Leaf(num_groups)
    unify(channels, product((groups, columns)))
    unify(rows, product((groups, Leaf(size_of(rows) // num_groups))))


@rule("conv_transpose2d")
def transposed_convolution(site: Site) -> Result:
    """Input [N, i, …], weight [i, o, …] without groups; with groups the channels stay."""
    terms, weight = site.terms("input"), site.terms("weight")
    fixed_all((*terms[2:], *weight[2:]), SLIDES)
    rows: Term = weight[1]
    site.notes["contracted"] = terms[1]
    if (site["groups"] or 1) == 1:
        unify(terms[1], weight[0])
    else:
        fixed_all((terms[1], *weight[:2]), "A grouped transposed convolution reads it.")
        rows = Leaf(site.result_shape()[1], SLIDES)
    if site["bias"] is not None:
        unify(site.terms("bias")[0], rows)
    sides = (site.new_axis(size, SLIDES) for size in site.result_shape()[2:])
    return (terms[0], rows, *sides)


@rule("linear")
def linear(site: Site) -> Result:
    """Input […, i], weight [o, i]."""
    terms, weight = site.terms("input"), site.terms("weight")
    unify(terms[-1], weight[-1])
    if len(weight) == 1:
        return terms[:-1]
    if site["bias"] is not None:
        unify(site.terms("bias")[-1], weight[0])
    return (*terms[:-1], weight[0])


@rule("matmul", "mm", "bmm")
def matmul(site: Site) -> Result:
    """[…, m, k] by […, k, n]."""
    left = site.terms("self")
    right = site["other"] if site["other"] is not None else site.terms("mat2")
    site.notes["contracted"] = left[-1]
    return _matmul(left, right)


@rule("addmm", "baddbmm")
def added_matmul(site: Site) -> Result:
    """A bias and a product of matrices."""
    left = site["mat1"] if site["mat1"] is not None else site.terms("batch1")
    right = site["mat2"] if site["mat2"] is not None else site.terms("batch2")
    site.notes["contracted"] = left[-1]
    return broadcast([_matmul(left, right), site.terms("self")])


def _matmul(left: Terms, right: Terms) -> Terms:
    if len(right) == 1:
        unify(left[-1], right[0])
        return left[:-1]
    unify(left[-1], right[-2])
    if len(left) == 1:
        return (*right[:-2], right[-1])
    leading = [terms[:-2] for terms in (left, right) if len(terms) > 2]
    return (*(broadcast(leading) if leading else ()), left[-2], right[-1])


@rule("einsum")
def einsum(site: Site) -> Result:
    """Equal letters are equal axes; an ellipsis or a broadcast keeps everything as it is."""
    equation = str(site["equation"]).replace(" ", "")
    tensors: list[Terms] = site["tensors"]
    inputs, _, output = equation.partition("->")
    if "." in equation or "->" not in equation:
        return kept_whole(site, "An einsum with an ellipsis reads it.")
    axes = list(zip(inputs.replace(",", ""), itertools.chain(*tensors), strict=True))
    known = dict(axes)
    if any(size_of(term) != size_of(known[letter]) for letter, term in axes):
        return kept_whole(site, "An einsum repeats it.")
    for letter, term in axes:
        unify(known[letter], term)
    for letter in set(inputs) & known.keys() - set(output):
        site.notes[f"contracted {letter}"] = known[letter]
    return tuple(known[letter] for letter in output)


@rule("embedding")
def embedding(site: Site) -> Result:
    """Rows of a table, by indices of any shape."""
    rows, columns = site.terms("weight")
    fix(rows, "Indices look it up.")
    return (*site.terms("indices"), columns)


@rule("scaled_dot_product_attention")
def attention(site: Site) -> Result:
    """Query […, L, e], key […, S, e], value […, S, v], mask […, L, S] to […, L, v]."""
    if site["enable_gqa"]:
        return kept_whole(site, "Several heads of queries share one of keys.")
    query, key, value = (site.terms(name) for name in ("query", "key", "value"))
    unify(query[-1], key[-1])
    unify(key[-2], value[-2])
    fix(key[-2], "A softmax runs along it.")
    if site["is_causal"]:
        fix(query[-2], "A mask hides what comes later.")
    site.notes["head"] = query[-1]
    leading = broadcast([query[:-2], key[:-2], value[:-2]])
    if site["attn_mask"] is not None:
        broadcast([site.terms("attn_mask"), (*leading, query[-2], key[-2])])
    return (*leading, query[-2], value[-1])
