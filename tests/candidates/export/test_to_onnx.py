"""Networks as ONNX give what they gave before, run by ONNX Runtime."""

import json
import math
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from candidates.checkpoint import Checkpoint
from candidates.errors import NotExportable
from candidates.export.to_onnx.model import onnx_bytes
from candidates.export.to_onnx.registry import RULES
from candidates.graph.operators import OPERATORS
from candidates.sources.vision import models
from tests.candidates.export.students import images, student_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled, tokens

SHAPE = (3, 8, 8)


def run(file: bytes, values: Tensor) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"images": values.numpy()})
    return np.asarray(logits)


def num_parameters(file: bytes) -> int:
    """Counted in the file alone."""
    model = onnx.load_from_string(file)
    named = json.loads(next(p.value for p in model.metadata_props if p.key == "parameters"))
    shapes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    return sum(math.prod(shapes[name]) for name in named)


def assert_same(module: nn.Module, shape: tuple[int, ...] = SHAPE) -> bytes:
    checkpoint, network = student_of(module, shape)
    file = onnx_bytes(checkpoint)
    onnx.checker.check_model(file)
    for count in (1, 3):
        values = images(shape, count)
        with torch.no_grad():
            expected = network(values).numpy()
        np.testing.assert_allclose(run(file, values), expected, rtol=1e-4, atol=1e-5)
    assert num_parameters(file) == sum(each.numel() for each in network.parameters())
    return file


FAMILIES: list[tuple[str, int]] = [
    ("resnet18", 32), ("mobilenet_v3_small", 32), ("efficientnet_b0", 32), ("convnext_tiny", 32),
    ("swin_t", 32), ("shufflenet_v2_x0_5", 32), ("squeezenet1_1", 32),
]  # fmt: skip


@pytest.mark.parametrize(("name", "side"), FAMILIES)
def test_families_of_networks_compute_the_same(name: str, side: int) -> None:
    assert_same(getattr(models, name)(num_classes=4), (3, side, side))


def test_a_vision_transformer_computes_the_same() -> None:
    vit = models.VisionTransformer(
        image_size=16, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=24,
        num_classes=4,
    )  # fmt: skip
    assert_same(vit, (3, 16, 16))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "mobilenetv4_conv_small", "levit_128s"])
def test_networks_of_timm_compute_the_same(name: str) -> None:
    timm = pytest.importorskip("timm")
    side = 224 if name == "levit_128s" else 32
    given = {} if name != "vit_tiny_patch16_224" else {"img_size": 32}
    assert_same(timm.create_model(name, num_classes=4, **given), (3, side, side))


Body = Callable[[Classifier, Tensor], Tensor]
MASK = torch.arange(64).reshape(8, 8) % 3 == 0
BODIES: dict[str, Body] = {
    "activations": lambda net, x: torch.cat([
        functional.gelu(x), functional.gelu(x, approximate="tanh"), functional.silu(x),
        functional.elu(x, 0.7), functional.celu(x, 1.3), functional.leaky_relu(x, 0.2),
        functional.softplus(x, 2), functional.logsigmoid(x), functional.hardshrink(x),
        functional.softshrink(x), functional.threshold(x, 0.1, -1), functional.mish(x),
        functional.hardtanh(x, -0.3, 0.4), functional.relu6(x), functional.hardswish(x),
        functional.hardsigmoid(x), functional.selu(x), x.tanh(), x.sin(), x.abs().log1p(),
        x.expm1(), (x.abs() + 1).log2(), (x.abs() + 1).rsqrt(), x.square(), x.sign(),
    ], 1),
    "arithmetic": lambda net, x: torch.cat([
        x + 2, 2 - x, x * 3, x / 4, torch.add(x, x, alpha=0.5), torch.sub(x, x.abs(), alpha=2),
        x.abs() ** 1.5, torch.maximum(x, -x), x.clamp(-0.2, 0.3), x.clamp(min=0.1),
        x.clamp(max=0.1), torch.where(x > 0, x, -2.0), x.masked_fill(x < 0, 1.5),
        torch.lerp(x, x.abs(), 0.3), torch.addcmul(x, x, x, value=0.5), x.remainder(0.7),
        torch.div(x, 0.3, rounding_mode="floor"), torch.div(x, 0.3, rounding_mode="trunc"),
        x.ge(0).logical_and(x.le(1)).float(), x.ne(0).logical_not().to(x.dtype),
    ], 1),
    "reductions": lambda net, x: torch.cat([
        x.mean((2, 3)), x.sum(-1).flatten(1), x.amax((1, 2)), x.amin(2).flatten(1),
        x.var((2, 3)), x.std(3).flatten(1), x.var((1, 2), unbiased=False), x.max(1)[0].flatten(1),
        x.logsumexp(2).flatten(1), x.cumsum(3).flatten(1), x.topk(2, -1)[0].flatten(1),
        x.norm(dim=3).flatten(1), torch.linalg.vector_norm(x, 1, (2, 3)),
        x.argmax(1).float().flatten(1), x.prod(3).flatten(1), (x > 0).all(3).float().flatten(1),
        torch.var_mean(x, (2, 3), correction=0)[0],
    ], 1),
    "shapes": lambda net, x: torch.cat([
        each.flatten(1) for each in (
            x.view(len(x), -1), x.permute(0, 2, 3, 1), x.transpose(1, -1), x.unflatten(2, (2, 4)),
            x.repeat(1, 2, 1, 1), x[:, :1].expand(-1, 5, -1, -1),
            x.mean(1, keepdim=True).squeeze(1),
            functional.pixel_unshuffle(x, 2), functional.pixel_shuffle(x.repeat(1, 4, 1, 1), 2),
            x.movedim(1, 3), x.flatten(0, 1).reshape(x.shape), x.unsqueeze(2),
            functional.pad(x, (1, 2, 0, 1), value=0.5), functional.pad(x, (1, 1, 2, 2), "reflect"),
            functional.pad(x, (-1, 0, 1, 1)),
        )
    ], 1),
    "slices": lambda net, x: torch.cat([
        each.flatten(1) for each in (
            x[:, 1:, ::2], x[:, :, -3:], x.roll((2, -1), (2, 3)), x.flip(3), x[:, :, 3],
            *x.chunk(3, 2), *x.split(3, 3), *x.split([3, 5], 2), torch.stack(x.unbind(1), 2),
            x[:, torch.tensor([2, 0])], functional.glu(x, 2), x.tril(1), x.triu(),
            x.narrow(3, 1, 4), torch.cat([x, x], 2),
        )
    ], 1),
    "pools": lambda net, x: torch.cat([
        each.flatten(1) for each in (
            functional.max_pool2d(x, 3, 2, 1), functional.max_pool2d(x, 3, 2, ceil_mode=True),
            functional.avg_pool2d(x, 3, 2, 1), functional.adaptive_avg_pool2d(x, 3),
            functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False),
            functional.adaptive_avg_pool2d(x, (2, 12)), functional.adaptive_max_pool2d(x, 4),
            functional.interpolate(x, scale_factor=2), functional.interpolate(x, (5, 7)),
            functional.interpolate(x, (12, 5), mode="bilinear"),
            functional.interpolate(x, (12, 15), mode="bilinear", align_corners=True),
            functional.interpolate(x, (13, 5), mode="bicubic"),
            functional.unfold(x, 3, padding=1, stride=2),
            functional.fold(functional.unfold(x, 2), 8, 2),
        )
    ], 1),
    "attention": lambda net, x: torch.cat([
        functional.scaled_dot_product_attention(x, x, x, scale=0.3),
        functional.scaled_dot_product_attention(x, x, x, attn_mask=MASK),
        torch.einsum("bchw, bcwk -> bchk", x, x), x @ x.mT, x.softmax(2), x.log_softmax(-1),
    ], 1),
}  # fmt: skip


