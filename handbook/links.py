"""Links of built pages: those within the handbook lead somewhere, and no page loads from elsewhere.

    python -m handbook.links build/docs

Where links into the web lead is not asked: that would make a build depend on other people's
servers.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"src", "srcset", "poster", "data"}
REFERS = {"canonical", "alternate", "next", "prev"}
CSS_URL = re.compile(r"""(?:url\(|@import\s+)\s*['"]?(?P<url>[^'")\s]+)""")


class Page(HTMLParser):
    """The anchors of a page, the places it links to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for every element."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.loads += [given[name] for name in LOADED & given.keys()]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in REFERS:
            self.loads.append(given["href"])


def complaints(site: Path) -> Iterator[str]:
    """A sentence for everything that is wrong in a folder of pages."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        for url in (*page.links, *page.loads):
            if wrong := _wrong(url, path, site, pages):
                yield f"{name}: '{url}' {wrong}."
        for url in page.loads:
            if _is_foreign(url):
                yield f"{name} loads {url} from elsewhere."
    yield from _foreign_styles(site)


def main() -> int:
    """The command."""
    found = list(complaints(Path(sys.argv[1])))
    sys.stdout.write("\n".join([*found, f"{len(found)} dead links and foreign files."]) + "\n")
    return int(bool(found))


def _foreign_styles(site: Path) -> Iterator[str]:
    for path in site.rglob("*.css"):
        for found in CSS_URL.finditer(path.read_text("utf-8")):
            if _is_foreign(found["url"]):
                yield f"{path.relative_to(site)} loads {found['url']} from elsewhere."


def _wrong(url: str, page: Path, site: Path, pages: dict[Path, Page]) -> str | None:
    """What is wrong with a place within the handbook."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return None
    base = site if parts.path.startswith("/") else page.parent
    target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.exists():
        return "leads nowhere"
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].anchors:
        return f"names a place that {target.name} has not"
    return None


def _is_foreign(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https") or url.startswith("//")


if __name__ == "__main__":
    sys.exit(main())
