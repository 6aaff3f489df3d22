import pytest
from pydantic import ValidationError

from candidates.candidate import Cost, Estimate, identity

SMALL, LARGE = Cost(parameters=1, macs=2, bytes=3), Cost(parameters=10, macs=20, bytes=30)


def test_costs_add_and_subtract_axis_by_axis() -> None:
    assert Cost(parameters=11, macs=22, bytes=33) == SMALL + LARGE
    assert (SMALL + LARGE) - LARGE == SMALL


def test_the_peak_of_two_parts_is_the_larger_and_their_latencies_add_up() -> None:
    first = SMALL.model_copy(update={"activation_bytes": 7, "latency_ms": 0.5})
    second = LARGE.model_copy(update={"activation_bytes": 5, "latency_ms": 0.25})
    whole = first + second
    assert (whole.activation_bytes, whole.latency_ms) == (7, 0.75)
    assert ((whole - second).activation_bytes, (whole - second).latency_ms) == (7, 0.5)


def test_a_peak_that_nobody_counted_and_the_latency_of_no_device_are_not_written() -> None:
    assert SMALL.model_dump() == {"parameters": 1, "macs": 2, "bytes": 3}
    assert Cost.model_validate_json(SMALL.model_dump_json()) == SMALL


def test_an_identity_does_not_depend_on_the_order_of_its_parts() -> None:
    assert identity(a=1, b={"x": 1, "y": 2}) == identity(b={"y": 2, "x": 1}, a=1)
    assert identity(a=1) != identity(a=2)
    assert identity(a="1") != identity(a=1)


def test_a_standard_error_is_never_negative_or_nan() -> None:
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValidationError):
            Estimate(value=0, standard_error=wrong)
