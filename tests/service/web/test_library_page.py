"""The library's page: the curve, its budget, the map, and the tables behind them."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.service.furniture import Ready
from tests.service.web.site import Visit


def open_library(visit: Visit, ready: Ready, query: str = "") -> Page:
    page = visit.open(f"/libraries/{ready.library}{query}")
    page.locator("[data-plot=map]").wait_for()
    return page


def test_the_slider_snaps_to_points_of_the_curve(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    answer = page.request.get(
        f"{visit.site.url}/v1/libraries/{ready.library}/trade-off-curve?points=300"
    )
    costs = [f"{point['cost']['parameters']:,}" for point in answer.json()["points"]]
    slider, limit = page.get_by_role("slider"), page.get_by_label("or a limit, like 50%")
    for key in ("Home", "ArrowRight", "ArrowRight", "End", "ArrowLeft", "PageDown"):
        slider.press(key)
        assert limit.input_value() in costs
    slider.press("Home")
    expect(limit).to_have_value(costs[0])
    slider.press("ArrowRight")
    expect(limit).to_have_value(costs[1])
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"^{costs[1]} parameters, "))


def test_a_typed_share_picks_the_costliest_point_within_it(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    limit = page.get_by_label("or a limit, like 50%")
    limit.fill("40%")
    limit.press("Enter")
    panel = page.get_by_role("region", name="The point that is picked")
    share = re.search(r"· ([\d.]+)\s%", panel.inner_text())
    assert share is not None
    assert 35 < float(share[1]) <= 40


def test_what_is_seen_can_be_sent_as_an_address(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    page.get_by_label("Cost").select_option("macs")
    expect(page.get_by_text("Budget: MACs at most")).to_be_visible()
    page.get_by_role("slider").press("End")
    page.get_by_role("slider").press("ArrowLeft")
    page.get_by_label("Colour", exact=True).select_option("accuracy_drop")
    page.locator("[data-plot=map]").get_by_role("button", name="Table").click()
    limit = page.get_by_label("or a limit, like 50%").input_value()
    page.reload()
    page.locator("[data-plot=map] table").wait_for()
    expect(page.get_by_label("Cost")).to_have_value("macs")
    expect(page.get_by_label("or a limit, like 50%")).to_have_value(limit)
    expect(page.get_by_label("Colour", exact=True)).to_have_value("accuracy_drop")


def test_every_plot_has_its_numbers_in_a_table(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    for name, least in (("curve", 10), ("map", 45), ("knobs", 9)):
        plot = page.locator(f"[data-plot={name}]")
        button = plot.get_by_role("button", name="Table")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert plot.locator("tbody tr").count() >= least
        button.click()
        expect(plot.locator("canvas").first).to_be_visible()


def test_the_chosen_candidates_are_marked_in_the_map(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready, "?map-as=table")
    chosen = page.locator("[data-plot=map] tr.chosen")
    assert chosen.count() == 9


def hover_over_the_curve(page: Page) -> Locator:
    """The tip of a point of the curve, over which the pointer stands then."""
    box = page.locator("[data-plot=curve] canvas").first.bounding_box()
    assert box is not None
    tip = page.locator("[data-plot=curve] .tip")
    for share in (0.5, 0.55, 0.6, 0.45):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.4 * box["height"])
        for height in range(12):
            y = box["y"] + (0.05 + 0.07 * height) * box["height"]
            page.mouse.move(box["x"] + share * box["width"], y)
            if tip.is_visible() and "On the curve" in tip.inner_text():
                return tip
    raise AssertionError("No point of the curve was found under the pointer.")


def test_hovering_shows_the_recipe_and_a_click_asks_for_that_student(
    visit: Visit, ready: Ready
) -> None:
    page = open_library(visit, ready)
    assert "layer1.0" in hover_over_the_curve(page).inner_text()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/students/*")
    expect(page.locator("h1")).to_contain_text("parameters")


def test_the_button_asks_for_the_point_that_the_slider_picked(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    page.get_by_role("slider").press("Home")
    parameters = page.get_by_label("or a limit, like 50%").input_value()
    page.get_by_role("button", name="Ask for this student").click()
    page.wait_for_url("**/students/*")
    student = page.request.get(visit.site.url + "/v1" + page.url.removeprefix(visit.site.url))
    assert f"{student.json()['cost']['parameters']:,}" == parameters


def test_a_survey_measures_students_and_shows_them(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    with visit.site.working():
        page.get_by_role("button", name="Measure six students").click()
        expect(page.get_by_text("lie inside the 90 % interval")).to_be_visible()
    page.locator("[data-plot=curve]").get_by_role("button", name="Table").click()
    expect(page.locator("[data-plot=curve] td a", has_text="measured").first).to_be_visible()


def test_a_limit_that_no_student_keeps_is_refused_beside_the_box(
    visit: Visit, ready: Ready
) -> None:
    page = open_library(visit, ready)
    limit = page.get_by_label("or a limit, like 50%")
    ask = page.get_by_role("button", name="Ask for this student")
    page.get_by_role("slider").press("Home")
    smallest = limit.input_value()
    said = re.compile(
        rf"^No student is that small: the smallest has {smallest} parameters \(\d+\s%\)"
    )
    for text, words in {
        "1%": said,
        "banana": "“banana” is no limit.",
        "-3": "“-3” is",
        "": "“” is",
    }.items():
        limit.fill(text)
        limit.press("Enter")
        expect(page.locator(".slider .fault")).to_have_text(re.compile(words))
        expect(limit).to_have_attribute("aria-invalid", "true")
        expect(ask).to_be_disabled()
    limit.fill("0.1M")
    limit.press("Enter")
    expect(page.locator(".slider .fault")).to_have_count(0)
    expect(ask).to_be_enabled()
    limit.fill("1%")
    limit.press("Enter")
    page.get_by_role("slider").press("End")
    expect(ask).to_be_enabled()


def test_a_limit_is_understood_in_the_unit_in_which_it_is_shown(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready, "?axis=bytes")
    limit = page.get_by_label("or a limit, like 50%")
    shown = limit.input_value()
    assert shown.endswith(" B")
    limit.fill(shown.replace(" B", "  B"))
    limit.press("Enter")
    expect(limit).to_have_value(shown)
    expect(page.get_by_role("button", name="Ask for this student")).to_be_enabled()


def test_a_difference_that_rounds_to_nothing_has_no_sign(visit: Visit) -> None:
    page = visit.open("/")
    told = (
        "(values) => import('/assets/js/format.js').then((it) => values.map((x) => it.signed(x)))"
    )
    assert page.evaluate(told, [-0.04, 0, 0.06, -2]) == ["0.0", "0.0", "+0.1", "−2.0"]


def test_the_recipe_in_the_tip_stands_in_rows(visit: Visit, ready: Ready) -> None:
    page = open_library(visit, ready)
    tip = hover_over_the_curve(page)
    tops = tip.locator(".recipe").evaluate(
        "list => [...list.children].map(each => Math.round(each.getBoundingClientRect().top / 8))"
    )
    for name, bar, word in zip(tops[::3], tops[1::3], tops[2::3], strict=True):
        assert max(name, bar, word) - min(name, bar, word) <= 1
    assert len(set(tops[::3])) == len(tops) // 3


def test_it_tells_how_many_images_were_used_and_not_only_asked_for(
    visit: Visit, ready: Ready
) -> None:
    page = open_library(visit, ready)
    made = page.locator("section", has=page.get_by_role("heading", name="How it was made"))
    expect(made).to_contain_text("Calibration32 imagesScoring16 images")
    url = f"{visit.site.url}/v1/libraries/{ready.library}"
    told = page.request.get(url).json()
    told["recipe"]["calibration_images"] = 2000
    there = page.request.get(f"{visit.site.url}/v1/datasets/{ready.dataset}").json()["contents"]
    page.route(f"**/v1/libraries/{ready.library}", lambda route: route.fulfill(json=told))
    page.reload()
    count = there["num_calibration"]
    words = f"{count} imagesall there are; up to 2,000 were asked for"
    expect(made).to_contain_text(words)
