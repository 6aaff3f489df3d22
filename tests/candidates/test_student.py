"""Students are rebuilt from their files alone, and hostile files are refused in a sentence."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from candidates.assembly import PROGRAM_KEY, Description, assemble, with_program
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint, InvalidProgram
from candidates.graph.network import Network
from candidates.graph.program import Argument, Batch, Call, Constant, Program, TensorOf, ValueOf
from candidates.student import build_student, load_student, student_checkpoint
from candidates.tensors import checkpoint_of
from tests.candidates.builders import TINY, inputs_of, teacher_from, teacher_of

WEIGHT = torch.ones(3, 64)
INPUT, FLAT = ValueOf(value="input"), ValueOf(value="flat")
FLATTENED = Call(name="flat", operator="flatten.using_ints", arguments=(INPUT, 1))


def call(operator: str, *arguments: Argument, **keywords: Argument) -> Call:
    return Call(name="out", operator=operator, arguments=arguments, keywords=keywords)


def student(*calls: Call, buffers: tuple[str, ...] = (), **tensors: torch.Tensor) -> Checkpoint:
    program = Program(input="input", calls=calls, output="out", buffers=buffers)
    file = with_program(checkpoint_of(tensors), program, Description(recipe=TINY))
    return Checkpoint.from_bytes(file.to_bytes())


def named(name: str, is_buffer: bool = False) -> Checkpoint:
    product = call("linear.default", FLAT, TensorOf(tensor=name))
    return student(FLATTENED, product, buffers=(name,) * is_buffer, **{name: WEIGHT})


def half(teacher) -> tuple[Checkpoint, Network]:
    """The file of a teacher whose widths are all halved, and what it should compute."""
    parts = []
    network = teacher.network
    for each in teacher.split.neighbourhoods:
        kept = {width.name: tuple(range(0, width.size, 2)) for width in each.widths}
        part = teacher.narrowed(each, kept)
        parts.append(with_program(checkpoint_of(part.tensors()), part.program))
        tensors = {**network.tensors(), **part.tensors()}
        network = Network(network.program.replaced([part.program]), tensors)
    return assemble(teacher.checkpoint, parts, {}, {"strategy": "half"}), network.eval()


class Droppy(nn.Module):
    """BatchNorm, dropout and stochastic depth: what differs between training and predicting."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.one, self.two = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.path, self.drop = StochasticDepth(), nn.Dropout(0.5)
        self.head = nn.Linear(8, 3)

    def forward(self, images):
        values = self.norm(self.stem(images)).relu()
        values = values + self.path(self.two(self.one(values).relu()))
        return self.head(self.drop(values.mean((2, 3))))


class StochasticDepth(nn.Module):
    p = 0.5

    def forward(self, branch):
        return branch


@pytest.fixture(scope="module")
def droppy():
    torch.manual_seed(0)
    return teacher_from(Droppy())


def test_a_student_computes_what_its_parts_do(droppy):
    file, network = half(droppy)
    images = inputs_of()
    assert torch.equal(build_student(file)(images), network(images))


def test_a_new_process_rebuilds_it_from_the_file_alone(droppy, tmp_path):
    file, network = half(droppy)
    (tmp_path / "student.safetensors").write_bytes(file.to_bytes())
    torch.save(inputs_of(), tmp_path / "images")
    code = (
        "import sys, torch; from candidates.student import load_student;"
        "images = torch.load(sys.argv[2], weights_only=True);"
        "torch.save(load_student(sys.argv[1])(images).detach(), sys.argv[3])"
    )
    names = [tmp_path / name for name in ("student.safetensors", "images", "logits")]
    subprocess.run([sys.executable, "-c", code, *names], check=True, timeout=100)
    assert torch.equal(torch.load(names[2], weights_only=True), network(inputs_of()))


def test_predicting_repeats_itself_and_training_drops(droppy):
    network = build_student(half(droppy)[0])
    images = inputs_of()
    assert torch.equal(network(images), network(images))
    network.train()
    assert not torch.equal(network(images), network(images))


