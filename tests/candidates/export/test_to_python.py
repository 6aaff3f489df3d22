"""Students as Python files compute the same, train, and hold no name that could become code."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from candidates.assembly import Description, with_program
from candidates.checkpoint import Checkpoint
from candidates.errors import NotExportable
from candidates.export.to_python.names import OF_MODULES, path_of, quoted
from candidates.export.to_python.source import python_source
from candidates.graph.program import Call, Program, TensorOf, ValueOf
from candidates.sources.vision import models
from candidates.tensors import checkpoint_of
from tests.candidates.export.students import images, recipe, student_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled

SHAPE = (3, 32, 32)


def loaded(checkpoint: Checkpoint, folder: Path) -> nn.Module:
    """What the generated file makes of the student's own file."""
    (folder / "student.py").write_text(python_source(checkpoint))
    (folder / "student.safetensors").write_bytes(checkpoint.to_bytes())
    found = module_at(folder / "student.py").load(folder / "student.safetensors")
    assert isinstance(found, nn.Module)
    return found


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_student", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "swin_t", "shufflenet_v2_x0_5", "convnext_tiny"]
)
def test_families_of_networks_compute_the_same(name: str, tmp_path: Path) -> None:
    checkpoint, network = student_of(getattr(models, name)(num_classes=4), SHAPE)
    found = loaded(checkpoint, tmp_path)
    with torch.no_grad():
        for count in (1, 3):
            values = images(SHAPE, count)
            assert torch.equal(found(values), network(values))
    assert found.state_dict().keys() == network.state_dict().keys()
    trained = {name for name, _ in found.named_parameters()}
    assert trained == {name for name, _ in network.named_parameters()}


def test_layers_have_their_teachers_names(tmp_path: Path) -> None:
    checkpoint, _ = student_of(models.resnet18(num_classes=4), SHAPE)
    found = loaded(checkpoint, tmp_path)
    assert isinstance(found.get_submodule("layer1.0.conv1"), nn.Conv2d)
    assert isinstance(found.get_submodule("fc"), nn.Linear)
    assert "x = self.layer1[0].bn1(" in (tmp_path / "student.py").read_text().replace("y =", "x =")


def test_it_trains_as_the_student_would(tmp_path: Path) -> None:
    layers = {"conv": conv(3, 4), "norm": nn.BatchNorm2d(4), "drop": nn.Dropout(0.5)}
    body = Classifier(lambda net, x: pooled(net.drop(net.norm(net.conv(x)))), **layers)
    checkpoint, network = student_of(body, (3, 8, 8))
    found = loaded(checkpoint, tmp_path)
    for each in (found, network):
        torch.manual_seed(3)
        optimiser = torch.optim.SGD(each.parameters(), lr=0.1)
        for _ in range(2):
            optimiser.zero_grad()
            each.train()(images((3, 8, 8), 4)).square().sum().backward()
            optimiser.step()
    state, expected = found.state_dict(), network.state_dict()
    floating = [name for name in expected if expected[name].is_floating_point()]
    assert all(torch.equal(state[name], expected[name]) for name in floating)
    assert not torch.equal(network.norm.running_mean, torch.zeros(4))  # type: ignore[union-attr,arg-type]


