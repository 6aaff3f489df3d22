"""Blocks: segments of the chain grouped so that as many weights as possible can shrink."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from candidates.graph.pairs import around_each, disjoint, weighted_in
from candidates.graph.regions import Region
from candidates.graph.widths import AxisWidth, is_weighted

if TYPE_CHECKING:
    from candidates.graph.split import Splitter

MAX_WEIGHTED = 10
"""Most weighted operators in one `block` neighbourhood."""
WORTH = 0.02
"""What one more neighbourhood is worth, as a share of all weights: so much must become shrinkable
before two blocks are joined for it.
"""


class _Segment(NamedTuple):
    """What lies between two cuts."""

    region: Region
    num_weighted: int


class _Group(NamedTuple):
    """Consecutive segments as one neighbourhood, or the regions inside a large segment."""

    regions: list[Region]
    gain: int
    num_useful: int


class _Option(NamedTuple):
    """A last group behind the best that came before it."""

    value: float
    group: _Group | None
    before: _Option | None

    def groups(self) -> list[_Group]:
        """All groups in order."""
        found: list[_Group] = []
        option: _Option | None = self
        while option is not None and option.group is not None:
            found.append(option.group)
            option = option.before
        return found[::-1]


_Options = dict[int, _Option]
"""The best option of every number of neighbourhoods."""


def blocks(splitter: Splitter, count: int | None = None) -> list[Region]:
    """Regions of at most MAX_WEIGHTED weighted operators, in order, those without a width left
    out; of any size when a number is asked for, then `count` of them, or as near as there can be.

    Dynamic programming over the chain for as many weights as possible that can shrink and as many
    groups as possible, weighed by WORTH. A larger segment, such as a dense block, falls into the
    smallest regions around its widths.
    """
    grouping = _Grouping(splitter, _segments(splitter), count)
    return [region for group in grouping.best() for region in group.regions]


def _segments(splitter: Splitter) -> list[_Segment]:
    """What lies between cuts; a segment without a weighted operator joins the one before it."""
    chain = splitter.regions.chain()
    if chain[-1] != splitter.program.output:
        chain.append(splitter.program.output)
    result: list[_Segment] = []
    for after, upto in pairwise(chain):
        region = splitter.regions.between(after, upto)
        assert region is not None
        weighted = sum(is_weighted(splitter.regions.call(name)) for name in region.calls)
        if weighted == 0 and result:
            joined = _joined(result[-1].region, region)
            result[-1] = _Segment(joined, result[-1].num_weighted)
        else:
            result.append(_Segment(region, weighted))
    return result


def _joined(first: Region, last: Region) -> Region:
    return Region(first.input, last.output, first.calls | last.calls)


class _Grouping:
    def __init__(self, splitter: Splitter, segments: Sequence[_Segment], count: int | None) -> None:
        self.splitter = splitter
        self.segments = segments
        self.count = count
        self._spans = self._find_spans()

    def best(self) -> list[_Group]:
        """The groups with the greatest value for all segments, among those of the number asked for
        or nearest to it.
        """
        best: list[_Options] = [{0: _Option(0.0, None, None)}]
        for end in range(1, len(self.segments) + 1):
            options: _Options = {}
            for start in range(end - 1, -1, -1):
                if not self._may_join(start, end):
                    break
                self._add(options, best[start], self._group(start, end))
            best.append(options)
        last = best[-1]
        return last[min(last, key=lambda number: abs(number - (self.count or number)))].groups()

    def _add(self, options: _Options, before: _Options, group: _Group) -> None:
        """Keep the best option of every number of neighbourhoods, or the best of all."""
        worth = WORTH * sum(self.splitter.num_weights.values())
        for number, option in before.items():
            value = option.value + group.gain + worth * group.num_useful
            key = min(number + group.num_useful, 2 * self.count) if self.count else 0
            if key not in options or value > options[key].value:
                options[key] = _Option(value, group, option)

    def _may_join(self, start: int, end: int) -> bool:
        if end - start == 1 or self.count:
            return True
        counts = [segment.num_weighted for segment in self.segments[start:end]]
        return sum(counts) <= MAX_WEIGHTED

    def _group(self, start: int, end: int) -> _Group:
        spans = self._spans.items()
        inside = (found for (low, high), found in spans if start <= low and high < end)
        widths = [width for found in inside for width in found]
        region = self.segments[start].region
        for segment in self.segments[start + 1 : end]:
            region = _joined(region, segment.region)
        if self.segments[start].num_weighted > MAX_WEIGHTED:
            inner = self._inner(widths)
            kept = [width for each in inner for width in self.splitter.inside(each)]
            return _Group(inner, self._weights(kept), len(inner))
        return _Group([region] if widths else [], self._weights(widths), bool(widths))

    def _inner(self, widths: Sequence[AxisWidth]) -> list[Region]:
        """Disjoint regions of a segment, those first in which most weights can shrink."""
        found = around_each(self.splitter, widths)
        small = [each for each in found if len(weighted_in(self.splitter, each)) <= MAX_WEIGHTED]
        gains = {each: self._weights(self.splitter.inside(each)) for each in small}
        return disjoint(self.splitter, sorted(small, key=lambda each: -gains[each]))

    def _weights(self, widths: Sequence[AxisWidth]) -> int:
        """Without biases and norms, which would make a longer group look better than two, and
        without mixed widths, which shrink less well than they count.
        """
        tensors = {name for width in widths if not width.mixed for name in width.tensors}
        return sum(self.splitter.num_weights.get(name, 0) for name in tensors)

    def _find_spans(self) -> dict[tuple[int, int], list[AxisWidth]]:
        """The widths by the first and the last segment that they touch."""
        place = {
            name: index
            for index, segment in enumerate(self.segments)
            for name in segment.region.calls
        }
        spans: dict[tuple[int, int], list[AxisWidth]] = {}
        for width in self.splitter.widths:
            if all(name in place for name in width.calls):
                touched = [place[name] for name in width.calls]
                spans.setdefault((min(touched), max(touched)), []).append(width)
        return spans
