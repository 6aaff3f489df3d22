"""Mazes: random programs of operators that shape, cut and join tensors of their own indices."""

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from candidates.graph.axes import leaves, size_of
from candidates.graph.choice import kept_indices
from candidates.graph.follow import follow
from candidates.graph.narrow import narrow
from candidates.graph.network import Network
from candidates.graph.program import Call, Program, TensorOf, ValueOf

MAX_ITEMS = 600


class Maze:
    """A program that grows by operators on a few tensors whose items all differ."""

    def __init__(self, shape: list[int]) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.calls: list[Call] = []
        self.values: dict[str, Tensor] = {}
        self.source(shape)

    def source(self, shape: list[int]) -> str:
        name = f"tensor{len(self.tensors)}"
        first = 1000.0 * len(self.tensors)
        self.tensors[name] = torch.arange(first, first + math.prod(shape)).reshape(shape)
        return self.call("alias.default", TensorOf(tensor=name))

    def call(self, operator: str, *arguments: object) -> str:
        name = f"value{len(self.calls)}"
        given = tuple(tuple(each) if isinstance(each, list) else each for each in arguments)
        self.calls.append(Call(name=name, operator=operator, arguments=given))
        (result,) = Network(self._program(), self.tensors).eval().values(torch.zeros(1, 1), [name])
        if isinstance(result, Tensor):
            self.values[name] = result.detach()
        return name

    def _program(self) -> Program:
        ends = Call(name="end", operator="relu.default", arguments=(ValueOf(value="input"),))
        return Program(input="input", calls=(*self.calls, ends), output="end")

    def check(self, draw) -> None:
        """Every value shrinks to what its terms say that remains."""
        program = self._program()
        axes = follow(program, self.tensors, (251, 1))
        terms = [term for name in self.tensors for term in axes.tensors[name]]
        free = dict.fromkeys(leaf for term in terms for leaf in leaves(term) if not leaf.fixed)
        choice = {
            leaf: sorted(draw(st.sets(st.integers(0, leaf.size - 1), min_size=1)))
            for leaf in free
            if leaf.size > 1
        }
        narrowed = narrow(program, self.tensors, axes, choice)
        for name, value in self.values.items():
            (found,) = narrowed.values(torch.zeros(1, 1), [name])
            wanted = value
            for dim, term in enumerate(axes.value(name)):
                assert size_of(term) == value.shape[dim]
                wanted = wanted.index_select(dim, torch.tensor(kept_indices(term, choice)))
            assert torch.equal(found, wanted), (program, choice, name)


def divided(draw, size: int) -> list[int]:
    sizes = []
    while size > 1:
        part = draw(st.sampled_from([each for each in range(2, size + 1) if size % each == 0]))
        sizes.append(part)
        size //= part
    return draw(st.permutations(sizes))


def of_value(name: str) -> ValueOf:
    return ValueOf(value=name)


def view(maze, draw, name, shape):
    sizes = divided(draw, math.prod(shape))
    if draw(st.booleans()):
        sizes.insert(draw(st.integers(0, len(sizes))), 1)
    maze.call("reshape.default", of_value(name), sizes)


def permute(maze, draw, name, shape):
    order = draw(st.permutations(range(len(shape))))
    maze.call("permute.default", of_value(name), order)


def flatten(maze, draw, name, shape):
    first = draw(st.integers(0, len(shape) - 1))
    maze.call("flatten.using_ints", of_value(name), first, draw(st.integers(first, len(shape) - 1)))