def test_training_moves_statistics_and_reaches_every_parameter(droppy):
    network = build_student(half(droppy)[0]).train()
    before = network.tensors()["norm.running_mean"].clone()
    for _ in range(4):  # a dropped path has no gradient
        network(inputs_of(count=8)).square().sum().backward()
    assert not torch.equal(network.tensors()["norm.running_mean"], before)
    assert all(parameter.grad.any() for parameter in network.parameters())


def test_stochastic_depth_drops_whole_images(droppy):
    network = build_student(droppy.checkpoint).train()
    branch = next(call for call in network.program.calls if call.operator == "dropout.default")
    (dropped,) = network.values(inputs_of(count=64), [branch.name])
    assert dropped.shape == (64, 1, 1, 1)
    assert set(dropped.flatten().tolist()) == {0.0, 2.0}


def test_a_trained_student_is_written_and_read_again(droppy, tmp_path):
    file, _ = half(droppy)
    network = build_student(file).train()
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    network(inputs_of()).square().sum().backward()
    optimiser.step()
    path = tmp_path / "trained.safetensors"
    path.write_bytes(student_checkpoint(network, Description.of(file)).to_bytes())
    again = load_student(path)
    assert torch.equal(again(inputs_of()), network.eval()(inputs_of()))
    assert Description.of(Checkpoint.read(path)).provenance == {"strategy": "half"}


def test_names_and_numbers_are_the_teachers_where_nothing_shrinks():
    teacher = teacher_of()
    network = build_student(teacher.checkpoint)
    found = {name: each.shape for name, each in network.state_dict().items()}
    assert found == {name: each.shape for name, each in teacher.network.state_dict().items()}
    assert torch.equal(network(inputs_of()), teacher.network(inputs_of()))


@pytest.mark.parametrize("is_buffer", [False, True])
@pytest.mark.parametrize(
    "name",
    ["a b", "ü", "part", "values", "program", "_steps", "_ends", "forward", "tensors.weight",
     "_parameters", "x._modules.y", "__class__", "half.weight"],
)  # fmt: skip
def test_odd_names_are_only_names(name, is_buffer):
    network = build_student(named(name, is_buffer))
    assert network(torch.ones(2, 1, 8, 8)).tolist() == [[64.0] * 3] * 2
    assert list(network.state_dict()) == [name]
    again = student_checkpoint(network.train(), Description(recipe=TINY))
    assert list(again.tensors) == [name]


@pytest.mark.parametrize("name", ["a..b", ".a", "a.", ".", "training", "a.training"])
def test_impossible_names_are_refused(name):
    with pytest.raises(InvalidProgram, match="No tensor can be named"):
        build_student(named(name))


@pytest.mark.parametrize(("first", "second"), [("a.b", "a.b.c"), ("a.b.c", "a.b")])
def test_a_name_that_is_also_a_module_is_refused(first, second):
    file = student(
        FLATTENED,
        Call(name="one", operator="linear.default", arguments=(FLAT, TensorOf(tensor=first))),
        call("linear.default", ValueOf(value="one"), TensorOf(tensor=second)),
        **{first: WEIGHT, second: torch.ones(3, 3)},
    )
    with pytest.raises(InvalidProgram, match="is a tensor or a module"):
        build_student(file)


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ([call("system.default", INPUT)], "not on the list of operators"),
        ([call("relu.default", ValueOf(value="later"))], "reads 'later', which no earlier call"),
        ([call("relu.default", ValueOf(value="out"))], "reads 'out', which no earlier call"),
        ([FLATTENED, FLATTENED, call("relu.default", FLAT)], "Two calls are named 'flat'"),
        ([FLATTENED], "The output 'out' is given by no call"),
        ([FLATTENED, call("to.dtype", FLAT, Constant(constant="os"))], "No constant is named 'os'"),
    ],
)
def test_programs_that_cannot_run_as_they_stand_are_refused(calls, message):
    with pytest.raises(InvalidProgram, match=message):
        build_student(student(*calls))


