"""Pairs and layers: the smallest regions that are worth replacing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from candidates.regions import Region
from candidates.widths import AxisWidth, is_weighted

if TYPE_CHECKING:
    from candidates.split import Splitter


def pairs(splitter: Splitter, widths: Sequence[AxisWidth]) -> list[Region]:
    """The smallest regions around single widths, disjoint, smaller ones first; by output."""
    found = {region for width in widths if (region := splitter.regions.around(width.calls))}
    moving = splitter.regions.moving
    place = splitter.regions.order
    taken: set[str] = set()
    result = []
    for region in sorted(found, key=lambda each: (len(each.calls), place[each.output])):
        own = region.calls & moving.keys()
        if not own & taken and region.calls < set(place):
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
        if region is not None and len(_weighted(splitter, region)) == 1:
            result.append(_extended(splitter, region))
    return result


def _extended(splitter: Splitter, region: Region) -> Region:
    """With the calls behind it that nothing else feeds, up to the next weighted operator."""
    while True:
        users = splitter.regions.users[region.output]
        if len(users) != 1 or is_weighted(users[0]):
            return region
        longer = splitter.regions.between(region.input, users[0].name)
        if longer is None or len(_weighted(splitter, longer)) > 1:
            return region
        region = longer


def _weighted(splitter: Splitter, region: Region) -> list[str]:
    return [name for name in region.calls if is_weighted(splitter.regions.call(name))]
