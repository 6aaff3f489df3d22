"""What is seen on narrow screens and in tables that have little room."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.service.furniture import Ready
from tests.service.web.site import Site, Visit, visiting


@pytest.fixture
def narrow(furnished: tuple[Site, Ready], browser: Browser) -> Iterator[Visit]:
    with visiting(furnished[0], browser, viewport={"width": 390, "height": 844}) as visit:
        yield visit


def ask(visit: Visit, ready: Ready, limit: int) -> str:
    wish = {"library": ready.library, "budget": {"parameters": limit}}
    return str(visit.page.request.post(f"{visit.site.url}/v1/students", data=wish).json()["id"])


def test_the_button_that_copies_lies_beside_the_code(narrow: Visit, ready: Ready) -> None:
    page = narrow.open(f"/students/{ask(narrow, ready, 160_000)}")
    for block in page.locator(".command", has=page.locator("button")).all():
        code, button = (block.locator(each).bounding_box() for each in ("pre", "button"))
        assert code is not None
        assert button is not None
        is_above = button["y"] + button["height"] <= code["y"]
        assert is_above or button["x"] >= code["x"] + code["width"]


def test_three_means_fit_into_their_field(narrow: Visit) -> None:
    page = narrow.open("/teachers/new")
    mean = page.get_by_label("Mean of each channel")
    assert mean.evaluate("field => field.scrollWidth <= field.clientWidth")


def test_what_scrolls_sideways_has_a_shadow_at_its_edge(narrow: Visit, ready: Ready) -> None:
    ask(narrow, ready, 160_000)
    page = narrow.open("/students")
    for place in (".sections", ".table-box"):
        box = page.locator(place).first
        assert box.evaluate("box => box.scrollWidth > box.clientWidth")
        assert box.evaluate("box => getComputedStyle(box).backgroundAttachment").endswith("scroll")


def test_students_of_equal_size_are_told_apart_in_one_line_each(visit: Visit, ready: Ready) -> None:
    ids = {ask(visit, ready, limit) for limit in (160_000, 160_000 + 1)}
    page = visit.open("/students")
    names = page.locator("tbody th a")
    assert len(set(names.all_inner_texts())) == names.count()
    for student in ids:
        name = page.locator(f"th a[href='/students/{student}']")
        assert student[-6:] in name.inner_text()
        assert name.evaluate("link => link.getClientRects().length") == 2  # the name, and the id
