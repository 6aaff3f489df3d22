"""Rules of operators with weights, and of products of matrices."""

import math
from collections.abc import Mapping, Sequence

from onnx import TensorProto

from candidates.errors import NotExportable
from candidates.export.to_onnx.element_wise import Rule, add, cast, mul
from candidates.export.to_onnx.graph import Graph, Ref
from candidates.graph.operators import CONVOLUTIONS


def linear(graph: Graph, x: Ref, weight: Ref, bias: Ref | None = None) -> Ref:
    """x · weightᵀ + bias; the weight stays as it is in the student's file."""
    if x.rank == 2 and weight.rank == 2:
        return graph.add("Gemm", x, weight, *_given(bias), transB=1)
    product = graph.add("MatMul", x, transposed(graph, weight))
    return product if bias is None else add(graph, product, bias)


def transposed(graph: Graph, x: Ref) -> Ref:
    """The last two dimensions exchanged."""
    if x.rank < 2:
        return x
    order = [*range(x.rank - 2), x.rank - 1, x.rank - 2]
    return graph.add("Transpose", x, perm=order)


def product(graph: Graph, a: Ref, b: Ref) -> Ref:
    """The product of matrices."""
    return graph.add("MatMul", a, b)


def added_product(graph: Graph, x: Ref, a: Ref, b: Ref, beta: float = 1, alpha: float = 1) -> Ref:
    """beta · x + alpha · a · b."""
    return add(graph, product(graph, a, b) if alpha == 1 else mul(graph, product(graph, a, b),
               float(alpha)), x, beta)  # fmt: skip


def einsum(graph: Graph, equation: str, operands: Sequence[Ref], **_: object) -> Ref:
    """Products and sums over named dimensions."""
    return graph.add("Einsum", *operands, equation=equation.replace(" ", ""))


def embedding(graph: Graph, weight: Ref, indices: Ref, *_: object) -> Ref:
    """Rows of the weight."""
    return graph.add("Gather", weight, indices, axis=0)


def attention(
    graph: Graph, query: Ref, key: Ref, value: Ref, mask: Ref | None = None, _: float = 0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Ref:  # fmt: skip
    """softmax(scale · query · keyᵀ + mask) · value."""
    if is_causal or enable_gqa:
        raise NotExportable("Causal attention and grouped queries cannot be written as ONNX.")
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = product(graph, mul(graph, query, float(factor)), transposed(graph, key))
    if mask is not None:
        scores = add(graph, scores, _as_numbers(graph, mask, scores))
    return product(graph, graph.add("Softmax", scores, axis=-1), value)


def convolution(
    graph: Graph, x: Ref, weight: Ref, bias: Ref | None = None, stride: Sequence[int] = (1,),
    padding: Sequence[int] | str = (0,), dilation: Sequence[int] = (1,), groups: int = 1,
) -> Ref:  # fmt: skip
    """Over one, two or three dimensions."""
    sides = weight.shape[2:]
    dilations = full(dilation, len(sides))
    return graph.add(
        "Conv", x, weight, *_given(bias), kernel_shape=list(sides),
        strides=full(stride, len(sides)), pads=_pads(padding, sides, dilations),
        dilations=dilations, group=groups,
    )  # fmt: skip


def convolution_transposed(
    graph: Graph, x: Ref, weight: Ref, bias: Ref | None = None, stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,), output_padding: Sequence[int] = (0,), groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> Ref:  # fmt: skip
    """The transpose of a convolution over two dimensions."""
    sides = weight.shape[2:]
    return graph.add(
        "ConvTranspose", x, weight, *_given(bias), kernel_shape=list(sides),
        strides=full(stride, len(sides)), pads=full(padding, len(sides)) * 2,
        output_padding=full(output_padding, len(sides)), group=groups,
        dilations=full(dilation, len(sides)),
    )  # fmt: skip


def full(values: Sequence[int] | int, count: int) -> list[int]:
    """One number for each dimension, where one may stand for all."""
    listed = [values] if isinstance(values, int) else list(values)
    return listed * count if len(listed) == 1 else listed


def _pads(
    padding: Sequence[int] | str, sides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """Before all dimensions, then after all."""
    if padding == "valid":
        return [0] * 2 * len(sides)
    if isinstance(padding, str):
        both = [step * (side - 1) for side, step in zip(sides, dilations, strict=True)]
        return [each // 2 for each in both] + [each - each // 2 for each in both]
    return full(padding, len(sides)) * 2


def _as_numbers(graph: Graph, mask: Ref, scores: Ref) -> Ref:
    """A mask of truths as what is to be added."""
    if mask.dtype != TensorProto.BOOL:
        return cast(graph, mask, scores.dtype)
    return graph.add("Where", mask, graph.like(0, scores), graph.like(-math.inf, scores))


def _given(bias: Ref | None) -> tuple[Ref, ...]:
    return () if bias is None else (bias,)


RULES: Mapping[str, Rule] = {
    "linear.default": linear, "addmm.default": added_product, "baddbmm.default": added_product,
    "mm.default": product, "bmm.default": product, "matmul.default": product,
    "dot.default": product, "einsum.default": einsum, "embedding.default": embedding,
    "scaled_dot_product_attention.default": attention,
    **dict.fromkeys(sorted(CONVOLUTIONS), convolution), "conv3d.default": convolution,
    "conv_transpose2d.input": convolution_transposed,
}  # fmt: skip
