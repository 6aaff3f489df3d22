from benchmarks.coverage_entry import MATRIX, Entry, Outcome, read_entries, write_entries
from benchmarks.coverage_table import write_table
from candidates.sources.allowed import ARCHITECTURES

GOOD = Entry(
    architecture="resnet18", input=(3, 224, 224), num_parameters=11_689_512, trace_s=1.0,
    split_s=0.5, num_neighbourhoods=8, coverage=0.9992, shrinkable=0.99, equal_at_one=True,
    names_kept=True, parameters_left=0.35, runs=True, trains=True, reloads=True,
    exported=Outcome(worked=True), torch_pruning=Outcome(worked=False, reason="step: a | b"),
)  # fmt: skip
BAD = Entry(architecture="timm/resnet10t", reason="trace: It cannot be followed.")
ENTRIES = {entry.architecture: entry for entry in (GOOD, BAD)}


def test_the_matrix_is_the_allow_list_without_the_cifar_networks():
    others = {name for name, each in ARCHITECTURES.items() if each.library != "cifar"}
    assert set(MATRIX) == others
    assert len(MATRIX) == len(others)


def test_entries_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "coverage.json"
    assert read_entries(path) == {}
    write_entries(ENTRIES, path)
    assert read_entries(path) == ENTRIES
    write_entries({}, path)
    assert read_entries(path) == {}


def test_the_page_sets_what_was_found_beside_what_was_asked_for(tmp_path):
    path = tmp_path / "coverage.md"
    summary = write_table(ENTRIES, path)
    assert "| everything works | all / 97 % | 1 of 1 | 0 of 1 |" in summary
    assert "| trace and split, median / worst, s | 3 / 15 | 1.5 / 1.5 | – |" in summary
    assert "| the same as .pt2 without source | 95 % | 1 of 1 |" in summary
    page = path.read_text()
    assert summary in page
    assert "| torchvision resnet | 1 | 1 | 11.7 | 8 | 99.9 % | 99.0 % | 35.0 % |" in page


def test_the_page_names_every_architecture_measured_or_not(tmp_path):
    path = tmp_path / "coverage.md"
    write_table(ENTRIES, path)
    page = path.read_text()
    assert "| `resnet18` | yes | 11.7 | 99.0 % |" in page
    assert "| `timm/resnet10t` | no | 0.0 | – |" in page
    missing = page.rpartition("not measured yet: ")[2]
    assert "`resnet50`" in missing
    assert "`resnet18`" not in missing


def test_the_page_gives_every_reason(tmp_path):
    path = tmp_path / "coverage.md"
    write_table(ENTRIES, path)
    page = path.read_text()
    assert "| timm/resnet10t | trace: It cannot be followed. |" in page
    assert "| resnet18 through Torch-Pruning | step: a \\| b |" in page
