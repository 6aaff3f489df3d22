from candidates.graph.downstream import downstream
from candidates.graph.program import Call, Program, ValueOf


def call(name: str, *values: str) -> Call:
    reads = tuple(ValueOf(value=value) for value in values)
    return Call(name=name, operator="cat.default", arguments=(reads,))


def test_what_reads_a_value_directly_or_not_is_downstream() -> None:
    calls = (call("a", "x"), call("b", "x"), call("c", "a"), call("d", "b"), call("e", "c", "d"))
    program = Program(input="x", calls=calls, output="e")
    assert downstream(program, ["a"]) == ["c", "e"]
    assert downstream(program, ["c", "b"]) == ["d", "e"]
    assert downstream(program, ["e"]) == []
