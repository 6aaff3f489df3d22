from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.service.api.world import World

PUBLIC = "https://203.0.112.7/hook"


def test_a_webhook_shows_its_secret_only_when_it_is_made(world: World) -> None:
    made = world.http.post("/v1/webhooks", json={"url": PUBLIC})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.headers["cache-control"] == "no-store"
    shown = world.http.get(made.headers["location"]).json()
    assert (shown["url"], len(shown["events"])) == (PUBLIC, 3)
    assert "secret" not in shown
    assert world.http.get("/v1/webhooks").json()["items"] == [shown]


def test_the_log_of_a_webhook_names_what_is_to_be_sent(world: World) -> None:
    webhook = world.http.post("/v1/webhooks", json={"url": PUBLIC, "events": ["job.failed"]}).json()
    world.ready_dataset()
    world.post_teacher()
    world.fail("NonFiniteActivation", "layer1.0.bn1 gives NaN.")
    (entry,) = world.http.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]
    assert (entry["event"], entry["state"]) == ("job.failed", "pending")


def test_a_deleted_webhook_is_told_nothing_more(world: World) -> None:
    webhook = world.http.post("/v1/webhooks", json={"url": PUBLIC}).json()["id"]
    world.ready_dataset()
    assert world.http.delete(f"/v1/webhooks/{webhook}").status_code == 204
    assert world.http.get(f"/v1/webhooks/{webhook}").status_code == 404
    world.ready_teacher()


def test_urls_that_nothing_may_be_sent_to_are_refused(world: World) -> None:
    cases = {
        "ftp://203.0.112.7/": "invalid-webhook",
        "https://user:secret@203.0.112.7/": "invalid-webhook",
        "https://[::1/": "invalid-webhook",
        "http://127.0.0.1:8000/v1": "address-not-allowed",
        "http://localhost/": "address-not-allowed",
        "http://169.254.169.254/latest": "address-not-allowed",
        "http://[::ffff:10.0.0.1]/": "address-not-allowed",
    }
    for url, problem in cases.items():
        answer = world.http.post("/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}"), url
        assert "secret" not in answer.text


def test_an_operator_may_allow_private_addresses(api_settings: Settings) -> None:
    allowing = api_settings.model_copy(update={"webhook_private_addresses": True})
    with TestClient(create_app(allowing)) as http:
        answer = http.post("/v1/webhooks", json={"url": "http://127.0.0.1:8000/"})
    assert answer.status_code == 201
