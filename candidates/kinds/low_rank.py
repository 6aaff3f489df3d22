"""Low-rank candidates: every linear call becomes two, with few channels between them."""

from typing import NamedTuple

from torch import Tensor

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.network import Network
from candidates.graph.program import Argument, Call, Program, TensorOf, ValueOf
from candidates.graph.signature import tensor_in
from candidates.kinds.behind import solve_behind
from candidates.kinds.registry import Knobs
from candidates.linear_call import LinearCall
from candidates.low_rank import factors, saves
from candidates.matrix import Matrix, matrices_of


class LowRankMaker:
    """Makes low-rank candidates of linear layers and of convolutions without groups.

    A convolution becomes one with the same window and few channels, and a 1×1 convolution that
    has the bias. Calls that would not shrink, or whose rows were too long for a Gram, stay.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._matrices = [
            matrix
            for matrix in matrices_of(bench, bench.part, {})
            if matrix.gram is not None and matrix.anchor.call.groups == 1
        ]

    def make(self, knobs: Knobs) -> Draft:
        """The candidate of a share of the full rank."""
        splits = [
            split
            for matrix in self._matrices
            if (split := _Split.of(matrix, float(knobs["rank"]))) is not None
        ]
        if not splits:
            raise NotApplicable(
                f"At {float(knobs['rank']):g} of the full rank no linear call of it has fewer "
                "weights than before."
            )
        network = self._split(splits)
        names = {split.call.name for split in splits}
        solve_behind(self._bench, network, {}, names, names)
        return Draft(network)

    def _split(self, splits: list["_Split"]) -> Network:
        part = self._bench.copy()
        program, tensors = part.program, part.tensors()
        by_name = {split.call.name: split for split in splits}
        calls: list[Call] = []
        for call in program.calls:
            split = by_name.get(call.name)
            calls += split.calls(call) if split is not None else (call,)
        for split in splits:
            tensors |= split.tensors(tensors[split.call.weight])
            split.matrix.keep_means(tensors, (split.up @ split.down).unsqueeze(0))
        changed = Program(
            input=program.input, calls=tuple(calls), output=program.output, buffers=program.buffers
        )
        return Network(changed, tensors).eval()


class _Split(NamedTuple):
    """A linear call, and the factors [o, r] and [r, d] of its weight."""

    matrix: Matrix
    up: Tensor
    down: Tensor

    @classmethod
    def of(cls, matrix: Matrix, share: float) -> "_Split | None":
        """None where no weight would be saved."""
        assert matrix.gram is not None
        outputs, columns = matrix.weight.shape[1:]
        rank = max(1, round(share * min(outputs, columns)))
        if not saves(outputs, columns, rank):
            return None
        found = factors(matrix.gram[0], matrix.weight[0], matrix.gain[0, :, 0], rank)
        return cls(matrix, *found)

    @property
    def call(self) -> LinearCall:
        return self.matrix.anchor.call

    @property
    def stem(self) -> str:
        """The path of the module that had the weight."""
        return self.call.weight.removesuffix(".weight")

    def tensors(self, weight: Tensor) -> dict[str, Tensor]:
        """Both factors under their names, in the shapes that the calls want."""
        sides = weight.dim() - 2
        down = self.down.reshape(-1, *weight.shape[1:])
        up = self.up.reshape(*self.up.shape, *[1] * sides)
        return {
            f"{self.stem}.down.weight": down.to(weight.dtype).contiguous(),
            f"{self.stem}.up.weight": up.to(weight.dtype).contiguous(),
        }

    def calls(self, call: Call) -> tuple[Call, Call]:
        """What takes the place of the call; the second has its name."""
        thin: dict[str | None, Argument] = {
            self.call.weight: TensorOf(tensor=f"{self.stem}.down.weight"),
            self.call.bias: None,
        }

        def swapped(argument: Argument) -> Argument:
            name = tensor_in(argument)
            return argument if name is None else thin.get(name, argument)

        changed = {
            "name": f"{self.stem}.down",
            "arguments": tuple(map(swapped, call.arguments)),
            "keywords": {key: swapped(value) for key, value in call.keywords.items()},
        }
        up = ValueOf(value=f"{self.stem}.down"), TensorOf(tensor=f"{self.stem}.up.weight")
        bias = None if self.call.bias is None else TensorOf(tensor=self.call.bias)
        operator = call.operator.replace(".padding", ".default")
        whole = {"operator": operator, "arguments": (*up, bias), "keywords": {}}
        return call.model_copy(update=changed), call.model_copy(update=whole)
