"""Browsing: a library of ten thousand candidates in a real browser.

`python -m benchmarks.browsing`; needs Chromium (apt-get install chromium). Asked: it stays fluid.
The candidates are made up, the service that answers is the real one. Told are the milliseconds
until the curve and the map are drawn, of a step of the slider up to the next frame, and of
scrolling the whole page; and the memory of scripts.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.made_up import Store, make_library
from benchmarks.report import publish
from benchmarks.screenshots import BROWSERS, HEIGHT, WIDE
from benchmarks.server import serving
from service.settings import Settings

FRAMES = """async ([count, act]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const step = new Function("step", act);
    const times = [];
    for (let number = 0; number < count; number += 1) {
        const begun = performance.now();
        step(number);
        await frame();
        times.push(performance.now() - begun);
    }
    return times;
}"""
SLIDE = """document.querySelector("input[type=range]").dispatchEvent(
    new KeyboardEvent("keydown", { key: "ArrowLeft", cancelable: true }));"""
SCROLL = "scrollTo(0, step * 40);"


def main() -> None:
    """Print and write the figures of each visit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neighbourhoods", type=int, default=50)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="student-search-") as name:
        folder = Path(name)
        store = Store.of(Settings(data_dir=folder))
        library = make_library(store, given.neighbourhoods, given.candidates, given.seed)
        store.database.close()
        with serving(folder, folder / "server.log", workers="0") as (client, _):
            visits = _visits(f"{client.url}/libraries/{library}", given.visits)
    names = visits[0]
    medians = {name: float(np.median([visit[name] for visit in visits])) for name in names}
    publish("browsing", vars(given), {"median": medians, "visits": visits})


def _visits(url: str, count: int) -> list[dict[str, float]]:
    """Each by a new browser, so that nothing is remembered."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = []
    with sync_playwright() as playwright:
        for _ in range(count):
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDE, "height": HEIGHT})
            page.set_default_timeout(120_000)
            found.append(_visit(page, url))
            browser.close()
    return found


def _visit(page: Page, url: str) -> dict[str, float]:
    begun = time.perf_counter()
    page.goto(url)
    page.locator("[data-plot=curve] canvas").first.wait_for()
    curve = time.perf_counter()
    page.locator("[data-plot=map] canvas").first.wait_for()
    whole = time.perf_counter()
    page.wait_for_load_state("networkidle")
    steps = page.evaluate(FRAMES, [40, SLIDE])
    scrolls = page.evaluate(FRAMES, [60, SCROLL])
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    return {
        "curve_drawn_ms": 1000 * (curve - begun),
        "map_drawn_ms": 1000 * (whole - begun),
        "slider_step_ms_p50": float(np.median(steps)),
        "slider_step_ms_greatest": max(steps),
        "scroll_frame_ms_p50": float(np.median(scrolls)),
        "scroll_frame_ms_greatest": max(scrolls),
        "script_memory_mib": heap / 2**20,
    }


if __name__ == "__main__":
    main()
