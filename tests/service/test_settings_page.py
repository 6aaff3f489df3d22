"""The page of settings is the code's own."""

from pathlib import Path

from service.settings import Settings
from service.settings_page import page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "Run 'make settings'."


def test_every_setting_has_one_row_with_its_default_and_what_is_allowed() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) == len(Settings.model_fields)
    assert any("| `STUDENT_SEARCH_WORKERS` | `2` | integer at least 0," in row for row in rows)
    assert any("| `console`, `json` |" in row for row in rows)
    assert any("| `[]` | list of paths |" in row for row in rows)
