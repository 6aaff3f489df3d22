"""A browser, and a site with a library that is ready."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, expect, sync_playwright

from tests.service.furniture import Furniture, Ready
from tests.service.web.site import PATIENCE_MS, Site, Visit, find_browser, site, visiting

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer than a module: Playwright keeps an event loop running in this thread, beside
    which no other test could run one.
    """
    path = find_browser()
    if path is None:
        pytest.skip("No Chromium is installed: apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def empty_site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    torch.set_num_threads(1)
    with site(tmp_path, sqlite_template) as found:
        yield found


@pytest.fixture(scope="module")
def furnished(
    tmp_path_factory: pytest.TempPathFactory, furniture: Furniture
) -> Iterator[tuple[Site, Ready]]:
    """One for all tests of a file."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("site")
    furniture.copy(folder)
    with site(folder, furniture.database) as found:
        yield found, furniture.ready


@pytest.fixture
def ready(furnished: tuple[Site, Ready]) -> Ready:
    return furnished[1]


@pytest.fixture
def visit(furnished: tuple[Site, Ready], browser: Browser) -> Iterator[Visit]:
    """To the furnished site."""
    with visiting(furnished[0], browser) as visit:
        yield visit


@pytest.fixture
def first_visit(empty_site: Site, browser: Browser) -> Iterator[Visit]:
    """To the empty site."""
    with visiting(empty_site, browser) as visit:
        yield visit
