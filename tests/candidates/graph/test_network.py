import copy
import pickle
import weakref
from collections.abc import Callable
from io import BytesIO

import pytest
import torch
from torch import nn

from candidates.errors import InvalidProgram
from candidates.graph.network import Network, function_of
from candidates.graph.operators import OPERATORS
from candidates.graph.program import Batch, Call, Constant, Program, TensorOf, Training, ValueOf

X = torch.arange(6.0).reshape(3, 2)


def value(name: str) -> ValueOf:
    return ValueOf(value=name)


def network(*calls: Call, buffers: tuple[str, ...] = (), **tensors: torch.Tensor) -> Network:
    program = Program(input="input", calls=calls, output=calls[-1].name, buffers=buffers)
    return Network(program, tensors)


def call(name: str, operator: str, *arguments: object, **keywords: object) -> Call:
    return Call(name=name, operator=operator, arguments=arguments, keywords=keywords)


NORM = call(
    "norm", "batch_norm.default", value("input"), TensorOf(tensor="weight"),
    TensorOf(tensor="bias"), TensorOf(tensor="mean"), TensorOf(tensor="var"), Training(), 0.1,
    1e-5, False,
)  # fmt: skip


def normed() -> Network:
    return network(
        NORM, weight=torch.ones(2), bias=torch.zeros(2), mean=torch.zeros(2), var=torch.ones(2),
        buffers=("mean", "var"),
    )  # fmt: skip


def chained() -> Network:
    return network(
        call("one", "neg.default", value("input")), call("two", "exp.default", value("one")),
        call("three", "log.default", value("two")),
    ).eval()  # fmt: skip


def test_every_operator_that_may_run_is_one_of_this_torch():
    assert all(callable(function_of(name)) for name in OPERATORS)


def test_no_operator_that_may_run_changes_its_arguments():
    schemas = [function_of(name)._schema for name in OPERATORS if name != "getitem"]
    assert [str(schema) for schema in schemas if schema.is_mutable] == []


def test_an_operator_that_this_torch_lacks_is_refused():
    with pytest.raises(InvalidProgram, match=r"no operator 'relu\.squared'"):
        function_of("relu.squared")


def test_arguments_stand_for_values_tensors_batches_and_modes():
    net = network(
        call("view", "view.default", value("input"), (Batch(batch=2),)),
        call("add", "add.Tensor", value("view"), TensorOf(tensor="one"), alpha=2),
        call("drop", "dropout.default", value("add"), 0.5, Training()),
        one=torch.ones(1),
    ).eval()
    assert net(X).tolist() == [2, 3, 4, 5, 6, 7]
    assert net(X[:1]).tolist() == [2, 3]
    assert not torch.equal(net.train()(X), net.eval()(X))


@pytest.mark.parametrize(("name", "wanted"), [("inf", float("inf")), ("-inf", float("-inf"))])
def test_constants_have_names(name, wanted):
    net = network(call("out", "full_like.default", value("input"), Constant(constant=name)))
    assert net(X)[0, 0] == wanted


def test_an_unknown_constant_is_refused():
    with pytest.raises(InvalidProgram, match="No constant is named 'os'"):
        network(call("out", "to.dtype", value("input"), Constant(constant="os")))(X)


def test_statistics_move_while_training_alone():
    net = normed()
    net.eval()(X)
    assert net.tensors()["mean"].tolist() == [0, 0]
    net.train()(X)
    assert net.tensors()["mean"].tolist() == pytest.approx([0.2, 0.3])


def test_buffers_are_not_trained():
    net = normed()
    assert {name for name, _ in net.named_parameters()} == {"weight", "bias"}
    assert {name for name, _ in net.named_buffers()} == {"mean", "var"}


def test_values_are_seen_in_order_and_computed_no_further_than_needed():
    seen: list[str] = []
    one, inputs = chained().values(X, ["one", "input"], lambda name, _: seen.append(name))
    assert torch.equal(one, -X)
    assert inputs is X
    assert seen == ["one"]