@pytest.mark.parametrize(
    "last",
    [
        call("linear.default", FLAT, TensorOf(tensor="weight")),
        call("view.default", FLAT, (3, 43)),
        call("view.default", FLAT, (10**30,)),
        call("relu.default", FLAT, bogus=1),
        call("relu.default", FLAT, FLAT, FLAT),
        call("einsum.default", "ab->", (FLAT, FLAT)),
        call("getitem", FLAT, 99),
        call("add.Tensor", FLAT, FLAT, out=FLAT),
        call("embedding.default", FLAT, "a table"),
    ],
)
def test_arguments_that_do_not_suit_are_refused(last):
    tensors = {"weight": torch.ones(3, 63)} if last.tensors() else {}
    with pytest.raises(InvalidCheckpoint, match="do not suit its program"):
        build_student(student(FLATTENED, last, **tensors))


@pytest.mark.parametrize(
    "last",
    [
        call("chunk.default", FLAT, 2, 1),
        call("sum.default", FLAT),
        call("relu.default", INPUT),
        call("view.default", FLAT, (1, 128)),
    ],
)
def test_what_gives_no_logits_is_refused(last):
    with pytest.raises(InvalidCheckpoint, match="not one row of logits for each image"):
        build_student(student(FLATTENED, last))


def test_absurd_sizes_are_refused_before_anything_is_computed():
    huge = Call(name="huge", operator="new_zeros.default", arguments=(FLAT, (Batch(batch=10**10),)))
    total = Call(name="total", operator="sum.default", arguments=(ValueOf(value="huge"),))
    with pytest.raises(InvalidCheckpoint, match="'huge' gives 20000000000 numbers"):
        build_student(
            student(FLATTENED, huge, total, call("add.Tensor", FLAT, ValueOf(value="total")))
        )


def test_whole_numbers_that_would_be_trained_are_refused():
    file = student(FLATTENED, call("mul.Tensor", FLAT, TensorOf(tensor="one")), one=torch.tensor(1))
    with pytest.raises(InvalidProgram, match="so it has to be a buffer"):
        build_student(file)


def test_a_tensor_that_is_missing_or_not_read_or_not_finite_is_named():
    file = named("weight")
    with pytest.raises(InvalidCheckpoint, match="'weight' is missing"):
        build_student(Checkpoint({}, file.metadata))
    more = {**file.tensors, "more": file.tensors["weight"]}
    with pytest.raises(InvalidCheckpoint, match="'more' does not belong"):
        build_student(Checkpoint(more, file.metadata))
    with pytest.raises(InvalidCheckpoint, match="'weight' holds NaN or Inf"):
        build_student(Checkpoint(checkpoint_of({"weight": WEIGHT / 0}).tensors, file.metadata))


@pytest.mark.parametrize(
    "text", ["", "nope", "[]", "{}", json.dumps({"input": "a", "calls": [{}], "output": "a"}),
             '{"input": ' + "[" * 100_000]
)  # fmt: skip
def test_a_program_that_is_none_is_refused(text):
    file = named("weight")
    with pytest.raises(InvalidProgram, match="program is wrong at"):
        build_student(Checkpoint(file.tensors, {**file.metadata, PROGRAM_KEY: text}))


@pytest.mark.parametrize("missing", [PROGRAM_KEY, "student_search"])
def test_a_file_without_a_program_or_description_is_no_student(missing):
    file = named("weight")
    left = {key: text for key, text in file.metadata.items() if key != missing}
    with pytest.raises(InvalidCheckpoint, match=f"The file has no '{missing}' metadata"):
        build_student(Checkpoint(file.tensors, left))


def test_a_file_of_the_first_format_is_refused():
    file = named("weight")
    text = file.metadata["student_search"].replace('"format":2', '"format":1')
    with pytest.raises(InvalidCheckpoint, match="wrong at 'format'"):
        build_student(Checkpoint(file.tensors, {**file.metadata, "student_search": text}))
