from pathlib import Path

from handbook.links import complaints


def site(folder: Path, **pages: str) -> Path:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    return folder


def test_links_that_lead_somewhere_are_no_matter(tmp_path: Path) -> None:
    a = '<h1 id="top">A</h1><a href="b.html#x"></a><a href="#top"></a><a href="/b.html"></a>'
    built = site(tmp_path, a=a, b='<p id="x"><a href="https://example.org/gone">web</a>')
    assert list(complaints(built)) == []


def test_a_dead_link_is_named_with_its_page(tmp_path: Path) -> None:
    built = site(tmp_path, a='<a href="gone.html"></a><img src="gone.png">')
    assert list(complaints(built)) == [
        "a.html: 'gone.html' leads nowhere.",
        "a.html: 'gone.png' leads nowhere.",
    ]


def test_a_place_that_a_page_has_not_is_named(tmp_path: Path) -> None:
    built = site(tmp_path, a='<a href="b.html#y"></a>', b='<p id="x">')
    assert list(complaints(built)) == ["a.html: 'b.html#y' names a place that b.html has not."]


def test_what_is_loaded_from_elsewhere_is_named(tmp_path: Path) -> None:
    a = '<script src="https://cdn.example/a.js"></script><link rel="canonical" href="http://x/">'
    built = site(tmp_path, a=a)
    (built / "a.css").write_text("@import '//fonts.example/f.css'; b {background: url(x.png)}")
    assert list(complaints(built)) == [
        "a.html loads https://cdn.example/a.js from elsewhere.",
        "a.css loads //fonts.example/f.css from elsewhere.",
    ]
