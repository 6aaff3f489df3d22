"""Split: cut a teacher into neighbourhoods, and say what was left out and why."""

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, fx

from candidates.errors import UnsplittableTeacher
from candidates.graph import INPUT, Graph, calls
from candidates.neighbourhood import LeftOut, Neighbourhood, Split, Width
from candidates.widths import LINEAR, find_widths

MAX_LINEAR = 10
"""Most weighted operators in one `block` neighbourhood."""


def split(graph: Graph) -> Split:
    """Neighbourhoods at `block` granularity; UnsplittableTeacher if none has a width.

    A segment between two cuts that has a width of its own, such as a residual block, is a
    neighbourhood. Runs of the others, such as plain convolutions, are grouped by dynamic
    programming so that as many weights as possible can shrink, then into as many groups.
    """
    groups = _best_groups(graph, _segments(graph))
    kept = [group for group in groups if group.widths]
    if not kept:
        raise UnsplittableTeacher(
            "The teacher has no inner width that could shrink without changing the shape of a "
            "neighbourhood's input or output."
        )
    neighbourhoods = tuple(_neighbourhood(graph, index, group) for index, group in enumerate(kept))
    total = _num_parameters(graph, list(calls(graph.nodes)))
    return Split(
        neighbourhoods=neighbourhoods,
        left_out=tuple(_left_out(graph, groups)),
        coverage=sum(part.num_parameters for part in neighbourhoods) / total,
        shrinkable=sum(group.shrinkable for group in kept) / total,
    )


class _Segment(NamedTuple):
    after: str
    upto: str
    num_linear: int


class _Group(NamedTuple):
    after: str
    upto: str
    widths: tuple[Width, ...]
    shrinkable: int


def _segments(graph: Graph) -> list[_Segment]:
    """What lies between cuts; a segment without a linear operator joins the one before it."""
    result: list[_Segment] = []
    for after, upto in pairwise([INPUT, *graph.cuts()]):
        count = sum(_is_weighted(graph, node) for node in graph.between(after, upto))
        if count == 0 and result:
            result[-1] = result[-1]._replace(upto=upto)
        else:
            result.append(_Segment(after, upto, count))
    return result


def _is_weighted(graph: Graph, node: fx.Node) -> bool:
    return isinstance(graph.module_of(node), LINEAR)


def _best_groups(graph: Graph, segments: list[_Segment]) -> list[_Group]:
    """best[j] is the most (shrinkable weights, groups with a width) for the first j segments."""
    best: list[tuple[tuple[int, int], list[_Group]]] = [((0, 0), [])]
    for end in range(1, len(segments) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            run = segments[start:end]
            if not _may_join(graph, run):
                break
            group = _group(graph, run)
            value, groups = best[start]
            gain = (value[0] + group.shrinkable, value[1] + bool(group.widths))
            options.append((gain, [*groups, group]))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


def _may_join(graph: Graph, run: list[_Segment]) -> bool:
    if len(run) == 1:
        return True
    fits = sum(segment.num_linear for segment in run) <= MAX_LINEAR
    return fits and not any(_group(graph, [segment]).widths for segment in run)


def _group(graph: Graph, run: list[_Segment]) -> _Group:
    after, upto = run[0].after, run[-1].upto
    widths = find_widths(graph, graph.between(after, upto))
    touched = {module for width in widths for module in (*width.producers, *width.consumers)}
    return _Group(after, upto, widths, sum(_num_weights(graph, module) for module in touched))


def _neighbourhood(graph: Graph, index: int, group: _Group) -> Neighbourhood:
    modules = tuple(calls(graph.between(group.after, group.upto)))
    return Neighbourhood(
        name=_common_name(group.widths),
        index=index,
        input=group.after,
        output=group.upto,
        modules=modules,
        widths=group.widths,
        num_parameters=_num_parameters(graph, list(modules)),
    )


def _common_name(widths: tuple[Width, ...]) -> str:
    """The module path that all touched modules share, or the first and the last of them."""
    touched = [name for width in widths for name in (*width.producers, *width.consumers)]
    first, *rest = [name.split(".")[:-1] for name in touched]
    if first and all(parts == first for parts in rest) and _is_whole_block(first, touched):
        return ".".join(first)
    return f"{touched[0]}…{touched[-1]}"


def _is_whole_block(path: list[str], touched: list[str]) -> bool:
    """A block's modules have names of their own; those of a plain chain are just numbered."""
    return not all(name.split(".")[len(path)].isdigit() for name in touched)


def _left_out(graph: Graph, groups: list[_Group]) -> list[LeftOut]:
    result = []
    for group in groups:
        if group.widths:
            continue
        for module in calls(graph.between(group.after, group.upto)):
            if count := _num_parameters(graph, [module]):
                reason = "It has no inner width: both its input and its output shape are fixed."
                result.append(LeftOut(module=module, num_parameters=count, reason=reason))
    return result


def _num_weights(graph: Graph, module: str) -> int:
    """Without biases and norms, which would make a longer group look better than two."""
    weight = graph.network.get_submodule(module).weight
    assert isinstance(weight, Tensor)
    return weight.numel()


def _num_parameters(graph: Graph, modules: list[str]) -> int:
    return sum(
        parameter.numel()
        for module in modules
        for parameter in graph.network.get_submodule(module).parameters()
    )
