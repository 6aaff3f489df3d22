"""`.pt2` files that somebody tampered with: nothing of theirs runs, and each gets a sentence."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.errors import InvalidCheckpoint, InvalidProgram, UnsplittableTeacher
from candidates.sources.exported import program_of
from tests.candidates.exports import SHAPE, Small, exported, seeded
from tests.candidates.hostile import (
    Json,
    entries_of,
    graph_of,
    pickled,
    with_bytes,
    with_json,
)

MODEL, WEIGHTS = "models/model.json", "model_weights_config.json"
REFUSALS = (InvalidCheckpoint, InvalidProgram, UnsplittableTeacher)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(seeded(Small), tmp_path_factory.mktemp("exports") / "net.pt2")


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "net.pt2"))


def test_pickled_sample_inputs_are_never_opened(path: Path, tmp_path: Path) -> None:
    wanted = program_of(path, SHAPE).program
    with_bytes(path, "sample_inputs/model.pt", pickled(tmp_path / "marker"))
    assert program_of(path, SHAPE).program == wanted
    assert not (tmp_path / "marker").exists()


def code(marker: Path) -> str:
    return f"__import__('os').system('touch {marker}')"


def expressions(value: Any, text: str) -> Any:
    """The same JSON with a text in the place of every expression."""
    if isinstance(value, dict):
        return {
            key: text if key == "expr_str" else expressions(item, text)
            for key, item in value.items()
        }
    return [expressions(item, text) for item in value] if isinstance(value, list) else value


def test_expressions_and_guards_are_never_evaluated(path: Path, tmp_path: Path) -> None:
    wanted = program_of(path, SHAPE).program
    text = code(tmp_path / "marker")

    def poison(content: Json) -> None:
        content.update(expressions(content, text))
        content["guards_code"] = [text]
        content["range_constraints"] = {text: {"min_val": 0, "max_val": None}}

    with_json(path, MODEL, poison)
    assert text in entries_of(path)["net/models/model.json"].decode()
    assert program_of(path, SHAPE).program == wanted
    assert not (tmp_path / "marker").exists()


def test_an_expression_in_the_place_of_a_number_is_refused(path: Path, tmp_path: Path) -> None:
    text = {"as_expr": {"expr_str": code(tmp_path / "marker")}}

    def poison(content: Json) -> None:
        node = next(n for n in graph_of(content)["nodes"] if "reshape" in n["target"])
        node["inputs"][1]["arg"] = {"as_sym_ints": [text, {"as_int": 192}]}

    with pytest.raises(InvalidProgram, match="cannot be read"):
        program_of(with_json(path, MODEL, poison), SHAPE)
    assert not (tmp_path / "marker").exists()


def test_a_size_that_no_call_computes_is_refused(path: Path) -> None:
    def forget(content: Json) -> None:
        nodes = graph_of(content)["nodes"]
        nodes[:] = [node for node in nodes if "sym_size" not in node["target"]]

    with pytest.raises(InvalidProgram, match="cannot be read"):
        program_of(with_json(path, MODEL, forget), SHAPE)


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten.from_file.default",
        "torch.ops.higher_order.wrap_with_set_grad_enabled",
        "torch.ops.torchvision.nms.default",
        "torch.ops.aten.__class__.default",
        "torch.ops.aten.relu",
        "torch.ops.aten.getitem.",
        "_operator.truediv",
        "_operator.getitem",
        "os.system",
        "getitem",
    ],
)
def test_operators_outside_the_list_are_refused(target: str, path: Path) -> None:
    def replace(content: Json) -> None:
        node = next(n for n in graph_of(content)["nodes"] if "relu" in n["target"])
        node["target"] = target

    with pytest.raises(InvalidProgram, match="not on the list"):
        program_of(with_json(path, MODEL, replace), SHAPE)


def first_node(**fields: Any) -> Callable[[Json], object]:
    return lambda content: next(
        node for node in graph_of(content)["nodes"] if "relu" in node["target"]
    ).update(fields)


SELF = {"name": "self", "arg": {"as_tensor": {"name": "relu"}}, "kind": 1}
NOBODY = {"name": "self", "arg": {"as_tensor": {"name": "nobody"}}, "kind": 1}
HUGE = [{"name": "size", "arg": {"as_ints": [2**40, 2**20]}, "kind": 1}]
EMPTY: Json = {"target": "x", "inputs": [], "outputs": [], "metadata": {}}
GRAPHS: dict[str, Callable[[Json], object]] = {
    "a call that reads itself": first_node(inputs=[SELF]),
    "a call that reads what nothing gives": first_node(inputs=[NOBODY]),
    "a call of two kinds of argument at once": first_node(
        inputs=[{**SELF, "arg": {"as_int": 1, "as_none": True}}]
    ),
    "a call without arguments": first_node(inputs=[]),
    "an argument of an unknown kind": first_node(inputs=[{**SELF, "arg": {"as_graph": {}}}]),
    "a call that is named like the images": first_node(outputs=[{"as_tensor": {"name": "images"}}]),
    "a value beyond all memory": first_node(target="torch.ops.aten.ones.default", inputs=HUGE),
    "a call that does not say what it gives": first_node(outputs=[]),
    "the same calls twice": lambda content: graph_of(content)["nodes"].extend(
        graph_of(content)["nodes"]
    ),
    "no calls": lambda content: graph_of(content)["nodes"].clear(),
    "too many calls": lambda content: graph_of(content).update(nodes=[EMPTY] * 50_001),
    "another schema": lambda content: content.update(schema_version={"major": 9, "minor": 0}),
    "no signature": lambda content: content["graph_module"].pop("signature"),
    "no outputs": lambda content: content["graph_module"]["signature"]["output_specs"].clear(),
    "a parameter that is missing": lambda content: content["graph_module"]["signature"][
        "input_specs"
    ][0]["parameter"].update(parameter_name="other"),
    "images of two shapes": lambda content: graph_of(content)["tensor_values"].clear(),
}


def test_a_million_calls_are_refused(path: Path) -> None:
    calls = b",".join([json.dumps(EMPTY).encode()] * 1_000_000)
    text = b'{"graph_module": {"graph": {"nodes": [' + calls + b"]}}}"
    with pytest.raises(InvalidCheckpoint, match="at most"):
        program_of(with_bytes(path, MODEL, text), SHAPE)


@pytest.mark.parametrize("what", GRAPHS)
def test_graphs_that_do_not_hang_together_are_refused(what: str, path: Path) -> None:
    with pytest.raises(REFUSALS, match=r"^.{20,}[.)]$"):
        program_of(with_json(path, MODEL, GRAPHS[what]), SHAPE)


@pytest.mark.parametrize(
    "text", [b"{", b"[" * 10**6, b"null", b"\xff\xfe", b'{"x": 1e999}', b"9" * 5000],
    ids=["open", "deep", "null", "bytes", "infinite", "long"],
)  # fmt: skip
def test_what_is_no_json_of_an_export_is_refused(text: bytes, path: Path) -> None:
    with pytest.raises(InvalidProgram):
        program_of(with_bytes(path, MODEL, text), SHAPE)


def meta(**fields: Any) -> Callable[[Json], object]:
    def change(content: Json) -> None:
        content["config"]["fc.weight"]["tensor_meta"].update(fields)

    return change


def ints(*numbers: int) -> list[Json]:
    return [{"as_int": number} for number in numbers]


LAYOUTS: dict[str, Callable[[Json], object]] = {
    "a pickled tensor": lambda content: content["config"]["fc.weight"].update(use_pickle=True),
    "a record elsewhere": lambda content: content["config"]["fc.weight"].update(
        path_name="../../etc/passwd"
    ),
    "a record that is missing": lambda content: content["config"]["fc.weight"].update(
        path_name="weight_99"
    ),
    "an absurd shape": meta(sizes=ints(2**62, 192)),
    "a shape whose product overflows": meta(sizes=ints(2**33, 2**33)),
    "a negative size": meta(sizes=ints(-4, 192)),
    "a symbolic size": meta(sizes=[{"as_expr": {"expr_str": "1"}}, {"as_int": 192}]),
    "a shape of more than there is": meta(sizes=ints(8, 192), strides=ints(192, 1)),
    "a shape of less than there is": meta(sizes=ints(2, 192)),
    "a shape without an end": meta(sizes=ints(*[1] * 1000), strides=ints(*[1] * 1000)),
    "strides that leave the record": meta(strides=ints(10**6, 1)),
    "strides that repeat items": meta(sizes=ints(4000, 192), strides=ints(0, 1)),
    "negative strides": meta(strides=ints(-192, 1)),
    "fewer strides than sizes": meta(strides=ints(1)),
    "an offset beyond the record": meta(storage_offset={"as_int": 10**6}),
    "an unknown dtype": meta(dtype=29),
    "a dtype of other size": meta(dtype=8),
    "no layout": lambda content: content["config"]["fc.weight"].update(tensor_meta=None),
}


@pytest.mark.parametrize("what", LAYOUTS)
def test_tensors_that_do_not_fit_their_bytes_are_refused(what: str, path: Path) -> None:
    with pytest.raises((InvalidCheckpoint, InvalidProgram), match=r"^.{20,}\.$"):
        program_of(with_json(path, WEIGHTS, LAYOUTS[what]), SHAPE)


@pytest.mark.parametrize("change", [-4, -1, 1, 4])
def test_records_of_another_length_than_declared_are_refused(change: int, path: Path) -> None:
    data = entries_of(path)["net/data/weights/weight_0"]
    changed = data[:change] if change < 0 else data + bytes(change)
    with pytest.raises(InvalidCheckpoint, match=r"needs|does not fit"):
        program_of(with_bytes(path, "weight_0", changed), SHAPE)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused_by_name(value: float, tmp_path: Path) -> None:
    network = seeded(Small)
    with torch.no_grad():
        next(network.parameters())[0, 0] = value
    with pytest.raises(InvalidCheckpoint, match=r"'fc\.weight' holds NaN or Inf"):
        program_of(exported(network, tmp_path / "net.pt2"), SHAPE)


@settings(max_examples=40)
@given(st.data())
def test_a_graph_with_anything_anywhere_is_read_or_refused(
    original: Path, data: st.DataObject
) -> None:
    """No other error, whatever stands where."""
    path = Path(shutil.copy(original, original.with_suffix(".fuzzed")))
    junk: Any = data.draw(
        st.sampled_from([None, -1, 2**70, 1.5, "x", [], {}, [[]], {"as_int": True}])
    )

    def scramble(content: Json) -> None:
        here: Any = content["graph_module"]
        while isinstance(here, dict | list) and here:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(here[key], dict | list) or data.draw(st.integers(0, 6)) == 0:
                here[key] = junk
                return
            here = here[key]

    with_json(path, MODEL, scramble)
    with contextlib.suppress(*REFUSALS):
        program_of(path, SHAPE)
