"""What a person is told when something is wrong, and what to do then."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.service import tiny
from tests.service.furniture import Ready
from tests.service.web.site import Visit

DETAIL = "This service asks for a token."


def test_what_is_not_there_is_told_by_its_id(visit: Visit) -> None:
    visit.expects_refusals = True
    page = visit.open("/students/student_none")
    expect(page.get_by_role("alert")).to_contain_text("There is no student 'student_none'")
    page.get_by_role("link", name="Back to the teachers").click()
    expect(page.locator("h1")).to_have_text("Teachers")


@pytest.mark.parametrize("path", ["/teachers/a/b/c", "/nope"])
def test_an_address_that_no_page_has_leads_home(visit: Visit, path: str) -> None:
    visit.expects_refusals = True
    page = visit.open(path)
    expect(page.locator("h1")).to_have_text("There is no such page")
    page.locator("main").get_by_role("link", name="teachers").click()
    expect(page.locator("h1")).to_have_text("Teachers")


@pytest.mark.parametrize(("status", "is_logged"), [(429, False), (503, True)])
def test_a_problem_names_the_request_if_the_log_tells_of_it(
    visit: Visit, status: int, is_logged: bool
) -> None:
    def refuse(route: Route) -> None:
        problem = {"title": "Too much", "detail": "Wait 3 s.", "status": status}
        headers = {"x-request-id": "req-17", "content-type": "application/problem+json"}
        route.fulfill(status=status, body=json.dumps(problem), headers=headers)

    visit.page.route("**/v1/jobs?*", refuse)
    page = visit.open("/jobs")
    expect(page.get_by_role("alert")).to_contain_text("Wait 3 s.")
    assert ("req-17" in page.get_by_role("alert").inner_text()) == is_logged
    visit.complaints.clear()  # the browser itself tells of the status
    page.unroute("**/v1/jobs?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("h1")).to_have_text("Jobs")


def test_a_service_that_does_not_answer(visit: Visit) -> None:
    visit.page.route("**/v1/devices*", lambda route: route.abort())
    page = visit.open("/devices")
    expect(page.locator("h1")).to_have_text("The service does not answer")
    visit.complaints.clear()  # the browser itself tells of the connection


def test_a_refused_teacher_keeps_what_was_filled_in(visit: Visit, tmp_path: Path) -> None:
    visit.expects_refusals = True
    tiny.write_weights(tmp_path / "net.safetensors")
    page = visit.open("/teachers/new")
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_label("File").set_input_files(tmp_path / "net.safetensors")
    page.get_by_label("Name of the architecture").fill("no_such_network")
    page.get_by_role("button", name="Post the teacher").click()
    expect(page.get_by_role("alert")).to_contain_text("The recipe is not allowed")
    expect(page.get_by_label("Name", exact=True)).to_have_value("mine")


def test_signing_in_and_out(visit: Visit, ready: Ready) -> None:
    visit.expects_refusals = True

    def guard(route: Route) -> None:
        headers = dict(route.request.headers)
        if headers.pop("authorization", "") == "Bearer secret":
            route.fallback(headers=headers)  # the real service has no tokens yet
            return
        problem = {"title": "A token is needed", "detail": DETAIL, "status": 401}
        route.fulfill(status=401, body=json.dumps(problem), content_type="application/problem+json")

    visit.page.route("**/v1/**", guard)
    page = visit.open(f"/teachers/{ready.teacher}")
    expect(page.get_by_role("alert")).to_contain_text(DETAIL)
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text(DETAIL)
    page.get_by_label("Token").fill("secret")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("net")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download the network").click()
    assert caught.value.suggested_filename == f"{ready.teacher}.safetensors"
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("button", name="Forget it").click()
    assert page.evaluate("sessionStorage.length") == 0
