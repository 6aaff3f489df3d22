import pytest

from candidates.graph.axes import Leaf
from candidates.graph.follow import Axes
from candidates.graph.program import Call, Program, TensorOf, ValueOf
from candidates.graph.regions import Region, Regions


def regions(graph: dict[str, str], unbatched: str = "") -> Regions:
    """Of a graph given as value -> the values that it is computed from, by letters; `x` is the
    input, and a capital letter a tensor.
    """
    calls = tuple(
        Call(
            name=name,
            operator="cat.default",
            arguments=tuple(
                TensorOf(tensor=each) if each.isupper() else ValueOf(value=each) for each in reads
            ),
        )
        for name, reads in graph.items()
    )
    batch = Leaf(251, "It is the number of images.", is_batch=True)
    program = Program(input="x", calls=calls, output=calls[-1].name)
    axes = Axes(batch)
    axes.values = {name: (Leaf(5),) if name in unbatched else (batch,) for name in program.names()}
    return Regions(program, axes)


RESIDUAL = {"a": "x", "b": "a", "c": "b", "d": "ac", "e": "d"}


def test_cuts_are_where_one_value_alone_is_alive():
    assert regions(RESIDUAL).chain() == ["x", "a", "d", "e"]


def test_values_that_depend_on_no_image_do_not_count():
    assert regions({"w": "W", "a": "x", "b": "aw", "c": "bw"}).chain() == ["x", "a", "b", "c"]


def test_a_cut_has_the_images_first():
    assert regions({"a": "x", "b": "a", "c": "b"}, unbatched="a").chain() == ["x", "b", "c"]


def test_between_has_everything_on_the_way():
    assert regions(RESIDUAL).between("a", "d") == Region("a", "d", frozenset("bcd"))
    assert regions({"w": "W", "a": "x", "b": "aw"}).between("a", "b") == Region(
        "a", "b", frozenset("wb")
    )


@pytest.mark.parametrize(("after", "upto"), [("b", "d"), ("b", "a"), ("x", "c")])
def test_what_has_other_ends_is_no_region(after, upto):
    assert regions({**RESIDUAL, "f": "be"}).between(after, upto) is None


def test_around_a_call_is_the_smallest_region():
    assert regions(RESIDUAL).around(["b"]) == Region("a", "b", frozenset("b"))
    assert regions(RESIDUAL).around(["b", "c"]) == Region("a", "c", frozenset("bc"))


def test_around_calls_on_both_sides_of_a_cut_holds_what_lies_between():
    assert regions(RESIDUAL).around(["c", "e"]) == Region("a", "e", frozenset("bcde"))


def test_around_branches_grows_to_where_they_part_and_meet():
    graph = {"a": "x", "b": "a", "c": "a", "d": "bc", "e": "d"}
    assert regions(graph).around(["b", "c"]) == Region("a", "d", frozenset("bcd"))


def test_around_grows_until_its_ends_are_batches():
    graph = {"a": "x", "b": "a", "c": "b", "d": "c", "e": "d"}
    assert regions(graph, unbatched="bc").around(["c"]) == Region("a", "d", frozenset("bcd"))


@pytest.mark.parametrize(("graph", "unbatched"), [({"a": "x"}, "x"), ({"a": "x"}, "a")])
def test_nothing_lies_around_where_the_programs_ends_are_no_batches(graph, unbatched):
    assert regions(graph, unbatched).around(["a"]) is None


def test_calls_of_a_module_are_those_of_its_scope_and_below():
    program = Program(
        input="x",
        calls=(
            Call(name="a", operator="relu.default", arguments=(ValueOf(value="x"),), scope="one"),
            Call(
                name="b", operator="relu.default", arguments=(ValueOf(value="a"),), scope="one.in"
            ),
            Call(name="c", operator="relu.default", arguments=(ValueOf(value="b"),), scope="one2"),
        ),
        output="c",
    )
    axes = Axes(Leaf(251, is_batch=True))
    assert Regions(program, axes).of_scope("one") == {"a", "b"}
