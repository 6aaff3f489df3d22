"""Rules of operators that work on every number alone, or on pairs of numbers."""

from collections.abc import Callable, Mapping

import numpy as np
from onnx import TensorProto

from candidates.errors import NotExportable
from candidates.export.to_onnx.graph import Graph, Ref

Operand = Ref | bool | int | float
Rule = Callable[..., object]
_FLOATS = {TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.FLOAT, TensorProto.DOUBLE}
_ORDER = (
    TensorProto.BOOL, TensorProto.UINT8, TensorProto.INT8, TensorProto.INT16, TensorProto.INT32,
    TensorProto.INT64, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.FLOAT,
    TensorProto.DOUBLE,
)  # fmt: skip
_DTYPES = {
    "bool": TensorProto.BOOL, "uint8": TensorProto.UINT8, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "float16": TensorProto.FLOAT16, "bfloat16": TensorProto.BFLOAT16,
    "float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE,
}  # fmt: skip


def same(graph: Graph, x: Ref, *_: object, **__: object) -> Ref:
    """What an operator gives that changes no number, in eval mode."""
    return x


def dtype_of(constant: object) -> int:
    """The ONNX dtype of a torch dtype's name."""
    if constant not in _DTYPES:
        raise NotExportable(f"ONNX has no dtype '{constant}' to convert to.")
    return _DTYPES[str(constant)]


def cast(graph: Graph, x: Ref, dtype: int) -> Ref:
    """The value in a dtype."""
    return x if x.dtype == dtype else graph.add("Cast", x, to=dtype)


def to_dtype(graph: Graph, x: Ref, dtype: str | None = None, *_: object, **__: object) -> Ref:
    """A conversion; what it says of devices and layouts means nothing here."""
    return x if dtype is None else cast(graph, x, dtype_of(dtype))


def to_other(graph: Graph, x: Ref, other: Ref, *_: object) -> Ref:
    """A conversion to another value's dtype."""
    return cast(graph, x, other.dtype)


def together(graph: Graph, *operands: Operand) -> list[Ref]:
    """Operands in the one dtype that torch would take them to; numbers hardly count."""
    refs = [each for each in operands if isinstance(each, Ref)]
    common = max((each.dtype for each in refs), key=_ORDER.index)
    if common not in _FLOATS and any(isinstance(each, float) for each in operands):
        common = TensorProto.FLOAT
    return [
        cast(graph, each, common) if isinstance(each, Ref) else graph.constant(each, common)
        for each in operands
    ]


def times(graph: Graph, x: Ref, factor: float) -> Ref:
    """x · factor, x itself where the factor is 1."""
    return x if factor == 1 else graph.add("Mul", x, graph.like(factor, x))


def binary(operator: str) -> Rule:
    """A rule for an operator of two values that ONNX has too."""

    def rule(graph: Graph, a: Operand, b: Operand) -> Ref:
        return graph.add(operator, *together(graph, a, b))

    return rule


def add(graph: Graph, a: Operand, b: Operand, alpha: float = 1) -> Ref:
    """a + alpha · b."""
    left, right = together(graph, a, b)
    return graph.add("Add", left, times(graph, right, alpha))


def sub(graph: Graph, a: Operand, b: Operand, alpha: float = 1) -> Ref:
    """a − alpha · b."""
    left, right = together(graph, a, b)
    return graph.add("Sub", left, times(graph, right, alpha))


def rsub(graph: Graph, a: Operand, b: Operand, alpha: float = 1) -> Ref:
    """b − alpha · a."""
    return sub(graph, b, a, alpha)


