"""Pages for everybody: rules of axe-core in light and dark, keyboard, narrow screens."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.service.furniture import Ready
from tests.service.web.site import Site, visiting

PLACES = (
    "/", "/teachers/new", "/teachers/{teacher}", "/teachers/{teacher}/library", "/libraries",
    "/libraries/{library}", "/libraries/{library}?curve-as=table&map-as=table&knobs-as=table",
    "/libraries/{library}/student", "/libraries/{library}/survey", "/libraries/{library}/search",
    "/libraries/{library}/calibration", "/students", "/jobs", "/datasets", "/datasets/new",
    "/datasets/{dataset}", "/devices", "/tokens",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_axe_is_broken(
    furnished: tuple[Site, Ready], browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    site, ready = furnished
    broken: list[str] = []
    with visiting(site, browser, color_scheme=scheme) as visit:
        visit.expects_refusals = True  # nobody may list tokens before there is one
        student = visit.page.request.post(
            f"{site.url}/v1/students",
            data={"library": ready.library, "budget": {"parameters": "60%"}},
        ).json()["id"]
        for place in (*PLACES, f"/students/{student}"):
            page = visit.open(place.format(**ready._asdict()))
            page.locator(".loading").first.wait_for(state="detached")
            found = Axe().run(page)
            broken += [
                f"{place}: {each['id']} at {[node['target'] for node in each['nodes']][:3]}"
                for each in found.response["violations"]
            ]
    assert broken == []


def test_dark_is_dark(furnished: tuple[Site, Ready], browser: Browser) -> None:
    colours = []
    for scheme in ("light", "dark"):
        with visiting(furnished[0], browser, color_scheme=scheme) as visit:
            page = visit.open("/")
            colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = (sum(map(int, each[4:-1].split(","))) for each in colours)
    assert light > 600
    assert dark < 120


def test_nothing_is_wider_than_a_telephone(furnished: tuple[Site, Ready], browser: Browser) -> None:
    site, ready = furnished
    with visiting(site, browser, viewport={"width": 360, "height": 740}) as visit:
        visit.expects_refusals = True
        for place in PLACES:
            page = visit.open(place.format(**ready._asdict()))
            page.locator(".loading").first.wait_for(state="detached")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, place


def test_the_whole_way_to_a_student_by_keyboard(
    furnished: tuple[Site, Ready], browser: Browser
) -> None:
    site, ready = furnished
    with visiting(site, browser) as visit:
        page = visit.open("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Post a teacher")).to_be_focused()
        page.get_by_role("link", name="1 library").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/libraries/{ready.library}")
        expect(page.locator("h1")).to_be_focused()
        expect(page.locator("#announcer")).to_have_text("Library of net")
        slider = page.get_by_role("slider")
        for _ in range(40):
            page.keyboard.press("Tab")
            if slider.evaluate("element => element === document.activeElement"):
                break
        page.keyboard.press("Home")
        page.get_by_role("button", name="Ask for this student").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/students/student_*")
        expect(page.locator("h1")).to_be_focused()
