"""Operators that go through a sequence step by step."""

from candidates.graph.rules.registry import rule
from candidates.graph.rules.site import Result, Site, fixed_all
from candidates.graph.unify import unify

STEPS = "A recurrent operator goes through it step by step."


@rule("lstm", "gru")
def recurrent(site: Site) -> Result:
    """Sequences [N, T, i] or [T, N, i] to the same of states, and the last states [layers, N, s].

    Gates share the rows of their weights, so nothing shrinks.
    """
    sequences = site.terms("input")
    number = sequences[0 if site["batch_first"] else 1]
    fixed_all([sequences[-1], *(term for terms in site["params"] for term in terms)], STEPS)
    starts = site["hx"] if isinstance(site["hx"], list) else [site["hx"]]
    for layers, num_starts, size in starts:
        unify(num_starts, number)
        fixed_all([layers, size], STEPS)
    outputs = site.shape[0]
    assert isinstance(outputs, tuple)
    return [(*sequences[:-1], site.new_axis(outputs[-1], STEPS)), *starts]
