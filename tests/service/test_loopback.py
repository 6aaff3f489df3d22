import pytest

from service.loopback import is_loopback, is_own_name


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_is_of_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org", ""])
def test_everything_else_may_be_reached_by_others(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:80", "[::1]:80", "[::1]", "localhost.", "web:8000", "a.localhost"]
)
def test_names_that_nobody_else_can_have_are_its_own(host: str) -> None:
    assert is_own_name(host)


@pytest.mark.parametrize(
    "host",
    ["example.org", "example.org:80", "10.0.0.1:80", "[2001:db8::1]:80", "localhost.example"],
)
def test_names_that_anybody_can_have_made_are_not(host: str) -> None:
    assert not is_own_name(host)