def unflatten(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    maze.call("unflatten.int", of_value(name), dim, divided(draw, shape[dim]) or [1])


def cut(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    start = draw(st.integers(0, shape[dim] - 1))
    stop = draw(st.integers(start + 1, shape[dim]))
    step = draw(st.sampled_from([1, 1, 1, 2]))
    maze.call("slice.Tensor", of_value(name), dim, start, stop, step)


def narrowed(maze, draw, name, shape):
    dim = draw(st.integers(-len(shape), -1))
    length = draw(st.integers(1, shape[dim]))
    start = draw(st.integers(0, shape[dim] - length))
    maze.call("narrow.default", of_value(name), dim, start, length)


def split(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    size = draw(st.integers(1, shape[dim]))
    kind = draw(st.sampled_from(["split.Tensor", "chunk.default"]))
    pieces = maze.call(kind, of_value(name), size, dim)
    maze.call("getitem", of_value(pieces), 0)


def concatenate(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    other = draw(st.sampled_from(["itself", "new", "known"]))
    if other == "new":
        side = draw(st.integers(1, 4))
        second = maze.source([*shape[:dim], side, *shape[dim + 1 :]])
    else:
        names = [
            each
            for each, value in maze.values.items()
            if value.dim() == len(shape)
            and all(
                a == b for d, (a, b) in enumerate(zip(shape, value.shape, strict=True)) if d != dim
            )
        ]
        second = draw(st.sampled_from(names)) if other == "known" else name
    maze.call("cat.default", (of_value(name), of_value(second)), dim)


def stack(maze, draw, name, shape):
    dim = draw(st.integers(-len(shape) - 1, len(shape)))
    maze.call("stack.default", (of_value(name), of_value(name)), dim)


def add(maze, draw, name, shape):
    names = [each for each, value in maze.values.items() if value.shape == shape]
    second = draw(st.sampled_from(names)) if draw(st.booleans()) else maze.source(list(shape))
    maze.call("add.Tensor", of_value(name), of_value(second))


def copy(maze, draw, name, shape):
    kind = draw(st.sampled_from(["repeat.default", "tile.default"]))
    maze.call(kind, of_value(name), [draw(st.integers(1, 2)) for _ in shape])


def expand(maze, draw, name, shape):
    sizes = [3 if size == 1 and draw(st.booleans()) else size for size in shape]
    maze.call("expand.default", of_value(name), [draw(st.integers(1, 2)), *sizes])


def copy_each(maze, draw, name, shape):
    dim = draw(st.one_of(st.none(), st.integers(0, len(shape) - 1)))
    maze.call("repeat_interleave.self_int", of_value(name), 2, dim)


def pad(maze, draw, name, shape):
    amounts = [draw(st.sampled_from([0, 0, 1, 2])) for _ in range(2 * len(shape))]
    maze.call("constant_pad_nd.default", of_value(name), amounts, 7.0)


def squeeze(maze, draw, name, shape):
    if draw(st.booleans()):
        maze.call("squeeze.default", of_value(name))
    else:
        maze.call("squeeze.dim", of_value(name), draw(st.integers(0, len(shape) - 1)))


def unsqueeze(maze, draw, name, shape):
    maze.call("unsqueeze.default", of_value(name), draw(st.integers(-len(shape) - 1, len(shape))))


def roll(maze, draw, name, shape):
    dims = draw(st.sampled_from([[], [0]]))
    maze.call("roll.default", of_value(name), [1], dims)


def select(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    if len(shape) > 1:
        maze.call("select.int", of_value(name), dim, draw(st.integers(0, shape[dim] - 1)))


def shuffle(maze, draw, name, shape):
    groups = [each for each in range(1, 5) if len(shape) > 2 and shape[1] % each == 0]
    if groups:
        maze.call("channel_shuffle.default", of_value(name), draw(st.sampled_from(groups)))


def move(maze, draw, name, shape):
    dims = st.integers(-len(shape), len(shape) - 1)
    maze.call("movedim.int", of_value(name), draw(dims), draw(dims))


def overwrite(maze, draw, name, shape):
    dim = draw(st.integers(0, len(shape) - 1))
    start = draw(st.integers(0, shape[dim] - 1))
    stop = draw(st.integers(start + 1, shape[dim]))
    other = maze.source([*shape[:dim], stop - start, *shape[dim + 1 :]])
    maze.call("slice_scatter.default", of_value(name), of_value(other), dim, start, stop)


STEPS = [
    view, view, view, permute, permute, flatten, unflatten, cut, cut, narrowed, split, concatenate,
    concatenate, stack, add, add, copy, expand, copy_each, pad, squeeze, unsqueeze, roll, select,
    shuffle, move, overwrite,
]  # fmt: skip
