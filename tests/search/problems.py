"""Small problems for the tests, and their selections by brute force."""

from itertools import product

from hypothesis import strategies as st

from candidates.candidate import Cost, Estimate, Score
from search.problem import Choice, Problem

TEACHER_ACCURACY = 90.0


def choice(id: str, parameters: int, kl: float, drop: float = 0.0, macs: int = 0) -> Choice:
    score = Score(
        accuracy=Estimate(value=TEACHER_ACCURACY - drop, standard_error=0.5),
        accuracy_drop=Estimate(value=drop, standard_error=0.5),
        kl=Estimate(value=kl, standard_error=0.01),
        logit_mse=Estimate(value=kl, standard_error=0.01),
        num_images=100,
    )
    cost = Cost(parameters=parameters, macs=macs, bytes=4 * parameters)
    return Choice(id=id, cost=cost, score=score)


def problem(*neighbourhoods: tuple[Choice, ...], fixed: int = 0) -> Problem:
    return Problem(
        neighbourhoods=neighbourhoods,
        fixed=Cost(parameters=fixed, macs=0, bytes=4 * fixed),
        teacher_accuracy=TEACHER_ACCURACY,
    )


def all_picks(of: Problem) -> list[tuple[Choice, ...]]:
    return list(product(*of.neighbourhoods))


def parameters(of: Problem, picks: tuple[Choice, ...]) -> int:
    return of.fixed.parameters + sum(pick.cost.parameters for pick in picks)


_losses = st.one_of(st.just(0.0), st.sampled_from([0.1, 0.2, 0.3]), st.floats(0, 10))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to four neighbourhoods of up to four choices, with many ties and zero losses."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    return problem(
        *(
            tuple(
                choice(
                    f"{place}.{rank}",
                    parameters=draw(st.integers(0, 6)),
                    kl=draw(_losses),
                    drop=draw(st.one_of(_losses, st.floats(-2, 0))),
                    macs=draw(st.integers(0, 6)),
                )
                for rank in range(size)
            )
            for place, size in enumerate(sizes)
        ),
        fixed=draw(st.integers(1, 3)),
    )