def mul(graph: Graph, a: Operand, b: Operand) -> Ref:
    """a · b; ones, as stochastic depth has them in eval mode, are left out."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Ref) and isinstance(other, Ref) and _changes_nothing(graph, one, other):
            return other
    return graph.add("Mul", *together(graph, a, b))


def div(graph: Graph, a: Operand, b: Operand, rounding_mode: str | None = None) -> Ref:
    """a / b, a real number unless it is rounded."""
    if isinstance(a, Ref) and isinstance(b, Ref) and _changes_nothing(graph, b, a):
        return a
    left, right = together(graph, a, b)
    kept = left.dtype
    if kept not in _FLOATS:
        left, right = (cast(graph, each, TensorProto.FLOAT) for each in (left, right))
    found = _rounded(graph, graph.add("Div", left, right), rounding_mode)
    return found if rounding_mode is None else cast(graph, found, kept)


def floor_divide(graph: Graph, a: Operand, b: Operand) -> Ref:
    """a / b rounded down."""
    return div(graph, a, b, "floor")


def remainder(graph: Graph, a: Operand, b: Operand) -> Ref:
    """a − b · ⌊a / b⌋."""
    left, right = together(graph, a, b)
    return graph.add("Sub", left, graph.add("Mul", right, floor_divide(graph, left, right)))


def power(graph: Graph, a: Ref, b: Operand) -> Ref:
    """a to the power of b."""
    return graph.add("Pow", *together(graph, a, b))


def where(graph: Graph, condition: Ref, a: Operand, b: Operand) -> Ref:
    """a where the condition holds, else b."""
    if not isinstance(a, Ref) and not isinstance(b, Ref):
        values = [graph.constant(each, TensorProto.FLOAT) for each in (a, b)]
    else:
        values = together(graph, a, b)
    return graph.add("Where", cast(graph, condition, TensorProto.BOOL), *values)


def masked_fill(graph: Graph, x: Ref, mask: Ref, value: Operand) -> Ref:
    """The value where the mask holds."""
    filling = cast(graph, value, x.dtype) if isinstance(value, Ref) else graph.like(value, x)
    return graph.add("Where", cast(graph, mask, TensorProto.BOOL), filling, x)


def compared(operator: str, inverted: bool = False) -> Rule:
    """A rule for a comparison."""

    def rule(graph: Graph, a: Operand, b: Operand) -> Ref:
        found = graph.add(operator, *together(graph, a, b))
        return graph.add("Not", found) if inverted else found

    return rule


def logical(operator: str) -> Rule:
    """A rule for what connects truths."""

    def rule(graph: Graph, *values: Ref) -> Ref:
        return graph.add(operator, *(cast(graph, each, TensorProto.BOOL) for each in values))

    return rule


def bitwise(on_truths: str, on_integers: str) -> Rule:
    """A rule for what works on bits, and on truths alike."""

    def rule(graph: Graph, *values: Ref) -> Ref:
        inputs = together(graph, *values)
        of_truths = inputs[0].dtype == TensorProto.BOOL
        return graph.add(on_truths if of_truths else on_integers, *inputs)

    return rule


def lerp(graph: Graph, start: Ref, end: Ref, weight: Operand) -> Ref:
    """start + weight · (end − start)."""
    return add(graph, start, mul(graph, sub(graph, end, start), weight))


def addcmul(graph: Graph, x: Ref, a: Ref, b: Ref, value: float = 1) -> Ref:
    """x + value · a · b."""
    return add(graph, x, mul(graph, a, b), value)


def clamp(graph: Graph, x: Ref, low: Operand | None = None, high: Operand | None = None) -> Ref:
    """x within limits, numbers or values."""
    for operator, limit in (("Max", low), ("Min", high)):
        if limit is not None:
            x = graph.add(operator, *together(graph, x, limit))
    return x


def clamp_max(graph: Graph, x: Ref, high: Operand) -> Ref:
    """x, at most the limit."""
    return clamp(graph, x, None, high)


def _changes_nothing(graph: Graph, ones: Ref, other: Ref) -> bool:
    """Whether the other value stays as it is when it is multiplied or divided by this one."""
    return (
        graph.is_ones(ones)
        and ones.dtype == other.dtype
        and np.broadcast_shapes(ones.shape, other.shape) == other.shape
    )


def _rounded(graph: Graph, x: Ref, mode: str | None) -> Ref:
    if mode is None:
        return x
    if mode == "floor":
        return graph.add("Floor", x)
    return graph.add("Mul", graph.add("Sign", x), graph.add("Floor", graph.add("Abs", x)))


RULES: Mapping[str, Rule] = {
    **{
        f"{name}.default": same
        for name in (
            "clone", "contiguous", "alias", "detach", "lift_fresh_copy", "positive", "dropout",
            "feature_dropout", "alpha_dropout",
        )
    },
    "clamp.default": clamp, "clamp.Tensor": clamp, "clamp_min.default": clamp,
    "clamp_min.Tensor": clamp, "clamp_max.default": clamp_max, "clamp_max.Tensor": clamp_max,
    "to.dtype": to_dtype, "to.dtype_layout": to_dtype, "_to_copy.default": to_dtype,
    "to.other": to_other, "type_as.default": to_other,
    "add.Tensor": add, "add.Scalar": add, "sub.Tensor": sub, "sub.Scalar": sub,
    "rsub.Scalar": rsub, "mul.Tensor": mul, "mul.Scalar": mul, "div.Tensor": div,
    "div.Scalar": div, "div.Tensor_mode": div, "floor_divide.default": floor_divide,
    "remainder.Scalar": remainder, "pow.Tensor_Scalar": power, "pow.Tensor_Tensor": power,
    "maximum.default": binary("Max"), "minimum.default": binary("Min"),
    "where.self": where, "where.ScalarOther": where, "where.ScalarSelf": where,
    "where.Scalar": where, "masked_fill.Scalar": masked_fill, "masked_fill.Tensor": masked_fill,
    **{
        f"{name}.{kind}": compared(operator, inverted)
        for name, operator, inverted in (
            ("eq", "Equal", False), ("ne", "Equal", True), ("lt", "Less", False),
            ("le", "LessOrEqual", False), ("gt", "Greater", False),
            ("ge", "GreaterOrEqual", False),
        )
        for kind in ("Scalar", "Tensor")
    },
    "logical_not.default": logical("Not"), "logical_and.default": logical("And"),
    "logical_or.default": logical("Or"), "bitwise_and.Tensor": bitwise("And", "BitwiseAnd"),
    "bitwise_or.Tensor": bitwise("Or", "BitwiseOr"),
    "bitwise_not.default": bitwise("Not", "BitwiseNot"),
    "lerp.Scalar": lerp, "lerp.Tensor": lerp, "addcmul.default": addcmul,
}  # fmt: skip
