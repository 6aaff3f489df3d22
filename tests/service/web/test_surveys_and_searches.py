"""Work on a whole library: surveys, searches by measuring, and what predictions are worth."""

import re

from playwright.sync_api import Page, expect

from tests.service.furniture import Ready
from tests.service.web.site import Visit

INSIDE = re.compile(r"\d of \d inside")


def show_table(page: Page, name: str) -> None:
    page.locator(f"[data-plot={name}]").get_by_role("button", name="Table").click()


def test_nothing_measured_yet_leads_to_a_survey_which_fills_the_page(
    visit: Visit, ready: Ready
) -> None:
    page = visit.open(f"/libraries/{ready.library}/calibration")
    expect(page.get_by_text("Nothing was measured yet")).to_be_visible()
    page.get_by_role("link", name="Measure many students").last.click()
    page.get_by_label("Students").fill("3")
    page.get_by_label("Parameters", exact=True).fill("60%")
    page.get_by_label("The best within it").fill("1")
    page.get_by_role("button", name="Begin the survey").click()
    page.wait_for_url("**/surveys/survey_*")
    show_table(page, "agreement")
    rows = page.locator("[data-plot=agreement] tbody tr")
    expect(rows.filter(has_text="pending").first).to_be_visible()
    count = rows.count()
    expect(page.get_by_text("Students are being measured")).to_be_visible()
    visit.site.shop.work()
    expect(page.locator(".head .state")).to_have_text("ready")
    expect(rows.filter(has_text="±")).to_have_count(count)
    page.get_by_role("link", name="Library", exact=True).click()
    expect(page.get_by_role("row", name=f"Survey of {count} students")).to_contain_text("ready")
    page.get_by_role("link", name="See each of them").click()
    expect(page.get_by_text(INSIDE).first).to_be_visible()
    expect(page.locator("[data-plot=agreement] canvas").first).to_be_visible()
    show_table(page, "agreement")
    expect(rows).to_have_count(count)


def test_a_search_shows_its_trials_as_they_come_and_ends_in_a_student(
    visit: Visit, ready: Ready
) -> None:
    page = visit.open(f"/libraries/{ready.library}")
    page.get_by_role("link", name="Search by measuring").click()
    expect(page.get_by_label("Parameters", exact=True)).to_have_value("50%")
    page.get_by_label("Trials").fill("3")
    page.get_by_role("button", name="Begin the search").click()
    page.wait_for_url("**/searches/search_*")
    show_table(page, "trials")
    expect(page.locator("[data-plot=trials] .plot")).to_have_attribute(
        "aria-label", "No trial is measured yet."
    )
    visit.site.shop.work()
    expect(page.locator(".head .state")).to_have_text("ready")
    expect(page.locator("[data-plot=trials] tbody tr")).to_have_count(3)
    expect(page.locator("dd", has_text="3 of 3")).to_be_visible()
    page.get_by_role("link", name="Open the best student").click()
    page.wait_for_url("**/students/student_*")
    expect(page.get_by_text("optuna").first).to_be_visible()


def test_a_search_that_is_cancelled_can_go_on(visit: Visit, ready: Ready) -> None:
    body = {"budget": {"parameters": "70%"}, "trials": 2}
    url = f"{visit.site.url}/v1/libraries/{ready.library}/searches"
    search = visit.page.request.post(url, data=body).json()
    page = visit.open(f"/searches/{search['id']}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".head .state")).to_have_text("cancelled")
    expect(page.get_by_text("“Go on” takes it up where it stopped")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".head .state")).to_have_text("pending")
    visit.site.shop.work()
    expect(page.locator(".head .state")).to_have_text("ready")
    visit.open("/jobs")
    expect(page.get_by_role("link", name=search["id"]).first).to_be_visible()


def test_a_survey_that_is_cancelled_can_go_on(visit: Visit, ready: Ready) -> None:
    url = f"{visit.site.url}/v1/libraries/{ready.library}/surveys"
    survey = visit.page.request.post(url, data={"count": 7, "axis": "macs"}).json()
    visit.page.request.post(f"{visit.site.url}/v1/jobs/{survey['job']}/cancel", data={})
    page = visit.open(f"/surveys/{survey['id']}")
    expect(page.locator(".head .state")).to_have_text("cancelled")
    expect(page.get_by_text("“Go on” measures the others")).to_be_visible()
    show_table(page, "agreement")
    expect(page.locator("[data-plot=agreement] tbody")).not_to_contain_text("failed")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".head .state")).to_have_text("pending")
    visit.site.shop.work()
    expect(page.locator(".head .state")).to_have_text("ready")
