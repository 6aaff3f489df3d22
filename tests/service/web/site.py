"""A living service with its workers in the test's own hand, and a visit to it in a browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from service.jobs.registry import Workplace
from service.worker import work_once
from tests.service.living import living
from tests.service.shop import Shop

PATIENCE_MS = 60_000
PAUSE_SECONDS = 0.05
REFUSED = "Failed to load resource: the server responded with a status of 4"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Site:
    """A service at `url`; what its workers would do is done by `shop`."""

    url: str
    shop: Shop

    def work_once(self) -> bool:
        """Do one unit of work; whether there was one."""
        place = Workplace(self.shop.database, self.shop.artifacts)
        return work_once(self.shop.ledger, place, self.shop.settings, "worker")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work as it comes in, beside the test."""
        done = Event()

        def work() -> None:
            while self.work_once() or not done.wait(PAUSE_SECONDS):
                pass

        thread = Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def site(folder: Path, template: Path) -> Iterator[Site]:
    """An empty service."""
    with living(folder, template) as live:
        shop = Shop(folder)
        yield Site(live.url, shop)
        shop.database.close()


@dataclass
class Visit:
    """A page of a site and all that went wrong or out on it."""

    site: Site
    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    expects_refusals: bool = False

    def open(self, path: str) -> Page:
        """Go there and wait for the heading."""
        self.page.goto(self.site.url + path)
        self.page.locator("h1").wait_for()
        return self.page

    def check(self) -> None:
        """Nothing was complained of in the console, and nothing left the machine."""
        complaints = self.complaints
        if self.expects_refusals:
            complaints = [each for each in complaints if not each.startswith(REFUSED)]
        assert not complaints, complaints
        foreign = [each for each in self.requests if not each.startswith((self.site.url, "blob:"))]
        assert not foreign, foreign


@contextmanager
def visiting(site: Site, browser: Browser, **options: object) -> Iterator[Visit]:
    """A fresh page, judged at the end."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visit = Visit(site, page)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visit.complaints.append(message.text)

    def on_request(request: Request) -> None:
        visit.requests.append(request.url)

    page.on("console", on_console)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("request", on_request)
    try:
        yield visit
        visit.check()
    finally:
        context.close()


def find_browser() -> str | None:
    """Where Debian's Chromium or another is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
