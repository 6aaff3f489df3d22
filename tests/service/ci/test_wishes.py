import pytest

from search.budget import Budget
from service.ci.wishes import Wish


def test_limits_are_separated_by_commas() -> None:
    wish = Wish.of("latency_ms=4,device=phone")
    assert wish.budget == Budget(latency_ms=4, device="phone")
    assert wish.axis == "latency_ms"


def test_files_are_named_after_their_budget() -> None:
    assert (
        Wish.of("parameters=50%,macs=40%").file_name == "student-parameters-50-macs-40.safetensors"
    )


def test_a_budget_without_a_cost_is_shown_by_what_it_minimises() -> None:
    assert Wish.of("accuracy_drop=1,minimise=macs").axis == "macs"


@pytest.mark.parametrize(
    ("text", "said"),
    [("half", "is no limit"), ("size=3", "is no budget"), ("macs=no", "no budget")],
)
def test_what_is_no_budget_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Wish.of(text)
