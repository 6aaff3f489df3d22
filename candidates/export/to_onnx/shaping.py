"""Rules of operators that give the same numbers another shape."""

import math
from collections.abc import Mapping, Sequence

from onnx import TensorProto

from candidates.export.to_onnx.element_wise import Rule
from candidates.export.to_onnx.graph import BATCH, Graph, Ref, Size, Sizes
from candidates.export.to_onnx.linear import transposed
from candidates.graph.program import Batch


def reshape(graph: Graph, x: Ref, sizes: Sizes) -> Ref:
    """Into sizes of which one may be −1."""
    return graph.add("Reshape", x, graph.sizes(_known(x, sizes)))


def reshape_as(graph: Graph, x: Ref, other: Ref) -> Ref:
    """Into another value's shape."""
    return reshape(graph, x, _following(other.shape))


def flatten(graph: Graph, x: Ref, start: int = 0, end: int = -1) -> Ref:
    """Neighbouring dimensions as one."""
    first, last = x.axis(start), x.axis(end)
    if first == 1 and last == x.rank - 1:
        return graph.add("Flatten", x, axis=1)
    sides = x.shape
    sizes = _following(sides[:first]) + _following([math.prod(sides[first : last + 1])])
    return reshape(graph, x, sizes + _following(sides[last + 1 :]))


def unflatten(graph: Graph, x: Ref, dim: int, sizes: Sizes) -> Ref:
    """One dimension as several."""
    at = x.axis(dim)
    inner = [_length(size) for size in sizes]
    missing = x.shape[at] // max(math.prod(side for side in inner if side > 0), 1)
    several = [missing if side < 0 else side for side in inner]
    return reshape(graph, x, _following([*x.shape[:at], *several, *x.shape[at + 1 :]]))


def permute(graph: Graph, x: Ref, dims: Sequence[int]) -> Ref:
    """Dimensions in another order."""
    return graph.add("Transpose", x, perm=[x.axis(dim) for dim in dims])


def transpose(graph: Graph, x: Ref, a: int, b: int) -> Ref:
    """Two dimensions exchanged."""
    order = list(range(x.rank))
    order[x.axis(a)], order[x.axis(b)] = x.axis(b), x.axis(a)
    return permute(graph, x, order)


def move(graph: Graph, x: Ref, source: Sequence[int] | int, target: Sequence[int] | int) -> Ref:
    """Dimensions taken to other places."""
    taken = [x.axis(dim) for dim in ([source] if isinstance(source, int) else source)]
    places = [x.axis(dim) for dim in ([target] if isinstance(target, int) else target)]
    order = [dim for dim in range(x.rank) if dim not in taken]
    for place, dim in sorted(zip(places, taken, strict=True)):
        order.insert(place, dim)
    return permute(graph, x, order)


def reverse(graph: Graph, x: Ref) -> Ref:
    """All dimensions in the opposite order."""
    return permute(graph, x, list(range(x.rank))[::-1])


def expand(graph: Graph, x: Ref, sizes: Sizes, **_: object) -> Ref:
    """Repeated along dimensions of size 1; −1 leaves a size as it is."""
    if [_length(size) for size in sizes[-x.rank :] or ()] == list(x.shape) == list(sizes):
        return x
    wanted = [1 if size == -1 else size for size in sizes]
    return graph.add("Expand", x, graph.sizes(wanted))


def expand_as(graph: Graph, x: Ref, other: Ref) -> Ref:
    """Repeated to another value's shape."""
    return graph.add("Expand", x, graph.sizes(_following(other.shape)))


def repeat(graph: Graph, x: Ref, repeats: Sizes) -> Ref:
    """So many times along every dimension."""
    if len(repeats) > x.rank:
        x = graph.add("Reshape", x, graph.constant([*[1] * (len(repeats) - x.rank), *x.shape]))
    return graph.add("Tile", x, graph.sizes([*[1] * (x.rank - len(repeats)), *repeats]))


def squeeze(graph: Graph, x: Ref, dims: Sequence[int] | int | None = None) -> Ref:
    """Without the dimensions of size 1, or those of them that are named."""
    named = range(x.rank) if dims is None else [dims] if isinstance(dims, int) else dims
    gone = [x.axis(dim) for dim in named if x.shape[x.axis(dim)] == 1]
    return graph.add("Squeeze", x, graph.constant(gone)) if gone else x


