"""Rules of operators that take parts out of values, or put parts together."""

from collections.abc import Mapping, Sequence

from candidates.errors import NotExportable
from candidates.export.to_onnx.element_wise import Rule
from candidates.export.to_onnx.graph import Graph, Ref

END = 2**63 - 1
_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def cat(graph: Graph, values: Sequence[Ref], dim: int = 0) -> Ref:
    """Values one after the other; empty ones of another rank count for nothing."""
    full = [each for each in values if each.shape != (0,)]
    return full[0] if len(full) == 1 else graph.add("Concat", *full, axis=dim)


def stack(graph: Graph, values: Sequence[Ref], dim: int = 0) -> Ref:
    """Values along a new dimension."""
    axis = graph.constant([dim % (values[0].rank + 1)])
    return graph.add(
        "Concat", *(graph.add("Unsqueeze", each, axis) for each in values),
        axis=dim % (values[0].rank + 1),
    )  # fmt: skip


def split(graph: Graph, x: Ref, size: int | Sequence[int], dim: int = 0) -> tuple[Ref, ...]:
    """Parts of one size, or of those given."""
    side = x.shape[x.axis(dim)]
    sizes = _even(side, size) if isinstance(size, int) else list(size)
    return graph.add_several("Split", len(sizes), x, graph.constant(sizes), axis=dim)


def chunk(graph: Graph, x: Ref, count: int, dim: int = 0) -> tuple[Ref, ...]:
    """So many parts of about one size."""
    side = x.shape[x.axis(dim)]
    return split(graph, x, -(-side // count), dim)


def unbind(graph: Graph, x: Ref, dim: int = 0) -> tuple[Ref, ...]:
    """Every slice along a dimension."""
    return tuple(select(graph, x, dim, at) for at in range(x.shape[x.axis(dim)]))


def select(graph: Graph, x: Ref, dim: int, index: int) -> Ref:
    """One slice along a dimension."""
    return graph.add("Gather", x, graph.constant(index), axis=dim)


def piece(
    graph: Graph, x: Ref, dim: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Ref:  # fmt: skip
    """A range along a dimension."""
    first, last = 0 if start is None else start, END if end is None else end
    if first == 0 and step == 1 and last >= x.shape[x.axis(dim)]:
        return x
    ends = (graph.constant([each]) for each in (first, last, x.axis(dim), step))
    return graph.add("Slice", x, *ends)


def narrow(graph: Graph, x: Ref, dim: int, start: int, length: int) -> Ref:
    """A range of a length along a dimension."""
    return piece(graph, x, dim, start, start + length)


def flip(graph: Graph, x: Ref, dims: Sequence[int]) -> Ref:
    """Dimensions read backwards."""
    count = len(dims)
    ends = ([-1] * count, [-END] * count, [x.axis(dim) for dim in dims], [-1] * count)
    return graph.add("Slice", x, *map(graph.constant, ends))


def roll(graph: Graph, x: Ref, shifts: Sequence[int], dims: Sequence[int] = ()) -> Ref:
    """What falls out at one end comes in at the other."""
    if not dims:
        raise NotExportable("Rolling over all dimensions at once cannot be written as ONNX.")
    for shift, dim in zip(shifts, dims, strict=True):
        cut = -shift % x.shape[x.axis(dim)]
        if cut:
            x = cat(graph, [piece(graph, x, dim, cut), piece(graph, x, dim, 0, cut)], dim)
    return x


def pad(
    graph: Graph, x: Ref, pads: Sequence[int], mode: str = "constant", value: float | None = None
) -> Ref:
    """More at the ends; the last dimension's ends come first, less than none cuts off."""
    if not any(pads):
        return x
    before, after = [0] * x.rank, [0] * x.rank
    for at in range(len(pads) // 2):
        before[-1 - at], after[-1 - at] = pads[2 * at], pads[2 * at + 1]
    filling = graph.like(value or 0, x) if mode == "constant" else None
    return graph.add("Pad", x, graph.constant(before + after), filling, mode=_MODES[mode])


def pad_constant(graph: Graph, x: Ref, pads: Sequence[int], value: float = 0) -> Ref:
    """One number at the ends."""
    return pad(graph, x, pads, "constant", value)


def pad_reflected(graph: Graph, x: Ref, pads: Sequence[int]) -> Ref:
    """A mirror at the ends."""
    return pad(graph, x, pads, "reflect")


def pad_replicated(graph: Graph, x: Ref, pads: Sequence[int]) -> Ref:
    """The last number again at the ends."""
    return pad(graph, x, pads, "replicate")


def index(graph: Graph, x: Ref, indices: Sequence[Ref | None]) -> Ref:
    """Entries along the one dimension that is indexed."""
    given = [(axis, each) for axis, each in enumerate(indices) if each is not None]
    if len(given) != 1:
        raise NotExportable("Indexing several dimensions at once cannot be written as ONNX.")
    ((axis, found),) = given
    return graph.add("Gather", x, found, axis=axis)


def index_select(graph: Graph, x: Ref, dim: int, indices: Ref) -> Ref:
    """Entries along a dimension."""
    return graph.add("Gather", x, indices, axis=dim)


def gather(graph: Graph, x: Ref, dim: int, indices: Ref, **_: object) -> Ref:
    """One entry along a dimension for every index."""
    return graph.add("GatherElements", x, indices, axis=dim)


def triangle(upper: int) -> Rule:
    """A rule for what lies above or below a diagonal."""

    def rule(graph: Graph, x: Ref, diagonal: int = 0) -> Ref:
        return graph.add("Trilu", x, graph.constant(diagonal), upper=upper)

    return rule


def glu(graph: Graph, x: Ref, dim: int = -1) -> Ref:
    """One half times the sigmoid of the other."""
    left, right = chunk(graph, x, 2, dim)
    return graph.add("Mul", left, graph.add("Sigmoid", right))


def slice_scatter(
    graph: Graph, x: Ref, source: Ref, dim: int = 0, start: int | None = None,
    end: int | None = None, step: int = 1,
) -> Ref:  # fmt: skip
    """The value with a range along a dimension exchanged."""
    if step != 1:
        raise NotExportable("Writing every second entry cannot be written as ONNX.")
    side = x.shape[x.axis(dim)]
    first, last, _ = slice(start, end).indices(side)
    rest = [piece(graph, x, dim, 0, first)] if first else []
    return cat(graph, [*rest, source, *([piece(graph, x, dim, last)] if last < side else [])], dim)


def _even(side: int, size: int) -> list[int]:
    return [min(size, side - start) for start in range(0, side, size)]


RULES: Mapping[str, Rule] = {
    "cat.default": cat, "stack.default": stack, "split.Tensor": split, "split.sizes": split,
    "split_with_sizes.default": split, "unsafe_split.Tensor": split, "chunk.default": chunk,
    "unsafe_chunk.default": chunk, "unbind.int": unbind, "select.int": select,
    "slice.Tensor": piece, "narrow.default": narrow, "flip.default": flip, "roll.default": roll,
    "pad.default": pad, "constant_pad_nd.default": pad_constant,
    "reflection_pad2d.default": pad_reflected, "replication_pad2d.default": pad_replicated,
    "index.Tensor": index, "index_select.default": index_select, "gather.default": gather,
    "tril.default": triangle(0), "triu.default": triangle(1), "glu.default": glu,
    "slice_scatter.default": slice_scatter,
}  # fmt: skip
