"""Activation candidates: another non-linearity in the place of a neighbourhood's own."""

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.network import Network
from candidates.graph.program import Call
from candidates.kinds.behind import solve_behind
from candidates.kinds.registry import Knobs

OPERATORS = {
    "relu": "relu.default", "relu6": "relu6.default", "hardswish": "hardswish.default",
    "silu": "silu.default", "gelu": "gelu.default", "leaky_relu": "leaky_relu.default",
    "identity": "clone.default",
}  # fmt: skip
"""What each function is called with its usual settings."""
REPLACEABLE = frozenset({
    "relu.default", "relu6.default", "hardswish.default", "silu.default", "gelu.default",
    "leaky_relu.default", "hardtanh.default", "elu.default", "celu.default", "selu.default",
    "mish.default", "softplus.default", "tanh.default",
})  # fmt: skip
"""Non-linearities between layers; those that make gates, such as sigmoids, stay."""


class ActivationMaker:
    """Makes candidates whose linear calls are solved again behind the new non-linearity."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def make(self, knobs: Knobs) -> Draft:
        """The candidate of a function."""
        function = str(knobs["function"])
        bench = self._bench
        part = bench.copy()
        calls = tuple(_replaced(call, OPERATORS[function]) for call in part.program.calls)
        pairs = zip(calls, part.program.calls, strict=True)
        changed = [new.name for new, old in pairs if new != old]
        if not changed:
            raise NotApplicable(f"It has no non-linearity other than {function} to replace.")
        program = part.program.model_copy(update={"calls": calls})
        network = Network(program, part.tensors()).eval()
        solve_behind(bench, network, {}, changed, bench.calls)
        return Draft(network)


def _replaced(call: Call, operator: str) -> Call:
    if call.operator not in REPLACEABLE or call.operator == operator:
        return call
    changed = {"operator": operator, "arguments": call.arguments[:1], "keywords": {}}
    return call.model_copy(update=changed)
