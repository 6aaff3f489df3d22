"""Peak: how much memory a network's activations take at most, found without computing any.

Values are counted as `Network.values` keeps them: from the call that gives a value to the last one
that reads it, tensors that share memory once, parameters and buffers not at all. What an operator
needs for itself while it runs is not known and not counted.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from candidates.graph.network import Network
from candidates.graph.program import Program

Storages = Mapping[int, int]
"""Pieces of memory, each with its size in bytes."""


class Beside(NamedTuple):
    """What a network keeps while one of its parts runs: so many bytes, and perhaps the part's
    input, because somebody else reads it later.
    """

    num_bytes: int = 0
    holds_input: bool = False


ALONE = Beside()


class Occupancy:
    """Which values of a network are alive when, for one image."""

    def __init__(self, network: Network, example: Tensor) -> None:
        """`example` [1, …] is of any device and its values do not matter."""
        self._program = network.program
        self._names = network.program.names()
        self._last = _last_reads(network.program)
        self._storages = _storages(network, example)

    def peak(self, outside: Collection[str] = (), beside: Beside = ALONE) -> int:
        """The most bytes alive at once, without the calls that are `outside` of interest."""
        last = dict(self._last)
        if beside.holds_input:
            last[self._program.input] = len(self._names)
        moments = zip(self._names, self._alive(last), strict=True)
        return beside.num_bytes + max(size for name, size in moments if name not in outside)

    def beside(self, part: Program) -> Beside:
        """What is alive beside a part of this program, whose own calls follow each other."""
        inside = {call.name for call in part.calls}
        start = end = self._names.index(part.output)
        while self._names[start - 1] in inside:
            start -= 1
        others = [name for name in self._names[:start] if name not in inside]
        kept = self._union(name for name in others if self._last[name] > end)
        entering = self._storages[part.input]
        num_bytes = sum(size for key, size in kept.items() if key not in entering)
        return Beside(num_bytes, holds_input=not kept.keys().isdisjoint(entering))

    def _alive(self, last: Mapping[str, int]) -> Iterator[int]:
        """The bytes alive while each call runs, those that it reads and gives included."""
        readers: Counter[int] = Counter()
        total = 0
        ends = _by_end(last)
        for at, name in enumerate(self._names):
            new = {key: size for key, size in self._storages[name].items() if not readers[key]}
            total += sum(new.values())
            readers.update(self._storages[name].keys())
            yield total
            for key, size in (item for each in ends[at] for item in self._storages[each].items()):
                readers[key] -= 1
                total -= 0 if readers[key] else size

    def _union(self, names: Iterable[str]) -> Storages:
        return {key: size for name in names for key, size in self._storages[name].items()}


def _by_end(last: Mapping[str, int]) -> dict[int, list[str]]:
    result: dict[int, list[str]] = defaultdict(list)
    for name, at in last.items():
        result[at].append(name)
    return result


def _last_reads(program: Program) -> dict[str, int]:
    """For every value the place of the last call that reads it, counted from the input at 0."""
    result = {program.input: 0}
    for at, call in enumerate(program.calls, 1):
        result[call.name] = at
        result.update(dict.fromkeys(call.values(), at))
    return result | {program.output: len(program.calls) + 1}


def _storages(network: Network, example: Tensor) -> dict[str, Storages]:
    """Of every value; all of them are held, so that no two get the same name."""
    program, network = network.program, network.on_meta()
    weights = {_key(tensor) for tensor in network.tensors().values()}
    seen: dict[str, Any] = {program.input: example.to("meta")}
    with torch.no_grad():
        network.values(seen[program.input], [program.output], seen.__setitem__)
    return {
        name: {
            _key(tensor): tensor.untyped_storage().nbytes()
            for tensor in _tensors(value)
            if _key(tensor) not in weights
        }
        for name, value in seen.items()
    }


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _tensors(value: Any) -> Sequence[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [each for each in value if isinstance(each, Tensor)] if _is_list(value) else []


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
