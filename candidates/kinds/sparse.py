"""Sparse candidates: a share of the weights of a neighbourhood's linear calls is zero."""

from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.network import Network
from candidates.kinds.behind import solve_behind
from candidates.kinds.registry import Knobs
from candidates.masks import FixedMasks
from candidates.matrix import matrices_of
from candidates.pruning import PolynomialPruning
from candidates.sparsifier import Masks, Sparsifier

HALF = 0.5


class SparseMaker:
    """Makes sparse candidates; what all sparsities share is done once.

    Of linear calls whose rows were too long for a Gram the smallest weights go, whatever the
    method, and the others stay as they are.
    """

    def __init__(self, bench: Bench) -> None:
        self._thinner = Thinner(bench, bench.copy(), {})

    def make(self, knobs: Knobs) -> Draft:
        """The candidate of a sparsity and a method."""
        return self._thinner.draft(float(knobs["sparsity"]), str(knobs["method"]))


class Thinner:
    """Makes drafts that have some of a network's weights; `kept` are the network's indices."""

    def __init__(self, bench: Bench, network: Network, kept: Kept) -> None:
        self.bench, self.network, self.kept = bench, network, kept
        matrices = matrices_of(bench, network, kept)
        self._sparsifier = Sparsifier(network, matrices, bench.calibration)

    def draft(self, sparsity: float, method: str) -> Draft:
        """Raises NotApplicable where no weight may go in this way."""
        if not self._sparsifier.matrices:
            raise NotApplicable("It has no linear call with a weight of its own.")
        if method == "magnitude":
            return self._by_magnitude(sparsity)
        return self._solved(self._halves(sparsity) if method == "2:4" else self._masks(sparsity))

    def _masks(self, sparsity: float) -> Masks:
        return self._sparsifier.masks(sparsity)

    def _halves(self, sparsity: float) -> Masks:
        if sparsity != HALF:
            raise NotApplicable(f"2:4 makes half of the weights zero, not {sparsity:.0%}.")
        masks = self._sparsifier.halves()
        if not masks:
            raise NotApplicable("No linear call of it has input channels in fours.")
        return masks

    def _by_magnitude(self, sparsity: float) -> Draft:
        """The smallest weights of every call, while the others learn."""
        network = self.network.copied()
        names = [matrix.anchor.call.weight for matrix in self._sparsifier.matrices]
        constraint = PolynomialPruning(names, sparsity)
        if self.bench.recipe.steps == 0:
            constraint.apply(network.tensors(), 0, 0)
        return Draft(network, self.kept, constraint)

    def _solved(self, masks: Masks) -> Draft:
        network = self._sparsifier.sparse(masks)
        solve_behind(self.bench, network, self.kept, masks, masks)
        tensors = network.tensors()
        weights = {
            matrix.anchor.call.weight: masks[matrix.name]
            for matrix in self._sparsifier.matrices
            if matrix.name in masks
        }
        constraint = FixedMasks(
            {name: mask.reshape(tensors[name].shape) for name, mask in weights.items()}
        )
        return Draft(network, self.kept, constraint)
