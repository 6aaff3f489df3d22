"""Jobs as they go on: progress, cancelling, errors."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.repositories import jobs
from service.repositories.pages import Page as Cut
from tests.service import tiny
from tests.service.furniture import LIBRARY
from tests.service.web.site import Visit


def newest_job(visit: Visit) -> str:
    with visit.site.shop.database.reading() as session:
        found = jobs.listing(session, Cut(limit=1, cursor=None), None, None, None)
    return found.items[0].id


@pytest.mark.slow
def test_progress_shows_as_it_is_made(first_visit: Visit) -> None:
    shop = first_visit.site.shop
    shop.post_library(*shop.prepare(), LIBRARY)
    page = first_visit.open(f"/jobs/{newest_job(first_visit)}")
    expect(page.locator("main")).to_contain_text("waits for a worker")
    bar = page.get_by_label("Progress of the library job")
    assert first_visit.site.work_once()
    expect(page.locator("main")).to_contain_text(re.compile(r"1 of \d+ units of work done"))
    expect(page.locator("h1 + *")).to_contain_text("running")
    assert first_visit.site.work_once()
    expect(page.get_by_label("What happened")).to_contain_text("2 of")
    assert 0 < float(bar.get_attribute("value") or 0) < 1
    shop.work()
    expect(page.locator("h1 + *")).to_contain_text("succeeded")
    expect(page.locator("#announcer")).to_contain_text("succeeded")


def test_a_job_is_cancelled_after_asking(first_visit: Visit) -> None:
    shop = first_visit.site.shop
    library = shop.post_library(*shop.prepare(), LIBRARY)
    page = first_visit.open(f"/libraries/{library}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("alert")).to_contain_text("cancel")
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("row", name="cancelled")).to_be_visible()
    page.get_by_label("State").select_option("succeeded")
    expect(page.get_by_role("row", name="cancelled")).to_have_count(0)
    assert "state=succeeded" in page.url


def test_the_button_has_the_focus_again_when_nothing_is_cancelled(first_visit: Visit) -> None:
    shop = first_visit.site.shop
    shop.post_library(*shop.prepare(), LIBRARY)
    page = first_visit.open(f"/jobs/{newest_job(first_visit)}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for()
    assert first_visit.site.work_once()
    expect(page.locator("main")).to_contain_text(re.compile(r"1 of \d+ units of work done"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert first_visit.site.work_once()
    expect(page.locator("main")).to_contain_text(re.compile(r"2 of \d+ units of work done"))
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()


def test_a_failed_job_says_why(first_visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "broken.tar").write_bytes(b"no archive at all")
    shop = first_visit.site.shop
    dataset = shop.post_dataset(shop.store(tmp_path / "broken.tar"))
    shop.work()
    page = first_visit.open(f"/datasets/{dataset}")
    expect(page.get_by_role("alert")).to_contain_text("The images are not usable")
    expect(page.get_by_role("link", name="Post another archive")).to_be_visible()
    page = first_visit.open(f"/jobs/{newest_job(first_visit)}")
    expect(page.get_by_label("What happened")).to_contain_text("failed: ")


def test_an_empty_service_says_how_to_begin(first_visit: Visit, tmp_path: Path) -> None:
    page = first_visit.open("/")
    expect(page.get_by_role("list", name="How to begin").get_by_role("listitem")).to_have_count(4)
    for path in ("/libraries", "/students", "/jobs", "/datasets", "/devices"):
        expect(first_visit.open(path).locator(".empty")).to_be_visible()


def test_a_teacher_is_told_which_data_sets_suit(first_visit: Visit) -> None:
    shop = first_visit.site.shop
    tiny.write_weights(shop.folder / "net.safetensors")
    teacher = shop.post_teacher(shop.store(shop.folder / "net.safetensors"))
    shop.work()
    page = first_visit.open(f"/teachers/{teacher}/library")
    expect(page.get_by_text("A library can be made without images")).to_be_visible()
