"""Large files from the pages: in pieces, over connections that break."""

import random
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.service import tiny
from tests.service.web.site import PATIENCE_MS, Visit

PIECE_BYTES = 2**24
CONTENT = random.Random(0).randbytes(PIECE_BYTES + 4096)
BROKEN = "net::ERR_"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Of two pieces; no archive, as a job would find out."""
    path = tmp_path / "images.tar"
    path.write_bytes(CONTENT)
    return path


def post(page: Page, archive: Path) -> None:
    page.get_by_label("Name").fill("noise")
    page.get_by_label("Archive", exact=True).set_input_files(archive)
    page.get_by_role("button", name="Post the data set").click()


def offsets(visit: Visit) -> list[int]:
    """Where the pieces began that are sent from now on."""
    begun: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            begun.append(int(request.headers["upload-offset"]))

    visit.page.on("request", note)
    return begun


def break_second_piece(visit: Visit, times: int) -> None:
    def answer(route: Route) -> None:
        nonlocal times
        request = route.request
        if request.method == "PATCH" and int(request.headers["upload-offset"]) and times:
            times -= 1
            route.abort()
        else:
            route.fallback()

    visit.page.route("**/v1/uploads/*", answer)


def test_a_piece_that_is_lost_is_sent_again(first_visit: Visit, archive: Path) -> None:
    begun = offsets(first_visit)
    break_second_piece(first_visit, 3)
    page = first_visit.open("/datasets/new")
    post(page, archive)
    expect(page.locator("#main").get_by_text("The connection broke; it is")).to_be_visible()
    with page.expect_request_finished(lambda each: each.method == "DELETE"):
        page.wait_for_url("**/datasets/dataset_*")
    assert begun == [0, *[PIECE_BYTES] * 4]
    assert page.request.get(first_visit.site.url + "/v1/uploads").json()["items"] == []
    first_visit.complaints = [each for each in first_visit.complaints if BROKEN not in each]


def test_a_connection_that_stays_away_is_told_and_the_rest_follows_later(
    first_visit: Visit, archive: Path
) -> None:
    page = first_visit.page
    page.clock.install()
    break_second_piece(first_visit, 10**6)
    first_visit.open("/datasets/new")
    post(page, archive)
    alert = page.get_by_role("alert")
    page.get_by_text("The connection broke").first.wait_for()
    for _ in range(PATIENCE_MS // 100):
        if alert.count():
            break
        page.clock.fast_forward(60_000)  # tries that are under way do not mind
        page.wait_for_timeout(100)
    expect(alert).to_contain_text("It broke at 99 %")
    page.unroute("**/v1/uploads/*")
    begun = offsets(first_visit)
    page.get_by_role("button", name="Post the data set").click()
    page.wait_for_url("**/datasets/dataset_*")
    assert begun == [PIECE_BYTES]
    first_visit.complaints = [each for each in first_visit.complaints if BROKEN not in each]


def test_sending_can_be_stopped_and_goes_on_in_another_visit(
    first_visit: Visit, archive: Path
) -> None:
    page = first_visit.open("/datasets/new")
    held: list[Route] = []
    page.route("**/v1/uploads/*", lambda route: second_piece(route, held))
    with page.expect_request(lambda each: each.headers.get("upload-offset") == str(PIECE_BYTES)):
        post(page, archive)
    page.get_by_role("button", name="Stop sending").click()
    expect(page.locator("#main").get_by_text("Sending was stopped.")).to_be_visible()
    page.unroute("**/v1/uploads/*")
    begun = offsets(first_visit)
    first_visit.open("/datasets/new")
    post(page, archive)
    page.wait_for_url("**/datasets/dataset_*")
    assert begun == [PIECE_BYTES]
    first_visit.complaints = [each for each in first_visit.complaints if BROKEN not in each]


def second_piece(route: Route, held: list[Route]) -> None:
    """Leave it without an answer."""
    if route.request.headers.get("upload-offset", "0") == "0":
        route.fallback()
    else:
        held.append(route)


def test_what_has_arrived_is_not_sent_again_when_the_form_is_set_right(
    first_visit: Visit, tmp_path: Path
) -> None:
    first_visit.expects_refusals = True
    tiny.write_weights(tmp_path / "net.safetensors")
    begun = offsets(first_visit)
    page = first_visit.open("/teachers/new")
    page.get_by_label("Name", exact=True).fill("net")
    page.get_by_label("File").set_input_files(tmp_path / "net.safetensors")
    page.get_by_label("Name of the architecture").fill("no_such_network")
    page.get_by_label("Licence of the weights").fill("Apache-2.0")
    page.get_by_role("button", name="Post the teacher").click()
    expect(page.get_by_role("alert")).to_contain_text("The recipe is not allowed")
    page.get_by_label("Name of the architecture").fill("cifar_resnet20")
    page.get_by_role("button", name="Post the teacher").click()
    page.wait_for_url("**/teachers/teacher_*")
    assert begun == [0]
    teacher = page.request.get(f"{first_visit.site.url}/v1/teachers").json()["items"][0]
    assert teacher["licence"] == "Apache-2.0"
