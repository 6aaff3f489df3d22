"""Rebatch: a program of a fixed number of images as the same program of another number.

An export for a fixed batch has the batch written into the sizes of its views. Each value's shape
is followed for both batches; where a view is asked for sizes, the batch stands where as many
items precede it, in row-major order, as in what is viewed. Where several places fit, they are
tried until all calls run: the caller must check that the result computes the same.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor

from candidates.errors import InvalidProgram
from candidates.graph.program import Argument, Call, Program, ValueOf
from candidates.graph.shapes import Shapes

_VIEWS = {"view": 1, "reshape": 1, "_unsafe_view": 1, "unflatten": 2}
"""Operators that are told the sizes of what they give, and which argument tells them."""
_EXPANDING = {"expand": 1, "broadcast_to": 1}
_REPEATING = {"repeat": 1, "tile": 1}
_MAKERS = {
    "new_zeros": 1, "new_ones": 1, "new_full": 1, "new_empty": 1, "zeros": 0, "ones": 0, "full": 0,
}  # fmt: skip
_TRIES_A_CALL = 20


class Resize(NamedTuple):
    """The size to change: which argument, which item of it, and how large it is by itself."""

    position: int
    item: int
    side: int


Resizes = Mapping[str, Resize]
"""What changes with the batch, by the names of calls."""


def resized(program: Program, resizes: Resizes, old: int, new: int) -> Program:
    """A program of a batch `old` as one of a batch `new`."""
    calls = tuple(_resized(call, resizes.get(call.name), old, new) for call in program.calls)
    return program.model_copy(update={"calls": calls})


class Rebatching:
    """Searches for what changes in a program when its batch does."""

    def __init__(
        self, program: Program, tensors: Mapping[str, Tensor], shape: tuple[int, ...], old: int
    ) -> None:
        """`shape` is that of one image, `old` the program's batch. Raises InvalidProgram."""
        self._program, self._batch = program, old
        self._old = Shapes(tensors, {program.input: (old, *shape)})
        self._tensors, self._shape = tensors, shape
        for call in program.calls:
            self._old.run(call)

    def solutions(self, new: int) -> Iterator[Resizes]:
        """All that run for a batch of `new` images, the likeliest first, as far as they are found
        soon.
        """
        self._new = Shapes(self._tensors, {self._program.input: (new, *self._shape)})
        self._outer: dict[str, int] = {}
        calls, waiting = self._program.calls, list[list[Resize | None]]()
        chosen: list[Resize | None] = []
        for _ in range(_TRIES_A_CALL * len(calls) + 1):
            if len(chosen) == len(calls):
                if self._has_batch(self._program.output):
                    pairs = zip(calls, chosen, strict=True)
                    yield {call.name: resize for call, resize in pairs if resize}
            elif len(waiting) == len(chosen):
                waiting.append(self._options(calls[len(chosen)]))
            while waiting and (len(waiting) <= len(chosen) or not waiting[-1]):
                _step_back(waiting, chosen)
            if not waiting:
                return
            resize = waiting[-1].pop(0)
            if self._runs(calls[len(chosen)], resize, new):
                chosen.append(resize)

    def _runs(self, call: Call, resize: Resize | None, new: int) -> bool:
        try:
            self._new.run(_resized(call, resize, self._batch, new))
            self._remember(call)
        except InvalidProgram:
            return False
        return True

    def _options(self, call: Call) -> list[Resize | None]:
        """Ways to resize a call, the likeliest first."""
        base = call.operator.split(".")[0]
        first = call.arguments[0] if call.arguments else None
        dim = self._dim_of(first)
        if base in _VIEWS and dim is not None:
            return self._places(call, _VIEWS[base], self._items_before(first))
        if base in _EXPANDING and dim is not None:
            sides = self._old.sides(first)
            return [self._resize(call, 1, dim - len(sides), sides[dim])]
        if base in _EXPANDING | _REPEATING and dim is None:
            return self._per_image(call, 1)
        if base in _MAKERS:
            made = self._per_image(call, _MAKERS[base])
            return made if self._batch > 1 else made[::-1]
        return [None]

    def _per_image(self, call: Call, position: int) -> list[Resize | None]:
        """What is made of no image may still be made for each, by the first of its sizes."""
        sizes = call.arguments[position]
        fits = isinstance(sizes, tuple) and sizes[:1] == (self._batch,)
        return [Resize(position, 0, self._batch), None] if fits else [None]

    def _places(self, call: Call, position: int, before: int) -> list[Resize | None]:
        """Where the batch may be in the sizes of a view, when `before` items precede it.

        It rather begins a side than being inside of one, and rather is a side by itself.
        """
        sides = self._old.sides(ValueOf(value=call.name))
        begun, found = 1, []
        for dim, side in enumerate(sides):
            outer = before // begun if begun and before % begun == 0 else 0
            if outer and side % (outer * self._batch) == 0:
                found.append((outer != 1, side != self._batch, dim))
            begun *= side
        first = 0
        if position == 2:
            first = int(str(call.arguments[1])) % len(self._old.sides(call.arguments[0]))
        return [self._resize(call, position, dim - first, sides[dim]) for *_, dim in sorted(found)]

    def _resize(self, call: Call, position: int, index: int, side: int) -> Resize | None:
        """A negative index counts from the end; a size of -1 follows by itself."""
        sizes = call.arguments[position]
        assert isinstance(sizes, tuple)
        index = index % len(sizes) if position == 1 else index
        follows = not 0 <= index < len(sizes) or sizes[index] == -1
        return None if follows else Resize(position, index, side)

    def _has_batch(self, name: str) -> bool:
        return self._dim_of(ValueOf(value=name)) is not None

    def _dim_of(self, argument: Argument) -> int | None:
        """Which dimension of a value has the batch; None if it has none."""
        if not isinstance(argument, ValueOf):
            return None
        old, new = self._old.sides(argument), self._new.sides(argument)
        dims = [dim for dim, sides in enumerate(zip(old, new, strict=False)) if len(set(sides)) > 1]
        if len(dims) > 1 or len(old) != len(new):
            raise InvalidProgram(f"'{argument.value}' has the images in several dimensions.")
        return dims[0] if dims else None

    def _items_before(self, argument: Argument) -> int:
        """How many items precede the batch in a value that has one."""
        assert isinstance(argument, ValueOf)
        dim = self._dim_of(argument)
        return math.prod(self._old.sides(argument)[:dim]) * self._outer.get(argument.value, 1)

    def _remember(self, call: Call) -> None:
        """How many items precede the batch in its own dimension of what a call gives."""
        value, sources = ValueOf(value=call.name), [ValueOf(value=name) for name in call.values()]
        outer = max([self._outer.get(source.value, 1) for source in sources], default=1)
        self._outer[call.name] = outer
        dim, sides = self._dim_of(value), self._old.sides(value)
        if dim is None:
            return
        if (
            call.operator.split(".")[0] in {*_VIEWS, "flatten"}
            and self._dim_of(sources[0]) is not None
        ):
            outer = self._items_before(sources[0]) // max(1, math.prod(sides[:dim]))
        fits = outer > 0 and sides[dim] % (outer * self._batch) == 0
        self._outer[call.name] = outer if fits else 1


def _step_back(waiting: list[list[Resize | None]], chosen: list[Resize | None]) -> None:
    """To the last call that may have been resized otherwise."""
    if len(waiting) > len(chosen):
        waiting.pop()
    if chosen:
        chosen.pop()


def _resized(call: Call, resize: Resize | None, old: int, new: int) -> Call:
    if resize is None:
        return call
    position, index, side = resize
    sizes = call.arguments[position]
    assert isinstance(sizes, tuple)
    changed = (*sizes[:index], side // old * new, *sizes[index + 1 :])
    arguments = (*call.arguments[:position], changed, *call.arguments[position + 1 :])
    return call.model_copy(update={"arguments": arguments})
