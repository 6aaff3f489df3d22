import signal

import pytest

from service.interrupts import SIGNALS, as_interrupts


@pytest.mark.parametrize("by", SIGNALS)
def test_a_signal_is_an_interrupt_even_where_it_was_ignored(by: signal.Signals) -> None:
    before = signal.signal(by, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), as_interrupts():
            signal.raise_signal(by)
        assert signal.getsignal(by) == signal.SIG_IGN
    finally:
        signal.signal(by, before)
