import torch
from torch import nn

from candidates.graph.canonical import canonical
from candidates.graph.program import Call, Constant, Program, TensorOf, ValueOf
from candidates.graph.trace import trace

IMAGES = ValueOf(value="input")


def call(name, operator, *arguments, **keywords):
    return Call(name=name, operator=operator, arguments=arguments, keywords=keywords)


def cleaned(*calls, tensors=None, nameless=()):
    program = Program(input="input", calls=calls, output=calls[-1].name)
    return canonical(program, tensors or {}, nameless, 7)


def test_what_depends_on_no_image_is_computed_once():
    program, tensors = cleaned(
        call("steps", "arange.default", 3),
        call("doubled", "mul.Tensor", ValueOf(value="steps"), 2),
        call("sum", "add.Tensor", IMAGES, ValueOf(value="doubled")),
    )
    assert [each.operator for each in program.calls] == ["add.Tensor"]
    (name,) = program.tensors()
    assert torch.equal(tensors[name], torch.tensor([0, 2, 4]))
    assert program.buffers == (name,)


def test_what_depends_on_the_number_of_images_stays():
    program, _ = cleaned(
        call("ones", "ones.default", (7, 2)),
        call("sum", "add.Tensor", IMAGES, ValueOf(value="ones")),
    )
    assert [each.operator for each in program.calls] == ["ones.default", "add.Tensor"]


def test_what_depends_on_a_parameter_stays():
    program, _ = cleaned(
        call("gain", "exp.default", TensorOf(tensor="scale")),
        call("scaled", "mul.Tensor", IMAGES, ValueOf(value="gain")),
        tensors={"scale": torch.zeros(3)},
    )
    assert program.tensors() == ["scale"]
    assert len(program.calls) == 2


def test_a_tensor_that_the_state_lacks_is_folded_with_what_is_made_of_it():
    program, tensors = cleaned(
        call("turned", "neg.default", TensorOf(tensor="table")),
        call("sum", "add.Tensor", IMAGES, ValueOf(value="turned")),
        tensors={"table": torch.ones(3)},
        nameless=("table",),
    )
    assert program.tensors() != ["table"]
    assert torch.equal(tensors[program.tensors()[0]], -torch.ones(3))


def test_a_conversion_names_no_device():
    program, _ = cleaned(call("halved", "to.device", IMAGES, None, Constant(constant="float16")))
    assert program.calls[0].operator == "to.dtype"
    assert program.calls[0].arguments == (IMAGES, Constant(constant="float16"))


def test_calls_that_do_nothing_fall_away():
    program, _ = cleaned(
        call("same", "alias.default", IMAGES),
        call("quiet", "dropout.default", ValueOf(value="same"), 0.0, False),
        call("turned", "neg.default", ValueOf(value="quiet")),
    )
    assert [each.name for each in program.calls] == ["turned"]
    assert program.calls[0].values() == ["input"]


def test_a_norm_without_statistics_always_uses_the_batch():
    network = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten())
    norm = trace(network, (3, 4, 4)).program.calls[0]
    assert norm.arguments[5] is True
