import pytest
from pydantic import ValidationError

from candidates.candidate import Cost
from search.budget import Budget

TEACHER = Cost(parameters=101, macs=1000, bytes=404, activation_bytes=64, latency_ms=9.0)


def test_shares_become_numbers_that_are_not_above_them() -> None:
    budget = Budget(parameters="50%", latency_ms="33.3%", activation_bytes="100%", device="pi")
    limits = budget.resolved(TEACHER).limits
    assert limits == {"parameters": 50, "activation_bytes": 64, "latency_ms": pytest.approx(2.997)}


@pytest.mark.parametrize("written", ["20000", "20_000", "2e4", "20k", "0.02M", 20000, 20000.0])
def test_numbers_may_be_written_as_people_write_them(written: object) -> None:
    assert Budget.model_validate({"parameters": written}).parameters == 20000


@pytest.mark.parametrize("unclear", ["20,000", "20K", "20 k", "2m", "20kB", "1e3k", "2_0", "0.5"])
def test_what_may_mean_several_things_is_refused_with_what_is_understood(unclear: str) -> None:
    with pytest.raises(ValidationError, match=r"such as 20000, 20_000, 2e4, 20k or 1\.5M"):
        Budget.model_validate({"parameters": unclear})


def test_a_share_is_no_limit_before_it_is_a_number() -> None:
    with pytest.raises(ValueError, match="resolve the budget first"):
        _ = Budget(parameters="50%").limits


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "0%", "x%", "50 %", [1], float("nan")])
def test_what_is_neither_a_number_nor_a_share_is_refused_in_one_sentence(limit: object) -> None:
    with pytest.raises(ValidationError, match="a share of the teacher like '50%'") as caught:
        Budget.model_validate({"parameters": limit})
    assert caught.value.error_count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "at least one of parameters"),
        ({"latency_ms": 1}, "name one as 'device'"),
        ({"accuracy_drop": 1, "minimise": "latency_ms"}, "name one as 'device'"),
        ({"parameters": 1, "device": "pi"}, "no latency_ms is limited"),
        ({"parameters": 1, "minimise": "macs"}, "limit accuracy_drop alone"),
        ({"parameters": 1, "accuracy_drop": 1, "minimise": "macs"}, "limit accuracy_drop alone"),
    ],
)
def test_what_makes_no_sense_together_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Budget.model_validate(given)


def test_what_older_students_did_not_have_is_not_written_where_it_is_not_set() -> None:
    written = {"parameters": 5, "macs": None, "bytes": None, "accuracy_drop": None}
    assert Budget(parameters=5).model_dump(mode="json") == written