def test_values_that_nobody_needs_any_more_are_freed():
    kept: dict[str, weakref.ref[torch.Tensor]] = {}
    alive: list[bool] = []

    def visit(name: str, result: torch.Tensor) -> None:
        if name == "three":
            alive.append(kept["one"]() is not None)
        kept[name] = weakref.ref(result)

    with torch.no_grad():
        chained().values(X, ["three"], visit)
    assert alive == [False]


def test_parts_share_tensors_and_copies_do_not():
    net = network(
        call("one", "mul.Tensor", value("input"), TensorOf(tensor="a.b.scale")),
        call("two", "add.Tensor", value("one"), TensorOf(tensor="shift")),
        **{"a.b.scale": torch.tensor(2.0), "shift": torch.tensor(1.0)},
    )
    part, copy = net.part("input", "one"), net.copied()
    with torch.no_grad():
        net.tensors()["a.b.scale"].fill_(5)
    assert torch.equal(part(X), 5 * X)
    assert torch.equal(copy(X), 2 * X + 1)
    assert list(part.state_dict()) == ["a.b.scale"]


def saved_and_loaded(net: Network) -> Network:
    file = BytesIO()
    torch.save(net, file)
    file.seek(0)
    loaded: Network = torch.load(file, weights_only=False)
    return loaded


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net)), saved_and_loaded],
    ids=["deepcopy", "pickle", "torch.save"],
)
def test_networks_are_copied_and_pickled_with_their_mode(again: Callable[[Network], Network]):
    net = normed()
    net.train()(X)
    other = again(net)
    assert (other.program, other.training) == (net.program, True)
    assert torch.equal(other(X), net(X))
    other.eval()(X)
    before = other.tensors()["mean"].clone()
    net(X)
    assert torch.equal(other.tensors()["mean"], before)
    assert {name for name, _ in other.named_buffers()} == {"mean", "var"}


def test_a_copy_still_shares_parameters_within_itself():
    shared = nn.Parameter(torch.tensor(2.0))
    net = network(
        call("one", "mul.Tensor", value("input"), TensorOf(tensor="a")),
        call("two", "mul.Tensor", value("one"), TensorOf(tensor="_steps")),
        a=shared, _steps=shared,
    )  # fmt: skip
    other = copy.deepcopy(net)
    assert len(list(other.parameters())) == 1
    assert next(other.parameters()) is not shared
    assert torch.equal(other(X), 4 * X)


def test_parameters_keep_their_names_and_train_together():
    shared = nn.Parameter(torch.tensor(2.0))
    net = network(
        call("one", "mul.Tensor", value("input"), TensorOf(tensor="a")),
        call("two", "mul.Tensor", value("one"), TensorOf(tensor="b")),
        a=shared, b=shared,
    )  # fmt: skip
    net(X).sum().backward()
    assert shared.grad == 4 * X.sum()
    assert list(net.tensors()) == ["a", "b"]


def test_shapes_are_found_without_values():
    net = normed().on_meta()
    assert net(torch.empty(7, 2, device="meta")).shape == (7, 2)


def test_makers_make_tensors_where_the_images_lie():
    net = network(
        call("zeros", "zeros.default", (2,), device="cpu"),
        call("out", "add.Tensor", value("input"), value("zeros")),
    )
    assert net(torch.empty(3, 2, device="meta")).device.type == "meta"


def test_an_empty_program_passes_its_input_on():
    assert Network(Program(input="input", calls=(), output="input"), {})(X) is X


def test_an_output_of_several_tensors_is_refused():
    with pytest.raises(InvalidProgram, match="The output 'out' is not one tensor"):
        network(call("out", "chunk.default", value("input"), 2))(X)


@pytest.mark.parametrize("name", ["forward", "part", "_steps", "a b"])
def test_a_tensor_may_have_the_name_of_a_method(name):
    net = network(
        call("out", "mul.Tensor", value("input"), TensorOf(tensor=name)), **{name: torch.ones(1)}
    )
    assert torch.equal(net(X), X)
    assert list(net.state_dict()) == [name]


@pytest.mark.parametrize("name", ["a..b", ".a", "a.", "training"])
def test_a_tensor_that_cannot_be_placed_is_named(name):
    with pytest.raises(InvalidProgram, match="No tensor can be named"):
        network(
            call("out", "mul.Tensor", value("input"), TensorOf(tensor=name)),
            **{name: torch.ones(1)},
        )
