"""Registry: which rule belongs to which operator."""

from collections.abc import Callable

from candidates.graph.rules.site import Result, Site

Rule = Callable[[Site], Result]
_RULES: dict[str, Rule] = {}


def rule(*operators: str) -> Callable[[Rule], Rule]:
    """Registers a function as the rule of operators, named without their overloads."""

    def register(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(operators, function))
        return function

    return register


def rule_of(operator: str) -> Rule | None:
    """The rule of an operator given with its overload; None if there is none."""
    return _RULES.get(operator.split(".")[0])
