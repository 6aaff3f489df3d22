from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import StudentSearchError
from search import exact
from search.budget import Budget
from search.case import Case
from search.found import Found
from search.problem import Problem
from search.recollection import MOST_REMEMBERED, Recollection, recollection
from search.selection import Selection
from search.settings import SearchSettings
from tests.search.problems import choice, problem, problems

LIMITS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=2, max_size=6)
HAIRS = count(1)


@pytest.mark.slow
@given(problems(), LIMITS, st.integers(1, 3))
def test_answers_are_those_of_who_remembers_nothing(
    of: Problem, limits: list[tuple[int, int]], top: int
) -> None:
    for parameters, macs in limits:
        for budget in (Budget(parameters=parameters), Budget(parameters=parameters, macs=macs)):
            assert told(of, budget, top) == told(unknown(of), budget, top)


def test_a_narrower_limit_that_the_answer_keeps_is_not_solved_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = problem((choice("a", 1, 0.5), choice("b", 4, 0.1)), (choice("c", 2, 0.3),))
    settings = SearchSettings(top=1)
    wide = exact.select(of, Budget(parameters=of.fixed.parameters + 100), settings)
    monkeypatch.setattr(exact, "find", None)
    narrow = exact.select(of, Budget(parameters=of.fixed.parameters + 6), settings)
    assert narrow.selection == wide.selection
    assert (wide.slack["parameters"], narrow.slack["parameters"]) == (94, 0)


def test_the_oldest_answers_are_forgotten() -> None:
    of = problem((choice("a", 1, 0.5), choice("b", 4, 0.1)))
    case = Case.of(of, Budget(parameters=of.fixed.parameters + 4))
    known = Recollection(1)
    oldest = Found([np.asarray([1])], 0.0, True)
    known.keep(case, oldest)
    assert known.recall(case) is oldest
    other = Case.of(of, Budget(parameters=of.fixed.parameters + 3))
    for _ in range(MOST_REMEMBERED):
        known.keep(other, Found([np.asarray([0])], 0.0, True))
    assert known.recall(case) is None


def test_kinds_of_questions_do_not_mix() -> None:
    of = problem((choice("a", 1, 0.5), choice("b", 4, 0.1)))
    one = Case.of(of, Budget(parameters=10**6))
    assert recollection(one, 1) is recollection(Case.of(of, Budget(parameters=9)), 1)
    others = (recollection(Case.of(of, Budget(macs=10**9)), 1), recollection(one, 2))
    assert recollection(one, 1) not in others


def told(of: Problem, budget: Budget, top: int) -> tuple[object, ...]:
    """What must not depend on what was asked before: of equally good selections any may be told."""
    try:
        answer = exact.select(of, budget, SearchSettings(top=top))
    except StudentSearchError as exc:
        return (str(exc),)
    return (*map(worth, [answer.selection, *answer.others]), answer.status, answer.gap)


def worth(selection: Selection) -> float:
    return round(selection.loss, 9)


def unknown(of: Problem) -> Problem:
    """Nothing is remembered of it: its teacher is another, by a hair."""
    accuracy = of.teacher_accuracy - 1e-9 * next(HAIRS)
    return Problem(neighbourhoods=of.neighbourhoods, fixed=of.fixed, teacher_accuracy=accuracy)
