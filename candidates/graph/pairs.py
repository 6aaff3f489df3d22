"""Pairs and layers: the smallest regions that are worth replacing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from candidates.graph.regions import Region
from candidates.graph.widths import AxisWidth, is_weighted

if TYPE_CHECKING:
    from candidates.graph.split import Splitter


def pairs(splitter: Splitter) -> list[Region]:
    """The smallest regions around single widths, disjoint, the smallest first; by output."""
    place = splitter.regions.order
    found = around_each(splitter, splitter.widths)
    return disjoint(splitter, sorted(found, key=lambda each: (len(each.calls), place[each.output])))


def around_each(splitter: Splitter, widths: Sequence[AxisWidth]) -> list[Region]:
    """The smallest region around every width, each once; where it ends within the program."""
    regions = (splitter.regions.around(width.calls) for width in widths)
    return list(dict.fromkeys(region for region in regions if region is not None))


def disjoint(splitter: Splitter, regions: Sequence[Region]) -> list[Region]:
    """Regions that share nothing, earlier ones preferred; by output."""
    moving, place = splitter.regions.moving, splitter.regions.order
    taken: set[str] = set()
    result = []
    for region in regions:
        own = region.calls & moving.keys()
        if not own & taken:
            taken |= own
            result.append(region)
    return sorted(result, key=lambda each: place[each.output])


def layers(splitter: Splitter) -> list[Region]:
    """One weighted operator a region, with what follows it without weights of its own."""
    result = []
    for call in splitter.program.calls:
        if not is_weighted(call) or call.name not in splitter.regions.moving:
            continue
        region = splitter.regions.around([call.name])
        if region is not None and len(weighted_in(splitter, region)) == 1:
            result.append(_extended(splitter, region))
    return disjoint(splitter, result)


def _extended(splitter: Splitter, region: Region) -> Region:
    """With the calls behind it that nothing else feeds, up to the next weighted operator, as far
    as the output is a batch of images.
    """
    longest = region
    while True:
        users = splitter.regions.users[region.output]
        if len(users) != 1 or is_weighted(users[0]):
            return longest
        longer = splitter.regions.between(region.input, users[0].name)
        if longer is None or len(weighted_in(splitter, longer)) > 1:
            return longest
        region = longer
        longest = region if splitter.regions.is_batched(region.output) else longest


def weighted_in(splitter: Splitter, region: Region) -> list[str]:
    """Names of the weighted calls of a region."""
    return [name for name in region.calls if is_weighted(splitter.regions.call(name))]
