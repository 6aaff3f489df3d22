"""Writes: calls that change a value in place, as calls that give a new one."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from candidates.errors import UnsplittableTeacher
from candidates.graph.program import Argument, Call, ValueOf

_VIEWS = {
    "view", "reshape", "flatten", "unflatten", "permute", "transpose", "t", "expand", "squeeze",
    "unsqueeze", "split", "split_with_sizes", "chunk", "unbind", "select", "slice", "narrow",
    "getitem", "alias", "detach", "contiguous", "to", "movedim", "expand_as", "swapaxes",
    "diagonal", "unfold", "view_as", "reshape_as", "broadcast_to", "type_as", "numpy_T",
    "meshgrid", "positive", "dropout", "feature_dropout", "alpha_dropout", "unsafe_split",
    "unsafe_chunk", "_unsafe_view", "float",
}  # fmt: skip
"""Operators that may give what shares the memory of their first argument, or that itself."""
_SCATTERS = {"slice.Tensor": "slice_scatter.default", "select.int": "select_scatter.default"}


def writes(call: Call) -> bool:
    """Whether a call changes its first argument."""
    base = base_of(call)
    return base.endswith("_") and not base.startswith("_")


def base_of(call: Call) -> str:
    """The name of a call's operator without its overload."""
    return call.operator.split(".")[0]


def functional(calls: Sequence[Call], output: str) -> tuple[list[Call], str]:
    """Calls that write in place become calls that give a new value, which later calls read; also
    the new name of the value that is the program's output.

    What is written into a slice of a value is put back into it, and so on outwards. Raises
    UnsplittableTeacher where another view of the changed value is read afterwards.
    """
    calls, output = _by_first_names(calls, output)
    views: dict[str, Call] = {}
    latest: dict[str, str] = {}
    result: list[Call] = []
    for index, call in enumerate(calls):
        written = _written_by(call)
        if written is None:
            if call.values() and base_of(call) in _VIEWS:
                views[call.name] = call
            result.append(call.rewired(_values(latest)))
            continue
        replaced = _replaced(call, written, views)
        later = {name: user.scope for user in calls[index + 1 :] for name in user.values()}
        _refuse_shared(call, replaced, views, {**later, output: "the output"})
        result += _written(call.rewired(_values(latest)), list(replaced), views, latest)
        latest.update(replaced)
    return result, latest.get(output, output)


def _by_first_names(calls: Sequence[Call], output: str) -> tuple[list[Call], str]:
    """What writing in place gives is the written value itself: its first name everywhere."""
    first: dict[str, str] = {}
    result = []
    for call in calls:
        renamed = call.rewired(_values(first))
        result.append(renamed)
        written = _written_by(renamed)
        if written is not None:
            first[call.name] = written
    return result, first.get(output, output)


def _written_by(call: Call) -> str | None:
    """The value that a call writes into."""
    target = call.arguments[0] if call.arguments else None
    return target.value if writes(call) and isinstance(target, ValueOf) else None


def _values(names: Mapping[str, str]) -> dict[str, Argument]:
    return {name: ValueOf(value=target) for name, target in names.items()}


def _replaced(call: Call, written: str, views: Mapping[str, Call]) -> dict[str, str]:
    """The value that is written and those that it is a slice of, from the inside outwards, and
    the names that take their places.
    """
    result = {written: call.name}
    while written in views and views[written].operator in _SCATTERS:
        written = _source(views[written])
        result[written] = f"{call.name}_in_{written}"
    return result


def _written(
    call: Call, chain: Sequence[str], views: Mapping[str, Call], latest: Mapping[str, str]
) -> list[Call]:
    """The call without writing, and what puts its result back, from the inside outwards."""
    result = _without_writing(call)
    for inner, outer in pairwise(chain):
        view = views[inner].rewired(_values(latest))
        changed = {
            "name": f"{call.name}_in_{outer}",
            "operator": _SCATTERS[view.operator],
            "arguments": (
                view.arguments[0], ValueOf(value=result[-1].name), *view.arguments[1:],
            ),
            "keywords": {},
        }  # fmt: skip
        result.append(call.model_copy(update=changed))
    return result


def _without_writing(call: Call) -> list[Call]:
    """Copying becomes a conversion and an expansion, for "copy" itself has no derivative."""
    if call.operator != "copy_.default":
        base, _, overload = call.operator.partition(".")
        return [call.model_copy(update={"operator": f"{base.removesuffix('_')}.{overload}"})]
    written, source, *_ = call.arguments
    name = f"{call.name}_source"
    converted = {"name": name, "operator": "type_as.default", "arguments": (source, written)}
    expanded = {"operator": "expand_as.default", "arguments": (ValueOf(value=name), written)}
    return [call.model_copy(update={"keywords": {}, **each}) for each in (converted, expanded)]


def _refuse_shared(
    call: Call, replaced: Collection[str], views: Mapping[str, Call], later: Mapping[str, str]
) -> None:
    """Another view of what is written in place must not be read afterwards; `later` names what
    is, each with who reads it.
    """
    origin = _origin(next(iter(replaced)), views)
    shared = {origin, *(name for name in views if _origin(name, views) == origin)}
    for name in later.keys() & shared - set(replaced):
        raise UnsplittableTeacher(
            f"'{call.operator}' changes a view in place in '{call.scope}', and '{later[name]}' "
            "still uses what it was a view of. Give it a new tensor."
        )


def _origin(name: str, views: Mapping[str, Call]) -> str:
    """What a view is a view of in the end."""
    while name in views:
        name = _source(views[name])
    return name


def _source(view: Call) -> str:
    return view.values()[0]
