import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.errors import InvalidProgram
from candidates.graph.operators import OPERATORS
from candidates.graph.program import Batch, Call, Constant, Program, TensorOf, Training, ValueOf


def call(name: str, *reads: str, tensors: tuple[str, ...] = ()) -> Call:
    arguments = (*map(value, reads), *(TensorOf(tensor=each) for each in tensors))
    return Call(name=name, operator="add.Tensor", arguments=arguments)


def value(name: str) -> ValueOf:
    return ValueOf(value=name)


def program(*calls: Call, output: str = "", **settings: object) -> Program:
    return Program(input="input", calls=calls, output=output or calls[-1].name, **settings)


RESIDUAL = program(
    call("a", "input", tensors=("stem",)),
    call("b", "a", tensors=("inner", "shared")),
    call("c", "b", "a"),
    call("d", "c", tensors=("head", "shared")),
)


def test_values_and_tensors_are_found_in_lists_and_keywords_too():
    nested = Call(
        name="a", operator="cat.default", arguments=((value("x"), (value("y"), value("x"))), 1),
        keywords={"weight": TensorOf(tensor="w"), "sizes": (Batch(batch=2),)},
    )  # fmt: skip
    assert nested.values() == ["x", "y"]
    assert nested.tensors() == ["w"]


def test_rewiring_reaches_lists_and_keywords():
    nested = Call(
        name="a", operator="cat.default", arguments=((value("x"), value("y")),),
        keywords={"other": value("x")},
    )  # fmt: skip
    changed = nested.rewired({"x": TensorOf(tensor="t")})
    assert changed.arguments == ((TensorOf(tensor="t"), value("y")),)
    assert changed.keywords == {"other": TensorOf(tensor="t")}


ARGUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(
        [value("input"), TensorOf(tensor="w"), Batch(batch=3), Training(), Constant(constant="inf")]
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


@given(arguments=st.lists(ARGUMENTS, max_size=4), keyword=ARGUMENTS)
def test_a_program_is_the_same_after_a_file(arguments, keyword):
    whole = program(
        Call(
            name="a", operator="relu.default", arguments=tuple(arguments), keywords={"key": keyword}
        )
    )
    again = Program.model_validate_json(whole.model_dump_json(exclude_defaults=True))
    assert again == whole
    assert repr(again) == repr(whole)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (program(call("a", "b"), call("b", "input")), "Call 'a' reads 'b', which no earlier"),
        (program(call("a", "a")), "Call 'a' reads 'a', which no earlier"),
        (program(call("a", "input"), call("a", "input")), "Two calls are named 'a'"),
        (program(call("input", "input")), "Two calls are named 'input'"),
        (program(call("a", "input"), output="b"), "The output 'b' is given by no call"),
        (
            program(Call(name="a", operator="save.default", arguments=())),
            "'save.default', which is not on the list",
        ),
    ],
)
def test_what_cannot_run_is_refused_by_name(wrong, message):
    with pytest.raises(InvalidProgram, match=message):
        wrong.check()


def test_no_operator_writes_or_reaches_beyond_its_arguments():
    bases = {name.split(".")[0] for name in OPERATORS}
    assert not {name for name in bases if name.endswith("_")}
    assert not {name for name in bases if "from_file" in name or "save" in name or "load" in name}


def test_a_part_has_what_lies_between_its_ends_and_no_more():
    part = RESIDUAL.part("a", "c")
    assert (part.input, [each.name for each in part.calls], part.output) == ("a", ["b", "c"], "c")
    assert part.tensors() == ["inner", "shared"]


def test_a_part_that_needs_another_value_is_refused():
    with pytest.raises(ValueError, match="does not depend on 'b' alone"):
        RESIDUAL.part("b", "c")


def test_a_part_between_the_same_value_is_empty():
    part = RESIDUAL.part("a", "a")
    assert part.calls == ()
    part.check()


def test_a_part_brings_calls_that_depend_on_no_image():
    whole = program(call("w", tensors=("u", "v")), call("a", "input"), call("b", "a", "w"))
    assert [each.name for each in whole.part("a", "b").calls] == ["w", "b"]


def test_a_part_keeps_the_buffers_that_it_reads_and_their_counters():
    whole = program(
        call("a", "input", tensors=("n.weight", "n.running_mean")),
        call("b", "a", tensors=("m.running_mean",)),
        buffers=("m.num_batches_tracked", "m.running_mean", "n.num_batches_tracked",
                 "n.running_mean"),
    )  # fmt: skip
    assert whole.part("a", "b").buffers == ("m.num_batches_tracked", "m.running_mean")


def test_replacing_a_part_by_itself_changes_nothing():
    assert RESIDUAL.replaced([RESIDUAL.part("a", "c")]) == RESIDUAL


def test_a_replacement_stands_where_the_part_did_under_its_name():
    new = Program(input="a", calls=(call("n", "a"), call("c", "n")), output="c")
    assert [each.name for each in RESIDUAL.replaced([new]).calls] == ["a", "n", "c", "d"]
    assert "inner" not in RESIDUAL.replaced([new]).tensors()


def test_calls_that_others_read_too_stay_beside_the_replacement():
    whole = program(
        call("w", tensors=("u",)), call("a", "input", "w"), call("b", "a", "w"),
    )  # fmt: skip
    new = Program(input="a", calls=(call("b", "a"),), output="b")
    assert [each.name for each in whole.replaced([new]).calls] == ["w", "a", "b"]


def test_two_parts_that_bring_the_same_call_share_it():
    whole = program(call("w", tensors=("u",)), call("a", "input", "w"), call("b", "a", "w"))
    parts = [whole.part("input", "a"), whole.part("a", "b")]
    assert whole.replaced(parts) == whole


def test_a_name_that_is_taken_is_refused():
    new = Program(input="a", calls=(call("d", "a"), call("c", "d")), output="c")
    with pytest.raises(InvalidProgram, match="Two calls are named 'd'"):
        RESIDUAL.replaced([new])


def test_users_are_those_that_read_a_value():
    users = RESIDUAL.users()
    assert {name: [each.name for each in calls] for name, calls in users.items()} == {
        "input": ["a"], "a": ["b", "c"], "b": ["c"], "c": ["d"], "d": [],
    }  # fmt: skip


def test_a_copy_of_a_call_that_reads_something_else_says_so() -> None:
    call = Call(name="b", operator="relu.default", arguments=(ValueOf(value="a"),))
    assert call.values() == ["a"]
    assert call.rewired({"a": ValueOf(value="c")}).values() == ["c"]
    assert call.model_copy(update={"arguments": (TensorOf(tensor="w"),)}).tensors() == ["w"]
    assert call == Call.model_validate_json(call.model_dump_json())
