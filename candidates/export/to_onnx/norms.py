"""Rules of norms, softmaxes and what else looks at many numbers to scale one."""

from collections.abc import Mapping, Sequence

from candidates.errors import NotExportable
from candidates.export.to_onnx.element_wise import Rule, to_dtype
from candidates.export.to_onnx.graph import Graph, Ref


def batch_norm(
    graph: Graph, x: Ref, weight: Ref | None, bias: Ref | None, mean: Ref | None,
    var: Ref | None, training: bool, momentum: float, eps: float, *_: object,
) -> Ref:  # fmt: skip
    """By the statistics that are kept."""
    if training or mean is None or var is None:
        raise NotExportable(
            "A BatchNorm that normalises by its batch while predicting cannot be written as ONNX."
        )
    weight, bias = _affine(graph, weight, bias, x, [x.shape[1]])
    return graph.add("BatchNormalization", x, weight, bias, mean, var, epsilon=float(eps))


def layer_norm(
    graph: Graph, x: Ref, shape: Sequence[int], weight: Ref | None = None,
    bias: Ref | None = None, eps: float = 1e-5, *_: object,
) -> Ref:  # fmt: skip
    """Over the last dimensions."""
    scale, shift = _affine(graph, weight, bias, x, shape)
    axis = -len(shape)
    return graph.add("LayerNormalization", x, scale, shift, axis=axis, epsilon=float(eps))


def group_norm(
    graph: Graph, x: Ref, groups: int, weight: Ref | None = None, bias: Ref | None = None,
    eps: float = 1e-5, *_: object,
) -> Ref:  # fmt: skip
    """Over groups of channels and all positions."""
    ones, zeros = _affine(graph, None, None, x, [groups])
    apart = graph.add("Reshape", x, graph.constant([0, groups, -1]))
    normed = graph.add("InstanceNormalization", apart, ones, zeros, epsilon=float(eps))
    whole = graph.add("Reshape", normed, graph.constant([0, *x.shape[1:]]))
    column = graph.constant([-1, *[1] * (x.rank - 2)])
    if weight is not None:
        whole = graph.add("Mul", whole, graph.add("Reshape", weight, column))
    return whole if bias is None else graph.add("Add", whole, graph.add("Reshape", bias, column))


def instance_norm(
    graph: Graph, x: Ref, weight: Ref | None, bias: Ref | None, mean: Ref | None,
    var: Ref | None, use_input_stats: bool, momentum: float, eps: float, *_: object,
) -> Ref:  # fmt: skip
    """Over the positions of one channel of one image."""
    if not use_input_stats:
        return batch_norm(graph, x, weight, bias, mean, var, False, momentum, eps)
    scale, shift = _affine(graph, weight, bias, x, [x.shape[1]])
    return graph.add("InstanceNormalization", x, scale, shift, epsilon=float(eps))


def rms_norm(
    graph: Graph, x: Ref, shape: Sequence[int], weight: Ref | None = None,
    eps: float | None = None,
) -> Ref:  # fmt: skip
    """By the root of the mean square over the last dimensions."""
    axes = graph.constant(list(range(-len(shape), 0)))
    mean = graph.add("ReduceMean", graph.add("Mul", x, x), axes, keepdims=1)
    least = graph.like(1.1920929e-07 if eps is None else eps, x)
    normed = graph.add("Div", x, graph.add("Sqrt", graph.add("Add", mean, least)))
    return normed if weight is None else graph.add("Mul", normed, weight)


def vector_norm(
    graph: Graph, x: Ref, order: float | None = 2, dims: Sequence[int] | None = None,
    keepdim: bool = False, **_: object,
) -> Ref:  # fmt: skip
    """Of order 1 or 2."""
    operator = {1: "ReduceL1", 2: "ReduceL2"}.get(int(2 if order is None else order))
    if operator is None:
        raise NotExportable(f"A norm of order {order} cannot be written as ONNX.")
    listed = [dims] if isinstance(dims, int) else list(dims or range(x.rank))
    return graph.add(operator, x, graph.constant(listed), keepdims=int(keepdim))


def softmax(graph: Graph, x: Ref, dim: int, dtype: str | bool | None = None) -> Ref:
    """exp(x) over its sum."""
    kind = dtype if isinstance(dtype, str) else None
    return graph.add("Softmax", to_dtype(graph, x, kind), axis=dim)


def log_softmax(graph: Graph, x: Ref, dim: int, dtype: str | None = None) -> Ref:
    """The logarithm of the softmax."""
    return graph.add("LogSoftmax", to_dtype(graph, x, dtype), axis=dim)


def _affine(
    graph: Graph, weight: Ref | None, bias: Ref | None, x: Ref, shape: Sequence[int]
) -> tuple[Ref, Ref]:
    """Weight and bias, ones and zeros in the place of what is missing."""

    def all_of(value: float) -> Ref:
        return graph.add("Expand", graph.constant([value], x.dtype), graph.constant(list(shape)))

    return all_of(1) if weight is None else weight, all_of(0) if bias is None else bias


RULES: Mapping[str, Rule] = {
    "batch_norm.default": batch_norm, "layer_norm.default": layer_norm,
    "group_norm.default": group_norm, "instance_norm.default": instance_norm,
    "rms_norm.default": rms_norm, "linalg_vector_norm.default": vector_norm,
    "norm.ScalarOpt_dim": vector_norm, "softmax.int": softmax, "_softmax.default": softmax,
    "log_softmax.int": log_softmax,
}  # fmt: skip