@pytest.mark.parametrize("body", list(BODIES))
def test_operators_compute_the_same(body: str) -> None:
    def flat(net: Classifier, x: Tensor) -> Tensor:
        return BODIES[body](net, x).flatten(1)

    assert_same(Classifier(flat))


@pytest.mark.parametrize(
    "norm",
    [
        nn.BatchNorm2d(4), nn.GroupNorm(2, 4),
        nn.GroupNorm(2, 4, affine=False), nn.InstanceNorm2d(4, affine=True),
        nn.InstanceNorm2d(4, track_running_stats=True), nn.LayerNorm(8), nn.LayerNorm((8, 8)),
        nn.LayerNorm(8, bias=False), nn.RMSNorm(8), nn.PReLU(4), nn.Dropout(0.5),
    ],
    ids=repr,
)  # fmt: skip
def test_norms_compute_the_same(norm: nn.Module) -> None:
    layers = {"conv": conv(3, 4), "norm": norm}
    assert_same(Classifier(lambda net, x: pooled(net.norm(net.conv(x)).square()), **layers))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(3, 4, 3, padding="same", dilation=2),
        nn.Conv2d(3, 6, (2, 3), groups=3, bias=False), nn.ConvTranspose2d(3, 4, 3, 2, 1, 1),
        nn.Linear(8, 5), nn.Linear(8, 5, bias=False),
    ],
    ids=repr,
)  # fmt: skip
def test_layers_compute_the_same(layer: nn.Module) -> None:
    assert_same(Classifier(lambda net, x: net.layer(x).flatten(1), layer=layer))


def test_sequences_are_attended_to() -> None:
    attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def body(net: Classifier, x: Tensor) -> Tensor:
        read = tokens(net.conv(x))
        return net.attention(read, read, read, need_weights=False)[0].flatten(1)

    assert_same(Classifier(body, conv=conv(3, 4), attention=attention))


def test_stochastic_depth_leaves_no_trace() -> None:
    file = assert_same(models.convnext_tiny(num_classes=4), (3, 32, 32))
    operators = [node.op_type for node in onnx.load_from_string(file).graph.node]
    assert operators.count("Mul") == 18, "the layer scales alone"


def test_initialisers_are_the_tensors_of_the_student() -> None:
    checkpoint, network = student_of(models.resnet18(num_classes=4), (3, 32, 32))
    model = onnx.load_from_string(onnx_bytes(checkpoint))
    found = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    expected = {
        name: value.detach().numpy()
        for name, value in network.tensors().items()
        if not name.endswith("num_batches_tracked")
    }
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_equal_students_give_equal_files() -> None:
    checkpoint, _ = student_of(models.resnet18(num_classes=4), (3, 32, 32))
    assert onnx_bytes(checkpoint) == onnx_bytes(Checkpoint.from_bytes(checkpoint.to_bytes()))


def test_what_has_no_translation_is_named() -> None:
    module = Classifier(
        lambda net, x: torch.logit(x.sigmoid(), 1e-3).flatten(1).rot90(1, (0, 1)).mT
    )
    checkpoint, _ = student_of(module)
    with pytest.raises(NotExportable, match=r"calls 'logit.default', 'rot90.default', for which"):
        onnx_bytes(checkpoint)


def test_arguments_without_a_translation_are_named() -> None:
    module = Classifier(lambda net, x: functional.adaptive_max_pool2d(x, 3).flatten(1))
    checkpoint, _ = student_of(module)
    with pytest.raises(NotExportable, match="windows of several sizes"):
        onnx_bytes(checkpoint)


def test_every_rule_is_of_an_operator_that_may_be_called() -> None:
    assert set(RULES) <= OPERATORS
