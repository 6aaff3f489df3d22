"""Program: a network as a list of calls of pure operators, which any machine with torch can run.

Nothing in it is code: an operator is a name from the list of `candidates.graph.operators`, an
argument a number, a name or a list of these. So a file that holds a program and its tensors is a
whole network, and reading one runs nothing that its sender wrote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field
from typing_extensions import TypeAliasType

from candidates.errors import InvalidProgram
from candidates.graph.operators import OPERATORS
from candidates.value import Value

MAX_CALLS = 50_000
Name = Annotated[str, Field(min_length=1, max_length=1000)]


class ValueOf(Value):
    """What the program's input or an earlier call gave."""

    value: Name


class TensorOf(Value):
    """A parameter or a buffer, by its name in the checkpoint."""

    tensor: Name


class Batch(Value):
    """A size that grows with the batch: `batch` times the number of images."""

    batch: Annotated[int, Field(ge=1)]


class Training(Value):
    """True while the network trains, False while it predicts: for BatchNorm and dropout."""

    training: Literal[True] = True


class Constant(Value):
    """What JSON has no word for: a dtype, a memory format, an infinity.

    `candidates.graph.network` knows the names.
    """

    constant: Name


Argument = TypeAliasType(
    "Argument",
    "ValueOf | TensorOf | Batch | Training | Constant | bool | int | float | str"
    " | tuple[Argument, ...] | None",
)


