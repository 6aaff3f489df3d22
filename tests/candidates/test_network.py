import pytest
import torch
from torch import nn

from candidates.errors import InvalidProgram
from candidates.network import Network
from candidates.program import Batch, Call, Constant, Program, TensorOf, Training, ValueOf

IMAGES = ValueOf(value="input")


def network_of(*calls, tensors=None, buffers=(), output=None):
    output = output or calls[-1].name
    program = Program(input="input", calls=calls, output=output, buffers=buffers)
    return Network(program, tensors or {})


def call(name, operator, *arguments, **keywords):
    return Call(name=name, operator=operator, arguments=arguments, keywords=keywords)


def test_it_runs_calls_in_order_on_values_tensors_and_numbers():
    network = network_of(
        call("scaled", "mul.Tensor", IMAGES, TensorOf(tensor="layer.gain")),
        call("sum", "add.Tensor", ValueOf(value="scaled"), IMAGES, alpha=2),
        tensors={"layer.gain": torch.tensor(3.0)},
    )
    assert network(torch.ones(2)).tolist() == [5, 5]


def test_tensors_have_the_programs_names_and_buffers_are_no_parameters():
    tensors = {"a.gain": torch.ones(1), "a.table": torch.ones(1)}
    network = network_of(
        call("scaled", "mul.Tensor", IMAGES, TensorOf(tensor="a.gain")),
        call("sum", "add.Tensor", ValueOf(value="scaled"), TensorOf(tensor="a.table")),
        tensors=tensors,
        buffers=("a.table",),
    )
    assert [name for name, _ in network.named_parameters()] == ["a.gain"]
    assert [name for name, _ in network.named_buffers()] == ["a.table"]
    assert network.tensors().keys() == tensors.keys()


def test_sizes_follow_the_number_of_images():
    network = network_of(call("flat", "reshape.default", IMAGES, (Batch(batch=2), 3)))
    assert network(torch.zeros(4, 6)).shape == (8, 3)


def test_dropout_drops_only_while_it_trains():
    network = network_of(call("dropped", "dropout.default", IMAGES, 0.5, Training()))
    images = torch.ones(1000)
    assert torch.equal(network.eval()(images), images)
    assert 300 < int((network.train()(images) == 0).sum()) < 700


def test_what_is_made_lies_where_the_images_lie():
    network = network_of(
        call("steps", "arange.default", Batch(batch=1), dtype=Constant(constant="float32")),
        call("sum", "add.Tensor", IMAGES, ValueOf(value="steps")),
    )
    assert network(torch.ones(3)).tolist() == [1, 2, 3]
    assert network(torch.ones(3, device="meta")).device.type == "meta"


def test_a_part_shares_its_tensors_and_a_copy_has_its_own():
    gain = nn.Parameter(torch.ones(1))
    network = network_of(
        call("scaled", "mul.Tensor", IMAGES, TensorOf(tensor="gain")),
        call("turned", "neg.default", ValueOf(value="scaled")),
        tensors={"gain": gain},
    )
    assert network.part("input", "scaled").tensors()["gain"] is gain
    assert network.copied().tensors()["gain"] is not gain


def test_values_are_given_by_name_and_nothing_later_is_computed():
    seen = []
    network = network_of(
        call("turned", "neg.default", IMAGES), call("root", "sqrt.default", ValueOf(value="turned"))
    )
    (turned,) = network.values(torch.ones(1), ["turned"], lambda name, _: seen.append(name))
    assert turned.tolist() == [-1]
    assert seen == ["turned"]


def test_a_tensor_that_cannot_be_placed_is_named():
    tensors = {"gain": torch.ones(1), "gain.of": torch.ones(1)}
    with pytest.raises(InvalidProgram, match="gain"):
        network_of(
            call("scaled", "mul.Tensor", IMAGES, TensorOf(tensor="gain")),
            call("sum", "add.Tensor", ValueOf(value="scaled"), TensorOf(tensor="gain.of")),
            tensors=tensors,
        )


@pytest.mark.parametrize("name", ["forward", "train", "to"])
def test_a_tensor_may_be_named_like_a_method(name):
    network = network_of(
        call("sum", "add.Tensor", IMAGES, TensorOf(tensor=name)), tensors={name: torch.ones(1)}
    )
    assert network.train().eval()(torch.ones(1)).tolist() == [2]
