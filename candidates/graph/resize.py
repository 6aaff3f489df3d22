"""Resize: a call whose sizes follow from axes that lost indices, or from the batch."""

from collections.abc import Callable, Mapping
from typing import Any

from candidates.graph.axes import size_of
from candidates.graph.choice import Choice, kept_indices, kept_size, size_argument, touches
from candidates.graph.follow import Axes, named_arguments
from candidates.graph.network import function_of
from candidates.graph.program import Argument, Batch, Call
from candidates.graph.rules.site import as_list
from candidates.graph.rules.slicing import first_index

Changes = dict[str, Argument]
"""Arguments by the names of the operator's schema."""


def resized(call: Call, axes: Axes, choice: Choice) -> Call:
    """The same call on what remains; equal to the old one where nothing it mentions changed."""
    base = call.operator.split(".")[0]
    if base in _SPLITS:
        return _resized_split(call, axes, choice)
    if base == "squeeze":
        return _squeezed(call, axes)
    resize = _RESIZERS.get(base)
    return call if resize is None else _with(call, resize(call, axes, choice))


def _shape(call: Call, axes: Axes, choice: Choice) -> Changes:
    """The result's whole shape is an argument."""
    names = ("size", "shape")
    name = next(name for name in names if name in _names(call))
    return {name: tuple(size_argument(term, choice) for term in axes.value(call.name))}


def _expand(call: Call, axes: Axes, choice: Choice) -> Changes:
    """Like a shape, but −1, which keeps a dimension, stays."""
    given = named_arguments(call, axes)["size"]
    terms = axes.value(call.name)
    sizes = (
        -1 if old == -1 else size_argument(term, choice)
        for old, term in zip(given, terms, strict=True)
    )
    return {"size": tuple(sizes)}


def _copies(call: Call, axes: Axes, choice: Choice) -> Changes:
    """How often a dimension of one is copied follows what it becomes."""
    arguments = named_arguments(call, axes)
    name = "repeats" if "repeats" in arguments else "dims"
    results, terms, given = axes.value(call.name), arguments["self"], arguments[name]
    sizes = [1] * (len(results) - len(terms)) + [size_of(term) for term in terms]
    counts = [1] * (len(results) - len(given)) + given
    places = zip(results, sizes, counts, strict=True)
    return {
        name: tuple(
            size_argument(term, choice) if size == 1 else count for term, size, count in places
        )
    }


def _unflatten(call: Call, axes: Axes, choice: Choice) -> Changes:
    arguments = named_arguments(call, axes)
    terms = axes.value(call.name)
    dim = arguments["dim"] % len(arguments["self"])
    inner = terms[dim : dim + len(arguments["sizes"])]
    return {"sizes": tuple(size_argument(term, choice) for term in inner)}


def _groups(call: Call, axes: Axes, choice: Choice) -> Changes:
    """A convolution has as many groups as its weight's columns fit into its input's channels."""
    arguments = named_arguments(call, axes)
    if call.operator.startswith("conv_transpose") or arguments["groups"] in (None, 1):
        return {}
    channels = size_argument(arguments["input"][1], choice)
    columns = kept_size(arguments["weight"][1], choice)
    if isinstance(channels, Batch):
        return {"groups": Batch(batch=channels.batch // columns)}
    return {"groups": channels // columns}


def _norm_groups(call: Call, axes: Axes, choice: Choice) -> Changes:
    return {"num_groups": kept_size(axes.notes[call.name]["groups"], choice)}


def _shuffle_groups(call: Call, axes: Axes, choice: Choice) -> Changes:
    note = axes.notes[call.name].get("groups")
    return {"groups": kept_size(note, choice)} if note is not None else {}


def _normalised(call: Call, axes: Axes, choice: Choice) -> Changes:
    arguments = named_arguments(call, axes)
    terms = arguments["input"][-len(arguments["normalized_shape"]) :]
    return {"normalized_shape": tuple(kept_size(term, choice) for term in terms)}


def _range(call: Call, axes: Axes, choice: Choice) -> Changes:
    """A slice of what remains takes what remains of the slice."""
    term = axes.notes[call.name].get("sliced")
    if term is None or not touches(term, choice):
        return {}
    arguments = named_arguments(call, axes)
    size = size_of(term)
    start = first_index(arguments["start"], size)
    stop = start + arguments["length"] if "length" in arguments else _stop(arguments["end"], size)
    kept = kept_indices(term, choice)
    first = sum(index < start for index in kept)
    last = sum(index < stop for index in kept)
    named = {"length": last - first} if "length" in arguments else {"end": last}
    return {"start": first, **named}


def _stop(end: int | None, size: int) -> int:
    if end is None:
        return size
    return max(0, end + size) if end < 0 else min(end, size)


def _scale(call: Call, axes: Axes, choice: Choice) -> Changes:
    """Attention keeps the teacher's scale when heads become narrower."""
    head = axes.notes[call.name].get("head")
    if head is None or not touches(head, choice):
        return {}
    given = named_arguments(call, axes)["scale"]
    return {"scale": size_of(head) ** -0.5 if given is None else given}


def _squeezed(call: Call, axes: Axes) -> Call:
    """Only the dimensions of one that it had at first disappear, not one that shrank to one."""
    arguments = named_arguments(call, axes)
    terms, given = arguments["self"], arguments.get("dim")
    asked = range(len(terms)) if given is None else (dim % len(terms) for dim in as_list(given))
    dims = tuple(dim for dim in asked if size_of(terms[dim]) == 1)
    changed = {
        "operator": "squeeze.dims", "arguments": (call.arguments[0], dims), "keywords": {},
    }  # fmt: skip
    return call.model_copy(update=changed)


def _resized_split(call: Call, axes: Axes, choice: Choice) -> Call:
    whole = axes.notes[call.name]["split"]
    if not touches(whole, choice):
        return call
    results = axes.values[call.name]
    assert isinstance(results, list)
    arguments = named_arguments(call, axes)
    dim = (arguments["dim"] or 0) % len(arguments["self"])
    sizes = tuple(kept_size(terms[dim], choice) for terms in results)
    changed = {
        "operator": "split_with_sizes.default",
        "arguments": (call.arguments[0], sizes, dim),
        "keywords": {},
    }
    return call.model_copy(update=changed)


_SPLITS = ("split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk")
_RESIZERS: Mapping[str, Callable[[Call, Axes, Choice], Changes]] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view"), _shape),
    **dict.fromkeys(("new_zeros", "new_ones", "new_full", "new_empty", "zeros", "ones"), _shape),
    "full": _shape,
    **dict.fromkeys(("expand", "broadcast_to"), _expand),
    **dict.fromkeys(("repeat", "tile"), _copies),
    "unflatten": _unflatten,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _groups),
    "group_norm": _norm_groups,
    "channel_shuffle": _shuffle_groups,
    **dict.fromkeys(("layer_norm", "rms_norm"), _normalised),
    **dict.fromkeys(("slice", "narrow", "slice_scatter"), _range),
    "scaled_dot_product_attention": _scale,
}


def _names(call: Call) -> list[str]:
    schema: Any = function_of(call.operator)._schema  # type: ignore[attr-defined]
    return [argument.name for argument in schema.arguments]


def _with(call: Call, changes: Changes) -> Call:
    """The call with some arguments replaced, where they differ."""
    arguments, keywords = list(call.arguments), dict(call.keywords)
    for name, value in changes.items():
        place = _names(call).index(name)
        if place < len(arguments):
            arguments[place] = value
        else:
            keywords[name] = value
    return call.model_copy(update={"arguments": tuple(arguments), "keywords": keywords})
