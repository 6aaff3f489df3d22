import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import candidates.kinds
from candidates.draft import Draft
from candidates.kinds import registry
from candidates.kinds.registry import KINDS, Kind, Knob
from candidates.library import make_candidates
from candidates.progress import silent
from tests.candidates.builders import library, materials_of, teacher_of
from tests.candidates.kinds.drafts import bench_of, draft_of, gap, materials, stands_in

README = Path(candidates.kinds.__file__).parent / "README.md"
MAKER, ENTRY = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.fixture
def _example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's kind, as if its file and its entry were there."""
    module = ModuleType("candidates.kinds.rounded")
    exec(MAKER, {"Draft": Draft}, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "KINDS", dict(KINDS))
    for user in ("candidates.kinds.maker", "candidates.statistics"):
        monkeypatch.setattr(f"{user}.KINDS", registry.KINDS)
    exec(ENTRY, {"KINDS": registry.KINDS, "Kind": Kind, "Knob": Knob})


@pytest.mark.usefixtures("_example")
def test_the_example_makes_candidates() -> None:
    bench = bench_of(materials("rounded"))
    coarse, fine = (draft_of("rounded", bench, bits=bits) for bits in (4, 8))
    stands_in(bench, coarse)
    assert 0 < gap(bench, fine.network) < gap(bench, coarse.network)


@pytest.mark.usefixtures("_example")
def test_the_example_is_part_of_a_library() -> None:
    given = materials("rounded", steps=1)
    harvest = make_candidates(given, given.teacher.split.neighbourhoods[0], lambda _: None, silent)
    made = [each.candidate for each in harvest.made if each.candidate.kind == "rounded"]
    assert [each.knobs["bits"] for each in made] == [4, 8]


def test_every_kind_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `([\w+]+)` \| (.*?) \|", README.read_text(), re.MULTILINE))
    assert rows.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        assert re.findall(r"`(\w+)`", rows[name]) == list(kind.knobs)


def test_every_kind_is_made_refined_and_scored() -> None:
    grid = {
        **{name: {} for name in KINDS},
        "sparse": {"sparsity": (0.5,), "method": ("obc", "2:4", "magnitude")},
    }
    recipe = library(kinds=grid, multipliers=(0.5,), steps=2)
    given = materials_of(teacher_of(), recipe)
    harvest = make_candidates(given, given.teacher.split.neighbourhoods[0], lambda _: None, silent)
    made = {
        (each.candidate.kind, each.candidate.knobs.get("method")): each.candidate
        for each in harvest.made
    }
    assert {kind for kind, _ in made} == KINDS.keys()
    assert all(each.reason.endswith(".") for each in harvest.omitted)
    whole = given.teacher.part(given.teacher.split.neighbourhoods[0])
    weights = sum(each.numel() for each in whole.parameters() if each.dim() > 1)
    others = sum(each.numel() for each in whole.parameters() if each.dim() == 1)
    for method in ("obc", "2:4", "magnitude"):
        assert made["sparse", method].cost.parameters == weights // 2 + others
