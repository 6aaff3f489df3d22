import pytest

from candidates.errors import NotApplicable
from candidates.graph.operators import OPERATORS as ALLOWED
from candidates.kinds.activation import OPERATORS, REPLACEABLE
from candidates.kinds.registry import KINDS
from tests.candidates.builders import teacher_from
from tests.candidates.kinds.drafts import bench_of, draft_of, gap, materials, stands_in
from tests.candidates.small import SMALL


@pytest.mark.parametrize("function", sorted(OPERATORS))
@pytest.mark.parametrize("name", ["convolutions", "transformer", "inverted", "modern"])
def test_every_non_linearity_becomes_another(name: str, function: str) -> None:
    network, recipe = SMALL[name]()
    bench = bench_of(materials("activation", teacher_from(network, recipe)))
    try:
        draft = draft_of("activation", bench, function=function)
    except NotApplicable as exc:
        assert f"other than {function}" in str(exc)  # noqa: PT017
        return
    stands_in(bench, draft)
    found = {call.operator for call in draft.network.program.calls} & REPLACEABLE
    assert found <= {OPERATORS[function]}
    assert draft.network.program != bench.part.program


def test_where_nothing_changes_there_is_no_candidate() -> None:
    bench = bench_of(materials("activation"))
    with pytest.raises(NotApplicable, match="no non-linearity other than relu"):
        draft_of("activation", bench, function="relu")


def test_layers_behind_it_make_up_for_some_of_it() -> None:
    bench = bench_of(materials("activation", calibration_images=128))
    solved = draft_of("activation", bench, function="identity").network
    plain = type(solved)(solved.program, bench.copy().tensors()).eval()
    assert gap(bench, solved) < gap(bench, plain)


def test_all_functions_of_the_knob_are_known_and_allowed() -> None:
    assert set(KINDS["activation"].knobs["function"].choices) == OPERATORS.keys()
    assert set(OPERATORS.values()) | REPLACEABLE <= ALLOWED
