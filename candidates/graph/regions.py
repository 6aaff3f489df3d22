"""Regions: the parts of a program with one entry and one exit."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

import networkx

from candidates.graph.axes import Leaf, resolved
from candidates.graph.follow import Axes
from candidates.graph.program import Call, Program


@dataclass(frozen=True)
class Region:
    """What lies after the value `input` up to and including the value `output`.

    `calls` has all names of calls inside, those that depend on no image among them.
    """

    input: str
    output: str
    calls: frozenset[str]


class Regions:
    """Finds the regions of one program."""

    def __init__(self, program: Program, axes: Axes) -> None:
        self.program = program
        self.users = program.users()
        self.order = {name: place for place, name in enumerate(program.names())}
        self._calls = {call.name: call for call in program.calls}
        self._axes = axes
        self.moving = self._moving()

    def chain(self) -> list[str]:
        """The cuts, the input first and the output last: values after which no other that depends
        on the images is alive, and whose first dimension is the images.
        """
        last = {name: self._last_use(name) for name in self.moving}
        cuts, reach = [], -1
        for name in self.program.names():
            if name not in self.moving:
                continue
            if reach <= self.order[name] and self.is_batched(name):
                cuts.append(name)
            reach = max(reach, last[name])
        return cuts

    def between(self, after: str, upto: str) -> Region | None:
        """The region from one value to another; None where more goes in or out."""
        try:
            calls = self.program.part(after, upto).calls
        except ValueError:
            return None
        names = frozenset(call.name for call in calls)
        if after != upto and after not in {value for call in calls for value in call.values()}:
            return None
        for name in names - {upto}:
            if name in self.moving and any(user.name not in names for user in self.users[name]):
                return None
        return Region(after, upto, names)

    def around(self, calls: Collection[str]) -> Region | None:
        """The smallest region with all these calls inside whose ends are batches of images; None
        if there is none within the program.
        """
        inside = {name for name in calls if name in self.moving}
        while inside:
            entry, leave = self._entry(inside), self._common(self._post_dominators, inside)
            if entry is None or leave is None:
                return None
            region = self.between(entry, leave)
            batched = self.is_batched(entry) and self.is_batched(leave)
            if region is not None and batched and region.calls >= set(calls):
                return region
            grown = inside | {leave} | self._paths(entry, leave)
            if grown == inside:
                further = (
                    entry if self.is_batched(leave) else self._post_dominators.get(leave, leave)
                )
                grown = inside | {further}
            if grown == inside:
                return None
            inside = grown
        return None

    def of_scope(self, path: str) -> set[str]:
        """The moving calls made in the forward of a module or below it."""
        return {
            call.name
            for call in self.program.calls
            if call.name in self.moving
            and (call.scope == path or call.scope.startswith(path + "."))
        }

    def is_batched(self, name: str) -> bool:
        """Whether a value is one tensor whose first dimension is the images."""
        terms = self._axes.values[name]
        if isinstance(terms, list) or not terms:
            return False
        first = resolved(terms[0])
        return isinstance(first, Leaf) and first.is_batch

    def call(self, name: str) -> Call:
        """The call of a name."""
        return self._calls[name]

    def _entry(self, inside: Collection[str]) -> str | None:
        """The nearest value outside that everything inside depends on."""
        entry = self._common(self._dominators, inside)
        while entry is not None and entry in inside:
            parent = self._dominators.get(entry)  # networkx names none for the first
            entry = parent if parent != entry else None
        return entry

    def _paths(self, entry: str, leave: str) -> set[str]:
        after: set[str] = networkx.descendants(self._graph, entry)
        before: set[str] = networkx.ancestors(self._graph, leave)
        return after & (before | {leave})

    def _common(self, parents: dict[str, str], names: Iterable[str]) -> str | None:
        """The nearest common ancestor in a dominator tree, one of the names itself if it is."""
        found: list[str] | None = None
        for name in names:
            path = _ancestors(parents, name)
            if found is None:
                found = path
            else:
                known = set(path)
                found = [ancestor for ancestor in found if ancestor in known]
        return found[0] if found else None

    @cached_property
    def _graph(self) -> "networkx.DiGraph[str]":
        graph: networkx.DiGraph[str] = networkx.DiGraph()
        for name in self.moving:
            for user in self.users[name]:
                graph.add_edge(name, user.name)
        return graph

    @cached_property
    def _dominators(self) -> dict[str, str]:
        return dict(networkx.immediate_dominators(self._graph, self.program.input))

    @cached_property
    def _post_dominators(self) -> dict[str, str]:
        backwards = self._graph.reverse()
        return dict(networkx.immediate_dominators(backwards, self.program.output))

    def _moving(self) -> dict[str, None]:
        """The values that depend on the images and that the output depends on, in order."""
        moving = {self.program.input: None}
        for call in self.program.calls:
            if any(value in moving for value in call.values()):
                moving[call.name] = None
        return moving

    def _last_use(self, name: str) -> int:
        """The place of the last call that reads a value; the output is read after all."""
        if name == self.program.output:
            return len(self.order)
        return max((self.order[user.name] for user in self.users[name]), default=0)


def _ancestors(parents: dict[str, str], name: str) -> list[str]:
    result = [name]
    while name in parents and parents[name] != name:
        name = parents[name]
        result.append(name)
    return result
