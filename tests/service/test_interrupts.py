import signal

import pytest

from service.interrupts import SIGNALS, as_interrupts, held_back


@pytest.mark.parametrize("by", SIGNALS)
def test_a_signal_is_an_interrupt_even_where_it_was_ignored(by: signal.Signals) -> None:
    before = signal.signal(by, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), as_interrupts():
            signal.raise_signal(by)
        assert signal.getsignal(by) == signal.SIG_IGN
    finally:
        signal.signal(by, before)


def held(steps: list[str], *signals: signal.Signals) -> None:
    with held_back():
        for each in signals:
            signal.raise_signal(each)
            steps.append("went on")
        with as_interrupts():
            steps.append("waited")


@pytest.mark.parametrize("by", SIGNALS)
def test_a_signal_is_held_back_until_it_may_interrupt(by: signal.Signals) -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        held(steps, by)
    assert steps == ["went on"]


def test_where_nothing_may_be_interrupted_it_comes_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGTERM)


def test_a_second_signal_is_not_held_back() -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        held(steps, signal.SIGTERM, signal.SIGINT)
    assert steps == ["went on"]


def test_without_a_signal_nothing_happens() -> None:
    steps: list[str] = []
    held(steps)
    assert steps == ["waited"]
