from pathlib import Path

import pytest
from PIL import Image

from candidates.curves import check_drawing, draw
from candidates.history import Point

POINTS = [Point(step=n, loss=1 / n, accuracy=50.0 + n if n % 2 else None) for n in range(1, 9)]


@pytest.mark.parametrize("points", [POINTS, POINTS[:1], [Point(step=1, loss=1.0)]])
def test_a_history_becomes_a_picture(points: list[Point], tmp_path: Path) -> None:
    draw(points, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (800, 450)
        assert len(picture.convert("RGB").getcolors(100_000) or []) > 2


def test_the_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.curves.find_spec", lambda _name: None)
    with pytest.raises(ValueError, match=r"matplotlib, which is not installed: run pip install"):
        check_drawing(Path("curves.png"))


def test_a_name_that_is_no_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'curves\.txt' is no picture; its name must end in"):
        check_drawing(Path("curves.txt"))
