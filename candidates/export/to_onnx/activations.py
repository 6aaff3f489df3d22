"""Rules of activations and other functions of one value."""

import math
from collections.abc import Mapping

from candidates.export.to_onnx.element_wise import Rule, add, sub, times
from candidates.export.to_onnx.graph import Graph, Ref


def simple(operator: str, **attributes: object) -> Rule:
    """A rule for an operator of one value that ONNX has too."""

    def rule(graph: Graph, x: Ref) -> Ref:
        return graph.add(operator, x, **attributes)

    return rule


def hardtanh(graph: Graph, x: Ref, low: float = -1, high: float = 1) -> Ref:
    """x within limits."""
    return graph.add("Clip", x, graph.like(low, x), graph.like(high, x))


def relu6(graph: Graph, x: Ref) -> Ref:
    """x between 0 and 6."""
    return hardtanh(graph, x, 0, 6)


def gelu(graph: Graph, x: Ref, approximate: str = "none") -> Ref:
    """x · Φ(x)."""
    return graph.add("Gelu", x, approximate=approximate)


def silu(graph: Graph, x: Ref) -> Ref:
    """x · σ(x)."""
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def elu(graph: Graph, x: Ref, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Ref:
    """scale · (x if x > 0 else alpha · (exp(input_scale · x) − 1))."""
    negative = graph.add("Elu", times(graph, x, input_scale), alpha=float(alpha))
    if input_scale == 1:
        return times(graph, negative, scale)
    positive = graph.add("Greater", x, graph.like(0, x))
    return times(graph, graph.add("Where", positive, x, negative), scale)


def celu(graph: Graph, x: Ref, alpha: float = 1) -> Ref:
    """max(0, x) + min(0, alpha · (exp(x / alpha) − 1))."""
    return graph.add("Celu", x, alpha=float(alpha))


def leaky_relu(graph: Graph, x: Ref, slope: float = 0.01) -> Ref:
    """x, times the slope where it is negative."""
    return graph.add("LeakyRelu", x, alpha=float(slope))


def softplus(graph: Graph, x: Ref, beta: float = 1, threshold: float = 20) -> Ref:
    """log(1 + exp(beta · x)) / beta; x itself beyond the threshold, where both are the same."""
    return times(graph, graph.add("Softplus", times(graph, x, beta)), 1 / beta)


def log_sigmoid(graph: Graph, x: Ref) -> Ref:
    """log σ(x)."""
    return graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)))


def hardshrink(graph: Graph, x: Ref, limit: float = 0.5) -> Ref:
    """0 within the limit."""
    return graph.add("Shrink", x, lambd=float(limit))


def softshrink(graph: Graph, x: Ref, limit: float = 0.5) -> Ref:
    """0 within the limit, what is beyond it outside."""
    return graph.add("Shrink", x, lambd=float(limit), bias=float(limit))


def threshold(graph: Graph, x: Ref, limit: float, value: float) -> Ref:
    """x above the limit, else the value."""
    above = graph.add("Greater", x, graph.like(limit, x))
    return graph.add("Where", above, x, graph.like(value, x))


def prelu(graph: Graph, x: Ref, weight: Ref) -> Ref:
    """x, times a slope of its channel where it is negative."""
    if x.rank > 2 and weight.rank == 1:
        weight = graph.add("Reshape", weight, graph.constant([-1, *[1] * (x.rank - 2)]))
    return graph.add("PRelu", x, weight)


def expm1(graph: Graph, x: Ref) -> Ref:
    """exp(x) − 1."""
    return sub(graph, graph.add("Exp", x), 1.0)


def log1p(graph: Graph, x: Ref) -> Ref:
    """log(1 + x)."""
    return graph.add("Log", add(graph, x, 1.0))


def log2(graph: Graph, x: Ref) -> Ref:
    """The logarithm to base 2."""
    return times(graph, graph.add("Log", x), 1 / math.log(2))


def rsqrt(graph: Graph, x: Ref) -> Ref:
    """1 / √x."""
    return graph.add("Reciprocal", graph.add("Sqrt", x))


def square(graph: Graph, x: Ref) -> Ref:
    """x²."""
    return graph.add("Mul", x, x)


RULES: Mapping[str, Rule] = {
    **{
        f"{name}.default": simple(operator)
        for name, operator in {
            "abs": "Abs", "acos": "Acos", "asin": "Asin", "atan": "Atan", "ceil": "Ceil",
            "cos": "Cos", "erf": "Erf", "exp": "Exp", "floor": "Floor", "hardswish": "HardSwish",
            "log": "Log", "mish": "Mish", "neg": "Neg", "reciprocal": "Reciprocal",
            "relu": "Relu", "round": "Round", "selu": "Selu", "sigmoid": "Sigmoid",
            "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt", "tan": "Tan", "tanh": "Tanh",
        }.items()
    },
    "hardsigmoid.default": simple("HardSigmoid", alpha=1 / 6, beta=0.5),
    "celu.default": celu, "elu.default": elu, "expm1.default": expm1, "gelu.default": gelu,
    "hardtanh.default": hardtanh, "leaky_relu.default": leaky_relu, "log1p.default": log1p,
    "log2.default": log2, "log_sigmoid.default": log_sigmoid, "relu6.default": relu6,
    "rsqrt.default": rsqrt, "silu.default": silu, "softplus.default": softplus,
    "square.default": square, "hardshrink.default": hardshrink, "softshrink.default": softshrink,
    "threshold.default": threshold, "prelu.default": prelu,
}  # fmt: skip
