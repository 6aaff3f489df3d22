"""The whole job in a browser: from files to a student's file, and nothing but the pages."""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from candidates.checkpoint import Checkpoint
from tests.service import tiny
from tests.service.web.site import Visit


def test_from_files_to_a_students_file(first_visit: Visit, tmp_path: Path) -> None:
    tiny.write_archive(tmp_path / "noise.tar")
    tiny.write_weights(tmp_path / "net.safetensors")
    page = first_visit.open("/")
    with first_visit.site.working():
        post_images(page, tmp_path / "noise.tar")
        post_teacher(page, tmp_path / "net.safetensors")
        build_library(page)
        ask_for_a_student(page)
        measure(page)
    with page.expect_download() as caught:
        page.get_by_role("link", name="safetensors", exact=True).click()
    caught.value.save_as(tmp_path / "student.safetensors")
    student = page.request.get(first_visit.site.url + "/v1" + path_of(page)).json()
    content = (tmp_path / "student.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == student["checkpoint"]["sha256"]
    description = json.loads(Checkpoint.from_bytes(content).metadata["student_search"])
    assert description["provenance"]["strategy"] == "exact"


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def post_images(page: Page, archive: Path) -> None:
    page.get_by_role("link", name="Post a data set").click()
    page.get_by_label("Name").fill("noise")
    page.get_by_label("Archive", exact=True).set_input_files(archive)
    page.get_by_role("button", name="Post the data set").click()
    page.wait_for_url("**/datasets/dataset_*")
    expect(page.get_by_text("What was found")).to_be_visible()


def post_teacher(page: Page, weights: Path) -> None:
    page.get_by_role("link", name="Student Search").click()
    page.get_by_role("link", name="Post a teacher").first.click()
    page.get_by_label("Name", exact=True).fill("net")
    page.get_by_label("File").set_input_files(weights)
    page.get_by_label("Name of the architecture").fill("cifar_resnet20")
    page.get_by_label("Number of classes").fill("2")
    for name, value in {"Channels": "1", "Height": "8", "Width": "8"}.items():
        page.get_by_label(name, exact=True).fill(value)
    page.get_by_label("Mean of each channel").fill("0.5")
    page.get_by_label("Standard deviation").fill("0.25")
    page.get_by_role("button", name="Post the teacher").click()
    page.wait_for_url("**/teachers/teacher_*")
    expect(page.get_by_role("heading", name="Neighbourhoods")).to_be_visible()


def build_library(page: Page) -> None:
    page.get_by_role("link", name="Build a library").first.click()
    page.get_by_label("Width multipliers").fill("0.5")
    page.get_by_label("Refinement steps").fill("0")
    page.get_by_label("Images to calibrate on").fill("32")
    page.get_by_label("Images to score on").fill("16")
    page.get_by_role("button", name="Build the library").click()
    page.wait_for_url("**/libraries/library_*")
    expect(page.get_by_role("heading", name="Trade-off curve")).to_be_visible()


def ask_for_a_student(page: Page) -> None:
    page.get_by_role("slider").press("Home")
    page.get_by_role("button", name="Ask for this student").click()
    page.wait_for_url("**/students/student_*")
    expect(page.get_by_text("Proven: no other selection within the budget")).to_be_visible()


def measure(page: Page) -> None:
    page.get_by_role("button", name="Measure it").click()
    expect(page.get_by_role("link", name="safetensors, refitted")).to_be_visible()
    page.locator("[data-plot=accuracies]").get_by_role("button", name="Table").click()
    expect(page.get_by_role("row", name="measured, refitted")).to_be_visible()