def test_it_runs_alone(tmp_path: Path) -> None:
    body = Classifier(lambda net, x: pooled(net.conv(x)), conv=conv(3, 4))
    checkpoint, _ = student_of(body, (3, 8, 8))
    loaded(checkpoint, tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "student.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "132 parameters\nlogits (2, 4) for 2 images\n", done.stderr


def test_its_text_is_formatted_and_always_the_same(tmp_path: Path) -> None:
    checkpoint, _ = student_of(models.resnet18(num_classes=4), SHAPE)
    text = python_source(checkpoint)
    assert text == python_source(Checkpoint.from_bytes(checkpoint.to_bytes()))
    (tmp_path / "student.py").write_text(text)
    for check in (["format", "--check"], ["check"]):
        command = [sys.executable, "-m", "ruff", *check, "--isolated", "student.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


HOSTILE = (
    '"]; raise SystemExit(9) #', "a\nraise SystemExit(9)\n#", '"""\nraise SystemExit(9)\n"""',
    "__class__", "forward", "class", "if", "\\", "\\\"", "'", "‮abc", "𝔞", "é", "x y",
    "{0}", "%s", "00", "²", "_modules", "load_state_dict", "\x00", "\u2028", "None",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_becomes_code(name: str, tmp_path: Path) -> None:
    """As the name of a tensor, of a layer, of a value and of a scope."""
    tensors = {
        f"{name}.weight": torch.rand(2, 3), f"{name}.bias": torch.rand(2),
        f"plain.{name}": torch.rand(2),
    }  # fmt: skip
    weight, bias, plain = (TensorOf(tensor=each) for each in tensors)
    flat = Call(name="flat", operator="mean.dim", arguments=(ValueOf(value=name), (2, 3)))
    calls = (
        flat.model_copy(update={"scope": name}),
        Call(
            name=f"{name} 1", operator="linear.default",
            arguments=(ValueOf(value="flat"), weight, bias),
        ),
        Call(
            name=f"{name} 2", operator="add.Tensor",
            arguments=(ValueOf(value=f"{name} 1"), plain),
        ),
    )  # fmt: skip
    program = Program(input=name, calls=calls, output=f"{name} 2")
    program.check()
    description = Description(recipe=recipe((3, 8, 8)), provenance={name: name})
    checkpoint = with_program(checkpoint_of(tensors), program, description)
    assert python_source(checkpoint).isascii()
    found = loaded(checkpoint, tmp_path)
    values = images((3, 8, 8))
    matrix, shift, added = tensors.values()
    expected = torch.addmm(shift, values.mean((2, 3)), matrix.T) + added
    assert torch.allclose(found(values), expected, atol=1e-6)


def test_texts_and_keywords_are_no_code_either() -> None:
    inside = ValueOf(value="input")
    evil = 'none"); raise SystemExit(9) #'
    given = {"approximate": evil}
    call = Call(name="x", operator="gelu.default", arguments=(inside,), keywords=given)
    text = python_source(checkpoint_with(call))
    assert 'approximate="none\\"); raise SystemExit(9) #"' in text
    named = call.model_copy(update={"keywords": {"a=1); raise SystemExit(9) #": 1}})
    with pytest.raises(NotExportable, match="No operator takes an argument named"):
        python_source(checkpoint_with(named))


@pytest.mark.parametrize("name", ["a.training", "a..b"])
def test_names_that_no_module_can_hold_are_refused(name: str) -> None:
    arguments = ValueOf(value="input"), TensorOf(tensor=name)
    call = Call(name="x", operator="add.Tensor", arguments=arguments)
    with pytest.raises(NotExportable, match="No module can hold"):
        python_source(checkpoint_with(call))


def test_a_tensor_below_another_is_refused() -> None:
    call = Call(
        name="x", operator="lerp.Tensor",
        arguments=(ValueOf(value="input"), TensorOf(tensor="a"), TensorOf(tensor="a.b")),
    )  # fmt: skip
    with pytest.raises(NotExportable, match="lies below another tensor"):
        python_source(checkpoint_with(call))


def checkpoint_with(call: Call) -> Checkpoint:
    program = Program(input="input", calls=(call,), output=call.name)
    tensors: dict[str, Tensor] = {name: torch.rand(2) for name in call.tensors()}
    return with_program(checkpoint_of(tensors), program, Description(recipe=recipe((3, 8, 8))))


def test_what_modules_have_already_is_reached_by_its_name_in_quotes() -> None:
    have = {name for name in dir(nn.Module) if not name.startswith("_")} | {"training"}
    assert have - {"name"} <= OF_MODULES
    assert path_of("a.0.b") == "self.a[0].b"
    assert path_of("forward.01._x") == 'self["forward"]["01"]["_x"]'


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_quoted_texts_mean_themselves(text: str) -> None:
    assert eval(quoted(text)) == text