class Call(Value):
    """One operator applied to its arguments, positional as far as the trace had them so.

    `scope` is the path of the module in whose forward it was called; "" for the network's own.
    """

    name: Name
    operator: Name
    arguments: tuple[Argument, ...]
    keywords: dict[str, Argument] = Field(default={})
    scope: str = ""

    def values(self) -> list[str]:
        """Names of the values that it reads, each once, in order."""
        return list(self.reads[0])

    def tensors(self) -> list[str]:
        """Names of the parameters and buffers that it reads, each once, in order."""
        return list(self.reads[1])

    @cached_property
    def reads(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Values and tensors; found once, since students are made of the same few calls."""
        parts = list(_flat((*self.arguments, *self.keywords.values())))
        values = dict.fromkeys(each.value for each in parts if type(each) is ValueOf)
        return tuple(values), tuple(
            dict.fromkeys(each.tensor for each in parts if type(each) is TensorOf)
        )

    def rewired(self, values: Mapping[str, Argument]) -> "Call":
        """The same call reading other arguments in the place of some values."""

        def replace(argument: Argument) -> Argument:
            if isinstance(argument, ValueOf):
                return values.get(argument.value, argument)
            return tuple(map(replace, argument)) if isinstance(argument, tuple) else argument

        changed = {
            "arguments": tuple(map(replace, self.arguments)),
            "keywords": {key: replace(value) for key, value in self.keywords.items()},
        }
        return self.model_copy(update=changed)

    def __copy__(self) -> Self:
        """Without `reads`: the copy may be about to read something else."""
        copied = super().__copy__()
        copied.__dict__.pop("reads", None)
        return copied


class Program(Value):
    """Calls in the order in which they run, from the value named `input` to that named `output`.

    `buffers` names the tensors that no optimiser may change. A program whose output is its input
    is empty and passes it through.
    """

    input: Name
    calls: Annotated[tuple[Call, ...], Field(max_length=MAX_CALLS)]
    output: Name
    buffers: tuple[Name, ...] = ()

    def check(self) -> None:
        """Raises InvalidProgram naming the first call that cannot be run as it stands."""
        known = {self.input}
        for call in self.calls:
            if call.operator not in OPERATORS:
                raise InvalidProgram(
                    f"Call '{call.name}' uses the operator '{call.operator}', which is not on the "
                    "list of operators that may run."
                )
            if call.name in known:
                raise InvalidProgram(f"Two calls are named '{call.name}'.")
            for value in call.values():
                if value not in known:
                    raise InvalidProgram(
                        f"Call '{call.name}' reads '{value}', which no earlier call gives."
                    )
            known.add(call.name)
        if self.output not in known:
            raise InvalidProgram(f"The output '{self.output}' is given by no call.")

    def tensors(self) -> list[str]:
        """Names of all parameters and buffers, each once: those that are read, in order, and the
        counters that BatchNorms keep beside them.
        """
        read = dict.fromkeys(name for call in self.calls for name in call.tensors())
        return [*read, *(name for name in self.buffers if name not in read)]

    def users(self) -> dict[str, list[Call]]:
        """For every value, the calls that read it, in order."""
        result: dict[str, list[Call]] = {name: [] for name in self.names()}
        for call in self.calls:
            for value in call.values():
                result[value].append(call)
        return result

    def names(self) -> list[str]:
        """Names of all values, the input first."""
        return [self.input, *(call.name for call in self.calls)]

    def part(self, after: str, upto: str) -> "Program":
        """What computes the value `upto` from the value `after` and nothing else of the input.

        Raises ValueError when it needs another value as well.
        """
        needed = _between({call.name: call.values() for call in self.calls}, after, upto)
        kept = tuple(call for call in self.calls if call.name in needed)
        return self._with(input=after, calls=kept, output=upto)

    def replaced(self, parts: Sequence["Program"]) -> "Program":
        """A program with other parts in the place of some: each computes its output's value, under
        the name that it had, from its input's.

        What nobody reads any more falls away. Raises InvalidProgram when a name that a part brings
        is taken, and ValueError when a part's ends do not enclose a part of this program.
        """
        by_output = {part.output: part for part in parts}
        gone = self._owned(parts)
        shared = {call.name: call for call in self.calls if call.name not in gone}
        calls: list[Call] = []
        for call in self.calls:
            if call.name in by_output:
                new = by_output[call.name].calls
                calls += (each for each in new if shared.get(each.name) != each)
            elif call.name not in gone:
                calls.append(call)
        buffers = {*self.buffers, *(name for part in parts for name in part.buffers)}
        alive = tuple(_alive(calls, self.output))
        result = self._with(calls=alive, buffers=tuple(sorted(buffers)))
        result.check()
        return result

    def _owned(self, parts: Iterable["Program"]) -> set[str]:
        """The calls between the parts' ends that nothing outside of the same part reads."""
        reads = {call.name: call.values() for call in self.calls}
        place = {name: index for index, name in enumerate(reads)}
        users: dict[str, list[str]] = {name: [] for name in self.names()}
        for reader, values in reads.items():
            for value in values:
                users[value].append(reader)
        result: set[str] = set()
        for part in parts:
            owned: set[str] = set()
            names = _between(reads, part.input, part.output)
            for name in sorted(names, key=place.__getitem__, reverse=True):
                if name == part.output or owned.issuperset(users[name]):
                    owned.add(name)
            result |= owned
        return result

    def _with(self, **changes: object) -> "Program":
        changed = self.model_copy(update=changes)
        read = {name for call in changed.calls for name in call.tensors()}
        kept = tuple(name for name in changed.buffers if name in read or _sibling(name) in read)
        return changed.model_copy(update={"buffers": kept})


def _flat(arguments: Iterable[Argument]) -> Iterator[Argument]:
    """What tuples hold, in order, in their place."""
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from _flat(argument)
        else:
            yield argument


def _between(reads: Mapping[str, Sequence[str]], after: str, upto: str) -> set[str]:
    """The calls that a value depends on, down to another; ValueError if it needs a third.

    `reads` are the names of the values that every call reads.
    """
    needed: set[str] = set()
    waiting = [upto]
    while waiting:
        name = waiting.pop()
        if name == after or name in needed:
            continue
        if name not in reads:
            raise ValueError(f"'{upto}' does not depend on '{after}' alone.")
        needed.add(name)
        waiting += reads[name]
    return needed


def _alive(calls: Iterable[Call], output: str) -> list[Call]:
    """The calls that the output depends on, in order."""
    needed: set[str] = {output}
    kept: list[Call] = []
    for call in reversed(list(calls)):
        if call.name in needed:
            kept.append(call)
            needed.update(call.values())
    return kept[::-1]


def _sibling(name: str) -> str:
    """The statistics beside BatchNorm's counter, which no call reads itself."""
    return name.replace("num_batches_tracked", "running_mean")
