"""Rules of operators that make few numbers of many, or put them in order."""

import math
from collections.abc import Mapping, Sequence

from onnx import TensorProto

from candidates.errors import NotExportable
from candidates.export.to_onnx.element_wise import Rule, cast, to_dtype
from candidates.export.to_onnx.graph import BATCH, Graph, Ref

Dims = Sequence[int] | int | None


def reduced(operator: str) -> Rule:
    """A rule for a reduction over some dimensions, or over all."""

    def rule(
        graph: Graph, x: Ref, dims: Dims = None, keepdim: bool = False,
        dtype: str | None = None, **_: object,
    ) -> Ref:  # fmt: skip
        return _reduce(graph, operator, to_dtype(graph, x, dtype), dims, keepdim)

    return rule


def reduced_whole(operator: str) -> Rule:
    """A rule for a reduction over all dimensions."""

    def rule(graph: Graph, x: Ref, dtype: str | None = None) -> Ref:
        return _reduce(graph, operator, to_dtype(graph, x, dtype), None, False)

    return rule


def extreme(operator: str, place: str) -> Rule:
    """A rule for the largest or smallest along one dimension, and where it lies."""

    def rule(graph: Graph, x: Ref, dim: int, keepdim: bool = False) -> tuple[Ref, Ref]:
        where = graph.add(place, x, axis=dim, keepdims=int(keepdim))
        return _reduce(graph, operator, x, dim, keepdim), where

    return rule


def argmax(graph: Graph, x: Ref, dim: int | None = None, keepdim: bool = False) -> Ref:
    """Where the largest lies."""
    if dim is None:
        flat = graph.add("Reshape", x, graph.constant([-1]))
        return graph.add("ArgMax", flat, axis=0, keepdims=0)
    return graph.add("ArgMax", x, axis=dim, keepdims=int(keepdim))


def variance(
    graph: Graph, x: Ref, dims: Dims = None, unbiased: bool = True, keepdim: bool = False,
    correction: float | None = None,
) -> Ref:  # fmt: skip
    """Mean square of what differs from the mean, over the count less the correction."""
    listed = _dims(x, dims)
    if any(x.shape[dim] % BATCH == 0 for dim in listed):
        raise NotExportable("A variance over the images of a batch cannot be written as ONNX.")
    less = (1.0 if unbiased else 0.0) if correction is None else float(correction)
    apart = graph.add("Sub", x, _reduce(graph, "ReduceMean", x, listed, True))
    mean = _reduce(graph, "ReduceMean", graph.add("Mul", apart, apart), listed, keepdim)
    count = math.prod(x.shape[dim] for dim in listed)
    return mean if less == 0 else graph.add("Mul", mean, graph.like(count / (count - less), mean))


def variance_corrected(
    graph: Graph, x: Ref, dims: Dims = None, *, correction: float | None = None,
    keepdim: bool = False,
) -> Ref:  # fmt: skip
    """The variance with a correction by name."""
    return variance(graph, x, dims, True, keepdim, correction)


def variance_and_mean(
    graph: Graph, x: Ref, dims: Dims = None, *, correction: float | None = None,
    keepdim: bool = False,
) -> tuple[Ref, Ref]:  # fmt: skip
    """Both, over the same dimensions."""
    mean = _reduce(graph, "ReduceMean", x, dims, keepdim)
    return variance_corrected(graph, x, dims, correction=correction, keepdim=keepdim), mean


def rooted(rule: Rule) -> Rule:
    """A rule for the root of what another gives."""

    def root(graph: Graph, *arguments: object, **keywords: object) -> Ref:
        found = rule(graph, *arguments, **keywords)
        assert isinstance(found, Ref), "a variance is one value"
        return graph.add("Sqrt", found)

    return root


def cumulated(graph: Graph, x: Ref, dim: int, dtype: str | None = None) -> Ref:
    """Sums of all up to here; of truths, their number."""
    if dtype is None and x.dtype == TensorProto.BOOL:
        x = cast(graph, x, TensorProto.INT64)
    return graph.add("CumSum", to_dtype(graph, x, dtype), graph.constant(dim))


def truth(operator: str) -> Rule:
    """A rule for whether all or any hold."""

    def rule(graph: Graph, x: Ref, dim: int, keepdim: bool = False) -> Ref:
        numbers = cast(graph, cast(graph, x, TensorProto.BOOL), TensorProto.INT32)
        found = _reduce(graph, operator, numbers, dim, keepdim)
        return cast(graph, found, TensorProto.BOOL)

    return rule


def topk(
    graph: Graph, x: Ref, k: int, dim: int = -1, largest: bool = True, ordered: bool = True
) -> tuple[Ref, ...]:
    """The k largest or smallest, and where they lie."""
    return graph.add_several(
        "TopK", 2, x, graph.constant([k]), axis=dim, largest=int(largest), sorted=int(ordered)
    )


def _reduce(graph: Graph, operator: str, x: Ref, dims: Dims, keepdim: bool) -> Ref:
    listed = _dims(x, dims)
    if not listed:
        return x
    return graph.add(operator, x, graph.constant(listed), keepdims=int(keepdim))


def _dims(x: Ref, dims: Dims) -> list[int]:
    """Each counted from the front; all where none is given."""
    if isinstance(dims, int):
        return [x.axis(dims)]
    return [x.axis(dim) for dim in dims] if dims else list(range(x.rank))


RULES: Mapping[str, Rule] = {
    "mean.default": reduced_whole("ReduceMean"), "mean.dim": reduced("ReduceMean"),
    "sum.default": reduced_whole("ReduceSum"), "sum.dim_IntList": reduced("ReduceSum"),
    "amax.default": reduced("ReduceMax"), "amin.default": reduced("ReduceMin"),
    "prod.dim_int": reduced("ReduceProd"), "logsumexp.default": reduced("ReduceLogSumExp"),
    "max.default": reduced_whole("ReduceMax"), "min.default": reduced_whole("ReduceMin"),
    "max.dim": extreme("ReduceMax", "ArgMax"), "min.dim": extreme("ReduceMin", "ArgMin"),
    "argmax.default": argmax, "var.dim": variance, "var.correction": variance_corrected,
    "std.dim": rooted(variance), "std.correction": rooted(variance_corrected),
    "var_mean.correction": variance_and_mean, "cumsum.default": cumulated,
    "all.dim": truth("ReduceMin"), "any.dim": truth("ReduceMax"), "topk.default": topk,
}  # fmt: skip
