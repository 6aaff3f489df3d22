"""Forms: what is understood, and what is told of what is not."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.service import tiny
from tests.service.furniture import Ready
from tests.service.web.site import Visit

IMAGENET = "These are ImageNet’s"


def posts(page: Page) -> list[Request]:
    """Those that are made from now on."""
    found: list[Request] = []
    page.on("request", lambda each: found.append(each) if each.method == "POST" else None)
    return found


@pytest.mark.parametrize("asked", ["student", "search", "survey"])
def test_a_limit_that_cannot_be_read_is_marked_and_nothing_is_posted(
    visit: Visit, ready: Ready, asked: str
) -> None:
    page = visit.open(f"/libraries/{ready.library}/{asked}")
    sent = posts(page)
    limit = page.get_by_label("Parameters", exact=True)
    limit.fill("banana")
    page.get_by_label("MACs, one image").fill("50%")
    page.locator("main form button.primary").click()
    expect(page.get_by_role("alert")).to_contain_text("“banana” is no such limit")
    expect(limit).to_have_attribute("aria-invalid", "true")
    expect(limit).to_have_accessible_description(
        "“banana” is no such limit. Write a whole number above 0, such as 20,000 or 20k, or a "
        "share of the teacher, such as 50%."
    )
    expect(limit).to_be_focused()
    expect(page.get_by_label("MACs, one image")).not_to_have_attribute("aria-invalid", "true")
    assert sent == []
    limit.fill("60%")
    expect(limit).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("text", ["-3", "0", "0%", "20.5", "2,00", "1 2", "50%%", "20m", "1e999"])
def test_what_is_unclear_is_no_limit(visit: Visit, ready: Ready, text: str) -> None:
    page = visit.open(f"/libraries/{ready.library}/student")
    page.get_by_label("Parameters").fill(text)
    page.get_by_role("button", name="Ask for the student").click()
    expect(page.get_by_role("alert")).to_contain_text(f"“{text}” is no such limit")


@pytest.mark.parametrize(
    ("text", "limit"),
    [("80 %", "80%"), ("200k", 200_000), ("2e5", 200_000), ("200 000", 200_000), ("0.2M", 200_000)],
)
def test_a_limit_is_taken_as_people_write_it(
    visit: Visit, ready: Ready, text: str, limit: str | int
) -> None:
    page = visit.open(f"/libraries/{ready.library}/student")
    page.get_by_label("Parameters").fill(text)
    with page.expect_request("**/v1/students") as caught:
        page.get_by_role("button", name="Ask for the student").click()
    assert caught.value.post_data_json["budget"] == {"parameters": limit}
    page.wait_for_url("**/students/student_*")


def test_at_least_one_limit_is_asked_for(visit: Visit, ready: Ready) -> None:
    page = visit.open(f"/libraries/{ready.library}/student")
    page.get_by_role("button", name="Ask for the student").click()
    expect(page.get_by_role("alert")).to_contain_text("Give at least one limit")


def test_what_the_service_refuses_is_told_at_its_field(visit: Visit, ready: Ready) -> None:
    visit.expects_refusals = True
    page = visit.open(f"/teachers/{ready.teacher}/library")
    page.get_by_text("More settings").click()
    page.get_by_label("How the teacher is cut").fill("halves")
    page.get_by_text("More settings").click()
    page.get_by_role("button", name="Build the library").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("How the teacher is cut: ")
    expect(alert).not_to_contain_text("body.")
    expect(alert).not_to_contain_text("log")
    expect(page.get_by_label("How the teacher is cut")).to_be_focused()


def test_multipliers_that_cannot_be_read_are_marked(visit: Visit, ready: Ready) -> None:
    page = visit.open(f"/teachers/{ready.teacher}/library")
    sent = posts(page)
    page.get_by_label("Width multipliers").fill("0.5, half")
    page.get_by_role("button", name="Build the library").click()
    expect(page.get_by_label("Width multipliers")).to_have_attribute("aria-invalid", "true")
    assert sent == []


def test_a_file_with_its_own_network_needs_no_architecture(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/teachers/new")
    file = page.get_by_label("File", exact=True)
    expect(page.get_by_label("Name of the architecture")).to_be_visible()
    (tmp_path / "net.pt2").touch()
    file.set_input_files(tmp_path / "net.pt2")
    expect(page.get_by_label("A whole network")).to_be_checked()
    expect(page.get_by_label("Name of the architecture")).to_be_hidden()
    (tmp_path / "net.pth").touch()
    file.set_input_files(tmp_path / "net.pth")
    expect(page.get_by_label("Name of the architecture")).to_be_visible()


def test_imagenets_values_are_called_so_until_they_are_changed(visit: Visit) -> None:
    page = visit.open("/teachers/new")
    for label in ("Mean of each channel", "Standard deviation"):
        field = page.locator(".field", has=page.get_by_label(label))
        expect(field).to_contain_text(IMAGENET)
        page.get_by_label(label).fill("0.5")
        expect(field).not_to_contain_text(IMAGENET)


def test_one_mean_stands_for_all_channels_and_two_for_none(visit: Visit, tmp_path: Path) -> None:
    visit.expects_refusals = True
    tiny.write_weights(tmp_path / "net.safetensors")
    page = visit.open("/teachers/new")
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "net.safetensors")
    page.get_by_label("Mean of each channel").fill("0.5")
    page.get_by_label("Standard deviation").fill("0.25, 0.5")
    page.get_by_role("button", name="Post the teacher").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "Standard deviation: These are 2 numbers, but there are 3 channels."
    )
    page.get_by_label("Standard deviation").fill("0.25")
    with page.expect_request("**/v1/teachers") as caught:
        page.get_by_role("button", name="Post the teacher").click()
    sent = caught.value.post_data or ""
    assert '"preprocessing":{"mean":[0.5,0.5,0.5],"std":[0.25,0.25,0.25]}' in sent
    expect(page.get_by_role("alert")).to_be_visible()
