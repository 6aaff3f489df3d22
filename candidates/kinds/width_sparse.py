"""Width+sparse candidates: fewer inner channels, and of the weights that remain a share is zero."""

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.kinds.registry import Knobs
from candidates.kinds.sparse import Thinner
from candidates.kinds.width import WidthMaker


class WidthSparseMaker:
    """Makes sparse candidates of width candidates; `sparsity` is the share of their weights."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._widths = WidthMaker(bench)
        self._thinners: dict[float, Thinner] = {}

    def make(self, knobs: Knobs) -> Draft:
        """The candidate of a multiplier, a sparsity and a method."""
        multiplier = float(knobs["multiplier"])
        if multiplier not in self._thinners:
            narrow = self._widths.make({"multiplier": multiplier})
            thinner = Thinner(self._bench, narrow.network, narrow.kept)
            self._thinners = {multiplier: thinner}  # grids go through them one by one
        thinner = self._thinners[multiplier]
        return thinner.draft(float(knobs["sparsity"]), str(knobs["method"]))
