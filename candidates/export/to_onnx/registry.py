"""Registry: the rule of every operator that can be written as ONNX."""

from collections.abc import Mapping

from candidates.export.to_onnx import (
    activations,
    element_wise,
    linear,
    norms,
    pooling,
    reductions,
    shaping,
    slicing,
)
from candidates.export.to_onnx.element_wise import Rule

RULES: Mapping[str, Rule] = {
    **activations.RULES,
    **element_wise.RULES,
    **linear.RULES,
    **norms.RULES,
    **pooling.RULES,
    **reductions.RULES,
    **shaping.RULES,
    **slicing.RULES,
}
"""Takes the graph and then the operator's own arguments; gives one value, or several."""
__all__ = ["RULES", "Rule"]
