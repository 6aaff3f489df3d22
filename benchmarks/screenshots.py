"""Screenshots of every page, light and dark, wide and narrow, from a furnished service.

`make screenshots`, or `python -m benchmarks.screenshots`; needs Chromium (apt-get install
chromium). What the service holds is kept in var/screenshots, so that a second run is quick.
"""

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

from benchmarks.ending import run_to_the_end
from benchmarks.furnished import LIBRARY, furnish, works
from benchmarks.server import serving
from service.client import Client, JobEnded
from service.server import ADDRESS_FILE

KEPT = Path("var") / "screenshots"
TARGET = Path("docs") / "screenshots"
WIDE, NARROW, HEIGHT = 1280, 390, 800
BUILT_UNITS = 4
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Shot(NamedTuple):
    """A picture's name, what it shows, and how."""

    name: str
    path: str
    scheme: str = "light"
    width: int = WIDE


SHOTS = (
    Shot("teachers", "/"),
    Shot("teacher", "/teachers/{teacher}"),
    Shot("teacher-new", "/teachers/new"),
    Shot("library-new", "/teachers/{teacher}/library"),
    Shot("library", "/libraries/{library}"),
    Shot("library-dark", "/libraries/{library}", "dark"),
    Shot("library-narrow", "/libraries/{library}", "light", NARROW),
    Shot("library-table", "/libraries/{library}?curve-as=table"),
    Shot("student-new", "/libraries/{library}/student"),
    Shot("survey-new", "/libraries/{library}/survey"),
    Shot("survey", "/surveys/{survey}"),
    Shot("search-new", "/libraries/{library}/search"),
    Shot("search", "/searches/{search}"),
    Shot("calibration", "/libraries/{library}/calibration"),
    Shot("calibration-dark", "/libraries/{library}/calibration", "dark"),
    Shot("student", "/students/{student}"),
    Shot("student-dark", "/students/{student}", "dark"),
    Shot("students", "/students"),
    Shot("jobs", "/jobs"),
    Shot("datasets", "/datasets"),
    Shot("dataset", "/datasets/{dataset}"),
    Shot("dataset-new", "/datasets/new"),
    Shot("devices", "/devices"),
    Shot("tokens", "/tokens"),
)
RUNNING = Shot("job", "/jobs/{job}")


def main() -> None:
    """Writes one PNG for each shot."""
    KEPT.mkdir(parents=True, exist_ok=True)
    TARGET.mkdir(parents=True, exist_ok=True)
    (KEPT / "data" / ADDRESS_FILE).unlink(missing_ok=True)
    with serving(KEPT / "data", KEPT / "server.log", workers="1") as (client, _):
        ids = _ids(client)
        with sync_playwright() as playwright:
            path = next(filter(None, map(shutil.which, BROWSERS)), None)
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for shot in SHOTS:
                _take(browser, client.url, shot, ids)
            with _building(client, ids) as job:
                _take(browser, client.url, RUNNING, {"job": job})
            browser.close()


def _ids(client: Client) -> dict[str, str]:
    """Of what the service holds; it is furnished once."""
    index = KEPT / "ids.json"
    if not index.exists():
        index.write_text(json.dumps(furnish(client, KEPT)))
    ids: dict[str, str] = json.loads(index.read_text())
    return {**ids, **works(client, ids["library"])}


@contextmanager
def _building(client: Client, ids: dict[str, str]) -> Iterator[str]:
    """Id of a job that goes on meanwhile and has done some of its work; nothing is left of it."""
    recipe = LIBRARY.model_copy(update={"seed": 1})
    library = client.build_library(ids["teacher"], ids["dataset"], recipe)
    while (job := client.job(library.job)).units.get("succeeded", 0) < BUILT_UNITS:
        if job.state == "failed":
            raise SystemExit(f"The library of the job's picture failed; see {KEPT}/server.log.")
        time.sleep(0.5)
    try:
        yield library.job
    finally:
        httpx2.post(f"{client.url}/v1/jobs/{library.job}/cancel")
        with suppress(JobEnded):
            client.wait(library.job)
        httpx2.delete(f"{client.url}/v1/libraries/{library.id}")


def _take(browser: Browser, url: str, shot: Shot, ids: dict[str, str]) -> None:
    context = browser.new_context(
        viewport={"width": shot.width, "height": HEIGHT},
        color_scheme="dark" if shot.scheme == "dark" else "light",
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url + shot.path.format(**ids))
    _settle(page)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    path = TARGET / f"{shot.name}.png"
    picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"{path}: {path.stat().st_size // 1024} KiB")
    context.close()


def _settle(page: Page) -> None:
    """All that is loaded is there and drawn."""
    page.locator("h1").wait_for()
    expect(page.locator(".loading")).to_have_count(0, timeout=120_000)
    with suppress(TimeoutError):  # a page that follows a job never is idle
        page.wait_for_load_state("networkidle", timeout=5_000)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    run_to_the_end(main)
