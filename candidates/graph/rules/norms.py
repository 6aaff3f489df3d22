"""Normalisations."""

from candidates.graph.axes import Leaf, Term, fix, one, product, size_of
from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Site, as_list
from candidates.graph.unify import unify

OF_ANY_NUMBER = frozenset({"mean", "amax", "amin", "var", "std", "linalg_vector_norm", "norm"})
"""Reductions whose result is about the same for fewer indices."""
PARAMETERS = ("weight", "bias", "running_mean", "running_var")


@rule("batch_norm", "instance_norm")
def by_channel(site: Site) -> Result:
    """Every channel on its own; over the other dimensions where the numbers themselves tell mean
    and variance, as where weights are standardised.
    """
    terms = site.terms("input")
    if site["training"] or site["use_input_stats"]:
        site.notes.update({f"normalised{n}": terms[n] for n in range(2, len(terms))})
    _unify_parameters(site, terms[1])
    return terms


@rule("layer_norm", "rms_norm")
def over_last(site: Site) -> Result:
    """Over the last dimensions; fewer channels are normalised among themselves."""
    terms = site.terms("input")
    count = len(site["normalized_shape"])
    for position in range(-count, 0):
        site.notes[f"normalised{position}"] = terms[position]
        for name in PARAMETERS[:2]:
            if site[name] is not None:
                unify(terms[position], site.terms(name)[position])
    return terms


@rule("group_norm")
def by_group(site: Site) -> Result:
    """Channels are groups × rest; a group can go without the others noticing."""
    terms, num_groups = site.terms("input"), int(site["num_groups"])
    rest = size_of(terms[1]) // num_groups
    groups: Term = Leaf(num_groups) if num_groups > 1 else one()
    inner: Term = Leaf(rest) if rest > 1 else one()
    unify(terms[1], product((groups, inner)))
    site.notes["groups"] = groups
    site.notes["normalised"] = inner
    _unify_parameters(site, terms[1])
    return terms


@rule(
    "mean", "sum", "amax", "amin", "var", "std", "prod", "logsumexp", "linalg_vector_norm",
    "norm", "all", "any", "max", "min", "argmax",
)  # fmt: skip
def reduction(site: Site) -> Result:
    """Mixes what lies along some dimensions. A mean or a norm of fewer indices is of the same size,
    so that they may shrink; a sum or a place among them is not.
    """
    terms = site.all_tensors()[0]
    given = site["dim"]
    dims = range(len(terms)) if given is None or given == [] else as_list(given)
    places = {dim % len(terms) for dim in dims}
    name = site.operator.split(".")[0]
    for place in places:
        if name in OF_ANY_NUMBER:
            site.notes[f"normalised{place}"] = terms[place]
        else:
            fix(terms[place], f"'{name}' reduces it.")
    if site["keepdim"]:
        result = tuple(one() if i in places else term for i, term in enumerate(terms))
    else:
        result = tuple(term for i, term in enumerate(terms) if i not in places)
    return [result, result] if isinstance(site.shape, list) else result


def _unify_parameters(site: Site, channels: Term) -> None:
    for name in PARAMETERS:
        if site[name] is not None:
            unify(channels, site.terms(name)[0])
