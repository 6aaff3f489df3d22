"""Identity candidates: nothing in the place of a neighbourhood whose output is like its input."""

import torch

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.network import Network
from candidates.graph.program import Call, Program, ValueOf
from candidates.kinds.registry import Knobs


class IdentityMaker:
    """Makes the one candidate that passes its input on."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def make(self, knobs: Knobs) -> Draft:
        """A copy is all that is left, so that the output still has a name of its own."""
        given, result = self._shapes()
        if given != result:
            raise NotApplicable(f"It turns {given} into {result}, so it cannot be left out.")
        nb = self._bench.neighbourhood
        copy = Call(name=nb.output, operator="clone.default", arguments=(ValueOf(value=nb.input),))
        program = Program(input=nb.input, calls=(copy,), output=nb.output)
        return Draft(Network(program, {}).eval())

    def _shapes(self) -> tuple[list[int], list[int]]:
        """Of one image's value at the input and at the output."""
        value = self._bench.calibration.at(slice(0, 1)).to("meta")
        with torch.no_grad():
            result = self._bench.part.on_meta()(value)
        return list(value.shape[1:]), list(result.shape[1:])
