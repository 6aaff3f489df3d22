"""Webhooks, to a real receiver on this machine."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest

from service import courier
from service.courier import Courier, is_public, signed
from service.database import Database
from service.ledger import Ledger
from service.repositories import webhooks
from service.repositories.pages import Page
from service.repositories.webhooks import Parcel
from service.webhook_records import EVENTS, DeliveryRecord, Event, NewWebhook, WebhookRecord
from tests.service.conftest import Clock
from tests.service.ledger_entries import BROKEN, add_job, claimed, nothing


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: str


class Receiver:
    """Notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[Received] = []
        self.status, self.location = 204, ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Received(self.path, headers, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def add_webhook(database: Database, url: str, *events: Event) -> WebhookRecord:
    with database.writing() as session:
        return webhooks.add(session, NewWebhook(url=url, events=events or EVENTS))


def log_of(database: Database, webhook: WebhookRecord) -> list[DeliveryRecord]:
    with database.reading() as session:
        return list(webhooks.deliveries(session, webhook.id, Page()).items)


def finish_a_job(database: Database, ledger: Ledger) -> str:
    job_id = add_job(database)
    ledger.complete(claimed(ledger), nothing)
    return job_id


def test_a_webhook_is_told_of_a_job_that_ended_with_a_signature(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    webhook = add_webhook(database, receiver.url)
    job_id = finish_a_job(database, ledger)
    Courier(database, True, clock).deliver()
    (got,) = receiver.got
    told = json.loads(got.body)
    assert (told["type"], told["data"]["job"]) == ("job.succeeded", job_id)
    (entry,) = log_of(database, webhook)
    assert (entry.state, entry.attempts, entry.answer) == (
        "delivered", 1, "The answer was 204.",
    )  # fmt: skip
    parcel = Parcel(
        id=entry.id, url=receiver.url, secret=webhook.secret, body=got.body, is_last=False
    )
    expected = signed(parcel, int(clock.now.timestamp()))
    assert {name: got.headers[str(name)] for name in expected} == expected
    Courier(database, True, clock).deliver()
    assert len(receiver.got) == 1


def test_the_signature_is_that_of_the_public_specification() -> None:
    """The example of the Standard Webhooks libraries."""
    parcel = Parcel(
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        url="",
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        body='{"test": 2432232314}',
        is_last=False,
    )
    signature = signed(parcel, 1_614_265_330)["webhook-signature"]
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_the_events_that_were_asked_for_are_sent(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    add_webhook(database, receiver.url, "job.failed")
    finish_a_job(database, ledger)
    add_job(database)
    ledger.fail(claimed(ledger), BROKEN, final=True)
    Courier(database, True, clock).deliver()
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["job.failed"]


def test_what_fails_is_tried_again_later_and_later_and_given_up_in_the_end(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    webhook = add_webhook(database, receiver.url)
    finish_a_job(database, ledger)
    receiver.status = 503
    for number, wait in enumerate(webhooks.WAITS, 1):
        Courier(database, True, clock).deliver()
        Courier(database, True, clock).deliver()
        assert len(receiver.got) == number
        clock.advance(wait.total_seconds())
    assert log_of(database, webhook)[0].state == "pending"
    Courier(database, True, clock).deliver()
    (entry,) = log_of(database, webhook)
    assert (entry.state, entry.answer) == ("failed", "The answer was 503.")
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_a_courier_that_was_killed_while_it_sent_is_followed_by_another(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    webhook = add_webhook(database, receiver.url)
    finish_a_job(database, ledger)
    with database.writing() as session:
        assert webhooks.take(session, clock.now) is not None
    Courier(database, True, clock).deliver()
    assert not receiver.got
    clock.advance(webhooks.WAITS[0].total_seconds())
    Courier(database, True, clock).deliver()
    assert log_of(database, webhook)[0].state == "delivered"


def test_redirects_are_not_followed(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    webhook = add_webhook(database, receiver.url)
    finish_a_job(database, ledger)
    receiver.status, receiver.location = 307, receiver.url + "/elsewhere"
    Courier(database, True, clock).deliver()
    assert [got.path for got in receiver.got] == ["/hook"]
    assert log_of(database, webhook)[0].answer == "The answer was 307."


def test_nothing_is_sent_to_private_addresses(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock
) -> None:
    webhook = add_webhook(database, receiver.url)
    finish_a_job(database, ledger)
    Courier(database, False, clock).deliver()
    assert not receiver.got
    answer = log_of(database, webhook)[0].answer
    assert answer is not None
    assert "127.0.0.1, which is not public" in answer


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    database: Database, ledger: Ledger, receiver: Receiver, clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """DNS rebinding: the second answer would lead to this machine."""
    answers = iter(["203.0.113.7", "127.0.0.1"])
    connected: list[str] = []
    monkeypatch.setattr(courier.socket, "getaddrinfo", lambda *_, **__: _found(next(answers)))
    monkeypatch.setattr(courier, "is_public", lambda address: address == "203.0.113.7")
    monkeypatch.setattr(
        courier.httpcore2.SyncBackend, "connect_tcp", _refusing(connected), raising=True
    )
    add_webhook(database, "http://rebinding.example/hook")
    finish_a_job(database, ledger)
    Courier(database, False, clock).deliver()
    assert connected == ["203.0.113.7"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1",
        "100.64.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::a00:1", "::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def _found(address: str) -> list[tuple[Any, ...]]:
    return [(2, 1, 6, "", (address, 80))]


def _refusing(connected: list[str]) -> Callable[..., Any]:
    def connect_tcp(_self: object, host: str, *_: object) -> Any:
        connected.append(host)
        raise OSError("unreachable")

    return connect_tcp
