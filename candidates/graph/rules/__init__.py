"""What every operator says about the axes of its arguments and results.

A rule is a function from a `Site` to the terms of the result, registered under the names of its
operators; it makes terms equal and fixes those that must stay. An operator without a rule fixes
everything it touches: a missing rule costs coverage, a wrong one would be silent damage.
"""

from candidates.graph.rules import element_wise, linear, norms, pooling, recurrent, shaping, slicing
from candidates.graph.rules.registry import Rule, rule_of

__all__ = [
    "Rule", "element_wise", "linear", "norms", "pooling", "recurrent", "rule_of", "shaping",
    "slicing",
]  # fmt: skip
