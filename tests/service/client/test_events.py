import pytest

from service.client.events import Event, Events

STREAM = """: hello\r
\r
event: progress\r
data: {"a":\r
data: "é"}\r
\r
id: 3
data:x

""".encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_read_wherever_their_pieces_end(size: int) -> None:
    events = Events()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    found = [event for piece in pieces for event in events.of(piece)]
    assert found == [Event("progress", '{"a":\n"é"}'), Event("message", "x")]


def test_an_event_that_has_not_ended_is_not_told() -> None:
    assert list(Events().of(b"event: progress\ndata: x\n")) == []
