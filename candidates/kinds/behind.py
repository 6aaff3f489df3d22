"""Behind: what reads changed values is solved again for the values that it really gets."""

from collections.abc import Collection

from candidates.bench import Bench
from candidates.candidate import Kept
from candidates.graph.downstream import downstream
from candidates.graph.network import Network
from candidates.refit import Refit

NUM_IMAGES = 512
"""Images that this looks at: a solution is compared with the one before, and refined later."""


def solve_behind(
    bench: Bench, network: Network, kept: Kept, changed: Collection[str], calls: Collection[str]
) -> None:
    """Solve, in place, those of the linear `calls` that depend on what one of the `changed` calls
    gives, for the teacher's outputs; `kept` are the indices of the network's widths.
    """
    behind = set(calls).intersection(downstream(network.program, changed))
    if behind:
        images = bench.calibration.first(NUM_IMAGES)
        refit = Refit(bench.neighbourhood, bench.teacher.layout, bench.part, bench.recipe.ridge)
        refit.solve(network, behind, kept, images, images)
