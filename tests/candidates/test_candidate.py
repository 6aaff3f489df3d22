import pytest
from pydantic import ValidationError

from candidates.candidate import Cost, Estimate, identity

SMALL, LARGE = Cost(parameters=1, macs=2, bytes=3), Cost(parameters=10, macs=20, bytes=30)


def test_costs_add_and_subtract_axis_by_axis() -> None:
    assert Cost(parameters=11, macs=22, bytes=33) == SMALL + LARGE
    assert (SMALL + LARGE) - LARGE == SMALL


def test_an_identity_does_not_depend_on_the_order_of_its_parts() -> None:
    assert identity(a=1, b={"x": 1, "y": 2}) == identity(b={"y": 2, "x": 1}, a=1)
    assert identity(a=1) != identity(a=2)
    assert identity(a="1") != identity(a=1)


def test_a_standard_error_is_never_negative_or_nan() -> None:
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValidationError):
            Estimate(value=0, standard_error=wrong)
