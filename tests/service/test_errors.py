import pytest

from candidates.errors import InfeasibleBudget, NotApplicable, StudentSearchError
from service.backup import BackupUnusable
from service.collection import StoreForeign
from service.dumps import DumpFailed
from service.errors import KINDS, PLAIN_KINDS, problem_of, problem_of_failure
from service.failures import UnknownResource, WorkInterrupted
from service.records import Failure
from service.refusals import Refusal
from service.server import AddressTaken, StartFailed, TokensNeeded
from service.settings import InvalidSettings

NEVER_OVER_HTTP = {
    StudentSearchError,
    AddressTaken,
    BackupUnusable,
    DumpFailed,
    InvalidSettings,
    NotApplicable,
    Refusal,
    StartFailed,
    StoreForeign,
    TokensNeeded,
    WorkInterrupted,
}


def all_errors(
    root: type[StudentSearchError] = StudentSearchError,
) -> set[type[StudentSearchError]]:
    return {root}.union(*(all_errors(child) for child in root.__subclasses__()))


def test_every_domain_error_has_its_place_in_the_table() -> None:
    assert all_errors() - NEVER_OVER_HTTP == KINDS.keys()


def test_no_two_kinds_share_a_type() -> None:
    slugs = [kind.slug for kind in (*KINDS.values(), *PLAIN_KINDS)]
    assert len(slugs) == len(set(slugs))


def test_an_infeasible_budget_shows_what_is_reachable() -> None:
    document = problem_of(InfeasibleBudget("macs", 10, 25), "/v1/students").model_dump()
    assert (document["axis"], document["limit"], document["smallest"]) == ("macs", 10, 25)


def test_members_may_have_any_name() -> None:
    document = problem_of(UnknownResource("teacher", "teacher_1")).model_dump()
    assert (document["kind"], document["resource_id"]) == ("teacher", "teacher_1")


@pytest.mark.parametrize(
    ("error", "type", "status"),
    [
        ("InvalidRecipe", "/problems/invalid-recipe", 422),
        ("WorkerDied", "/problems/worker-died", 500),
        ("UnexpectedError", "/problems/internal-error", 500),
    ],
)
def test_a_failure_of_work_becomes_a_problem(error: str, type: str, status: int) -> None:
    document = problem_of_failure(Failure(error=error, detail="Why."))
    assert document is not None
    assert (document.type, document.status, document.detail) == (type, status, "Why.")


def test_no_failure_is_no_problem() -> None:
    assert problem_of_failure(None) is None
