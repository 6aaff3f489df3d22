"""Made-up problems: invented candidates of any number, and budgets for them."""

import numpy as np

from candidates.candidate import Cost, Estimate, Score
from search.budget import Budget
from search.problem import Choice, Problem

FIXED = Cost(parameters=1200, macs=450_000, bytes=4800, latency_ms=0.02)
AXES = ("parameters", "macs", "latency_ms")


def problem(num_neighbourhoods: int, num_candidates: int, seed: int) -> Problem:
    """Blocks of different sizes, resolutions and sensitivity, each with candidates of all widths.

    Costs fall about with the width, latencies with noise; what is lost rises about with the square
    of what is removed, and the accuracy drop follows it with noise.
    """
    numbers = np.random.default_rng(seed)
    return Problem(
        neighbourhoods=tuple(
            _candidates(place, num_candidates, numbers) for place in range(num_neighbourhoods)
        ),
        fixed=FIXED,
        teacher_accuracy=90.0,
    )


def one_limit(of: Problem, part: float) -> Budget:
    """So many of the parameters."""
    return Budget(parameters=f"{100 * part:.4f}%").resolved(teacher_cost(of))


def three_limits(of: Problem, part: float) -> Budget:
    """So much of the parameters, of the MACs and of the latency."""
    shares = dict.fromkeys(AXES, f"{100 * part:.4f}%")
    return Budget.model_validate(shares | {"device": "made up"}).resolved(teacher_cost(of))


def teacher_cost(of: Problem) -> Cost:
    """That of the widest candidates everywhere."""
    return sum((choices[-1].cost for choices in of.neighbourhoods), of.fixed)


def _candidates(
    place: int, num_candidates: int, numbers: np.random.Generator
) -> tuple[Choice, ...]:
    weights = float(np.exp(numbers.uniform(np.log(1e4), np.log(2e6))))
    positions = int(numbers.choice([16, 64, 256, 1024]))
    sensitivity = float(np.exp(numbers.normal(-2, 1)))
    return tuple(
        _choice(
            f"{place}.{rank}",
            (rank + 1) / num_candidates,
            (weights, positions, sensitivity),
            numbers,
        )
        for rank in range(num_candidates)
    )


def _choice(
    id: str, width: float, block: tuple[float, int, float], numbers: np.random.Generator
) -> Choice:
    weights, positions, sensitivity = block
    parameters = round(width * weights)
    macs = parameters * positions
    latency_ms = 0.005 + 1e-9 * macs * float(numbers.uniform(0.7, 1.3))
    kl = sensitivity * (1 - width) ** 2 * float(numbers.uniform(0.7, 1.3))
    drop = 10 * kl + float(numbers.normal(0, 0.1))
    return Choice(
        id=id,
        cost=Cost(
            parameters=parameters, macs=macs, bytes=4 * parameters, latency_ms=round(latency_ms, 6)
        ),
        score=Score(
            accuracy=Estimate(value=90 - drop, standard_error=0.3),
            accuracy_drop=Estimate(value=drop, standard_error=0.2),
            kl=Estimate(value=kl, standard_error=0.02 * kl),
            logit_mse=Estimate(value=kl, standard_error=0.02 * kl),
            num_images=2000,
        ),
    )
