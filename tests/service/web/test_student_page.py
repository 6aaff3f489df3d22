"""A student's page: why, what it is made of, its files and the commands to go on."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from candidates.checkpoint import Checkpoint
from candidates.export.needs import why
from tests.service import tiny
from tests.service.furniture import Ready
from tests.service.web.site import Visit

ROOT = Path(__file__).parents[3]
LIMITS = {"parameters": "60%", "macs": "80%"}


class Shown(NamedTuple):
    """A student on its page."""

    student: dict[str, Any]
    page: Page


@pytest.fixture
def shown(visit: Visit, ready: Ready) -> Shown:
    wish = {"library": ready.library, "budget": LIMITS}
    student = visit.page.request.post(f"{visit.site.url}/v1/students", data=wish).json()
    return Shown(student, visit.open(f"/students/{student['id']}"))


def test_it_says_which_limit_binds_and_what_came_next(shown: Shown) -> None:
    page = shown.page
    binding = shown.student["answer"]["binding"]
    why = page.get_by_role("region", name="Limits of the budget")
    row = why.get_by_role("row", name="yes")
    title = {"parameters": "Parameters", "macs": "MACs, one image"}[binding]
    expect(row).to_contain_text(title)
    expect(page.get_by_text("The runner-up has")).to_be_visible()


def test_its_layers_are_those_of_its_file(visit: Visit, shown: Shown) -> None:
    page = shown.page
    layers = page.locator("[data-plot=layers]")
    layers.get_by_role("button", name="Table").click()
    rows = layers.locator("tbody tr")
    expect(rows.first).to_contain_text("conv1")
    assert rows.count() == 20
    sparse = {
        each["neighbourhood"] for each in shown.student["selection"] if "sparsity" in each["knobs"]
    }
    zeros = layers.locator("td:last-child", has_text="50")
    expect(zeros).to_have_count(2 * len(sparse))


def test_the_commands_name_this_student(visit: Visit, shown: Shown) -> None:
    page = shown.page
    commands = page.get_by_role("region", name="Commands that fine-tune the student")
    for part in ("curl", str(shown.student["id"]), "student-search fine-tune"):
        expect(commands).to_contain_text(part)
    expect(commands).to_contain_text(visit.site.url)


def test_the_images_are_called_by_the_file_that_they_were_read_from(
    visit: Visit, ready: Ready, shown: Shown
) -> None:
    page = shown.page
    card = page.locator("section", has=page.get_by_role("heading", name="Take it with you"))
    expect(card).to_contain_text("images.tar stands for the archive that was posted as the data")
    url = f"{visit.site.url}/v1/datasets/{ready.dataset}"
    told = {**page.request.get(url).json(), "source_uri": "file:///data/cifar.tar.xz"}
    page.route(f"**/v1/datasets/{ready.dataset}", lambda route: route.fulfill(json=told))
    page.reload()
    expect(card).to_contain_text("cifar.tar.xz holds the images of the data set noise")
    expect(card.get_by_role("region", name="Commands that fine")).to_contain_text(" cifar.tar.xz ")


def test_the_commands_do_what_they_say(shown: Shown, tmp_path: Path) -> None:
    tiny.write_archive(tmp_path / "images.tar")
    region = shown.page.get_by_role("region", name="Commands that fine-tune the student")
    commands = region.inner_text().replace("--epochs 20", "--epochs 1")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-euc", commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    written = Checkpoint.read(tmp_path / f"{shown.student['id']}-tuned.safetensors")
    assert "program" in written.metadata


def test_every_format_that_the_service_can_write_is_a_link(shown: Shown) -> None:
    names = {"pt2": "torch.export, .pt2", "onnx": "ONNX", "python": "Python file"}
    for format, name in names.items():
        link = shown.page.get_by_role("link", name=name, exact=True)
        expect(link).to_have_attribute("href", shown.student["downloads"][format])


def test_a_format_that_it_cannot_write_is_greyed_out_with_the_reason(
    visit: Visit, shown: Shown
) -> None:
    downloads = {**shown.student["downloads"]}
    del downloads["pt2"]
    told = {**shown.student, "downloads": downloads, "not_offered": {"pt2": why("pt2")}}
    page = shown.page
    page.route(f"**/v1/students/{shown.student['id']}", lambda route: route.fulfill(json=told))
    page.reload()
    button = page.get_by_role("button", name="torch.export, .pt2")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description(why("pt2"))


def test_deleting_asks_first(visit: Visit, shown: Shown) -> None:
    page = shown.page
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/libraries/*")


def test_several_limits_are_asked_for_in_a_form(visit: Visit, ready: Ready) -> None:
    page = visit.open(f"/libraries/{ready.library}/student")
    page.get_by_label("Parameters").fill("70%")
    page.get_by_label("MACs, one image").fill("90%")
    page.get_by_label("Greedy").check()
    page.get_by_role("button", name="Ask for the student").click()
    page.wait_for_url("**/students/student_*")
    expect(page.locator(".head-text > p")).to_contain_text("greedy")


def test_a_budget_that_cannot_be_met_is_told_where_it_was_asked(visit: Visit, ready: Ready) -> None:
    visit.expects_refusals = True
    page = visit.open(f"/libraries/{ready.library}/student")
    page.get_by_label("Parameters").fill("1")
    page.get_by_role("button", name="Ask for the student").click()
    expect(page.get_by_role("alert")).to_contain_text("No student keeps within the budget")
    expect(page.get_by_label("Parameters")).to_have_value("1")
