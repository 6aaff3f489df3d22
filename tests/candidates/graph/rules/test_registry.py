from candidates.graph.operators import OPERATORS
from candidates.graph.rules import rule_of

WITHOUT = {
    "arange", "argsort", "bilinear", "diagonal", "dot", "eye", "getitem", "linspace", "meshgrid",
    "one_hot", "rot90", "scalar_tensor", "sort", "topk", "var_mean",
}  # fmt: skip


def test_every_operator_that_may_run_has_a_rule_but_these():
    found = {name.split(".")[0] for name in OPERATORS if rule_of(name) is None}
    assert found == WITHOUT


def test_overloads_share_a_rule():
    assert rule_of("add.Tensor") is rule_of("add.Scalar")


def test_an_unknown_operator_has_none():
    assert rule_of("no_such.default") is None
