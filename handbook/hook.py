"""Hook of mkdocs: adds pages that are made from the code, and the files of published numbers."""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from handbook import action, calls, commands, numbers, problem_types, results, schemas

ROOT = Path(__file__).parents[1]
KEPT = ("benchmarks/results/*", "benchmarks/*.py")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs once it has found the pages of docs/."""
    for place, text in made_pages().items():
        files.append(File.generated(config, place, content=text))
    for path in published():
        place = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Called by mkdocs for every page."""
    if page.file.src_uri != "numbers.md":
        return markdown
    return numbers.linked(markdown)


def made_pages() -> dict[str, str]:
    """Markdown by its place in the handbook."""
    description = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    return {
        "reference/rest.md": calls.page(description),
        "reference/bodies.md": schemas.page(description["components"]["schemas"]),
        "reference/problems.md": problem_types.page(),
        "reference/commands.md": commands.page(),
        "reference/action.md": action.page(
            yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        ),
        "figures.md": results.page(ROOT / "benchmarks" / "results"),
    }


def published() -> Iterator[Path]:
    """Results of benchmarks and their scripts, so that every number leads to where it came from."""
    for pattern in KEPT:
        yield from sorted(path for path in ROOT.glob(pattern) if path.is_file())