def unsqueeze(graph: Graph, x: Ref, dim: int) -> Ref:
    """With one more dimension."""
    return graph.add("Unsqueeze", x, graph.constant([dim % (x.rank + 1)]))


def pixel_shuffle(graph: Graph, x: Ref, factor: int) -> Ref:
    """Channels as positions."""
    return graph.add("DepthToSpace", x, blocksize=factor, mode="CRD")


def pixel_unshuffle(graph: Graph, x: Ref, factor: int) -> Ref:
    """Positions as channels."""
    channels, height, width = x.shape[1:]
    apart = [-1, channels, height // factor, factor, width // factor, factor]
    turned = permute(graph, reshape(graph, x, apart), [0, 1, 3, 5, 2, 4])
    together = [-1, channels * factor**2, height // factor, width // factor]
    return reshape(graph, turned, together)


def channel_shuffle(graph: Graph, x: Ref, groups: int) -> Ref:
    """Channels of all groups in turns."""
    channels, *sides = x.shape[1:]
    apart = reshape(graph, x, [-1, groups, channels // groups, *sides])
    return reshape(graph, transpose(graph, apart, 1, 2), [-1, channels, *sides])


def maker(value: float) -> Rule:
    """A rule for a tensor full of one number."""

    def rule(graph: Graph, *arguments: object, dtype: str | None = None, **_: object) -> Ref:
        sizes = next(each for each in arguments if isinstance(each, tuple) and not is_ref(each))
        like = next((each for each in arguments if isinstance(each, Ref)), None)
        kind = TensorProto.FLOAT if like is None else like.dtype
        return graph.filled(sizes, value, kind)

    return rule


def like(value: float) -> Rule:
    """A rule for a tensor full of one number, in the shape of another."""

    def rule(graph: Graph, x: Ref, **_: object) -> Ref:
        return graph.filled(_following(x.shape), value, x.dtype)

    return rule


def is_ref(argument: object) -> bool:
    """Whether an argument is a value."""
    return isinstance(argument, Ref)


def _known(x: Ref, sizes: Sizes) -> list[Size]:
    """The sizes with −1 in the place of the one that follows the batch, if there is only one."""
    listed = list(sizes)
    batches = [at for at, size in enumerate(listed) if isinstance(size, Batch)]
    if len(batches) != 1:
        return listed
    if -1 in listed:
        rest = math.prod(_length(size) for size in listed if size != -1)
        listed[listed.index(-1)] = math.prod(x.shape) // rest
    listed[batches[0]] = -1
    return listed


def _length(size: Size) -> int:
    return size.batch * BATCH if isinstance(size, Batch) else size


def _following(sides: Sequence[int]) -> list[Size]:
    """Sides as sizes, of which some follow the batch."""
    return [Batch(batch=side // BATCH) if side and side % BATCH == 0 else side for side in sides]


RULES: Mapping[str, Rule] = {
    "view.default": reshape, "reshape.default": reshape, "_unsafe_view.default": reshape,
    "reshape_as.default": reshape_as, "view_as.default": reshape_as,
    "flatten.using_ints": flatten, "unflatten.int": unflatten, "permute.default": permute,
    "transpose.int": transpose, "swapaxes.default": transpose, "t.default": transposed,
    "mT.default": transposed, "movedim.int": move, "movedim.intlist": move,
    "numpy_T.default": reverse, "expand.default": expand, "broadcast_to.default": expand,
    "expand_as.default": expand_as, "repeat.default": repeat, "tile.default": repeat,
    "squeeze.default": squeeze, "squeeze.dim": squeeze, "squeeze.dims": squeeze,
    "unsqueeze.default": unsqueeze, "pixel_shuffle.default": pixel_shuffle,
    "pixel_unshuffle.default": pixel_unshuffle, "channel_shuffle.default": channel_shuffle,
    "new_ones.default": maker(1), "new_zeros.default": maker(0), "zeros.default": maker(0),
    "ones.default": maker(1), "ones_like.default": like(1), "zeros_like.default": like(0),
    "zero.default": like(0),
}  # fmt: skip
