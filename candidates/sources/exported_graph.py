"""The graph of a `.pt2` archive as calls, with every size a plain number.

The sizes that depend on the number of images are computed here, call by call, on tensors that
have a shape and no values; the expressions that the archive holds for them are never looked at.
"""

from collections.abc import Mapping
from typing import Any

from candidates.errors import InvalidProgram, UnsplittableTeacher
from candidates.graph.operators import NOISE, OPERATORS
from candidates.graph.program import Argument, Call
from candidates.graph.shapes import Shapes
from candidates.sources.exported_arguments import INTEGERS, LARGEST, Names
from candidates.sources.exported_schema import Node

_ATEN = "torch.ops.aten."
_SIZE = "torch.ops.aten.sym_size.int"
_ASSERTIONS = frozenset({
    "torch.ops.aten._assert_tensor_metadata.default", "torch.ops.aten._assert_scalar.default",
    "torch.ops.aten._assert_async.msg", "torch.ops.aten.sym_constrain_range.default",
    "torch.ops.aten.sym_constrain_range_for_size.default",
})  # fmt: skip
_WRITERS = frozenset({"fill.Tensor", "fill.Scalar", "copy.default", "index_put.default"})
"""Without their underscore; what they write to must be constant, for no program has them."""
_EVAL = "Call model.eval() before torch.export.export and send the new file."
_RANDOM = (
    "bernoulli",
    "rand",
    "randn",
    "randint",
    "randperm",
    "normal",
    "uniform",
    "native_dropout",
)


class GraphReader:
    """Reads nodes in their order; `calls` are those read so far."""

    def __init__(self, names: Names, shapes: Shapes) -> None:
        self.calls: list[Call] = []
        self._names, self._shapes = names, shapes

    def read(self, node: Node) -> None:
        """Raises InvalidProgram or UnsplittableTeacher naming the call that may not be run."""
        if node.target in _ASSERTIONS:
            return
        if node.target == _SIZE or node.target in INTEGERS:
            self._compute(node)
            return
        operator = _operator(node)
        call = Call.model_construct(
            name=_name(node),
            operator=operator,
            arguments=tuple(self._argument(node, each.arg) for each in _of_kind(node, 1)),
            keywords={each.name: self._argument(node, each.arg) for each in _of_kind(node, 2)},
            scope=_scope(node),
        )
        _refuse_training(call)
        self._add(call)
        self._take_apart(node, call)

    def _add(self, call: Call) -> None:
        if call.name in self._names.values or call.name in self._names.tensors:
            raise InvalidProgram(f"Two values are named '{call.name}'. Export the network again.")
        self._shapes.run(call)
        self._names.values[call.name] = call.name
        self.calls.append(call)

    def _argument(self, node: Node, tagged: Mapping[str, Any]) -> Argument:
        return self._names.argument(tagged, _name(node))

    def _compute(self, node: Node) -> None:
        """A number: the side of a value or what follows from such numbers."""
        arguments = [self._argument(node, each.arg) for each in node.inputs]
        try:
            if node.target == _SIZE:
                number = self._shapes.sides(arguments[0])[int(str(arguments[1]))]
            else:
                number = INTEGERS[node.target](*arguments)
        except (TypeError, ValueError, ZeroDivisionError, IndexError, KeyError) as exc:
            raise InvalidProgram(
                f"The size '{_name(node)}' cannot be computed: {exc}. Export the network again."
            ) from exc
        if not isinstance(number, int) or abs(number) > LARGEST:
            raise InvalidProgram(
                f"The size '{_name(node)}' is no 64-bit number. Export the network again."
            )
        self._names.numbers[_name(node)] = number

    def _take_apart(self, node: Node, call: Call) -> None:
        """An operator that gives several values gives a list; each is an item of it."""
        names = _several_outputs(node)
        for index, name in enumerate(names):
            if not name.startswith(f"{call.name}_unused_"):
                whole: Argument = self._names.argument({"as_tensor": {"name": call.name}}, name)
                self._add(
                    Call.model_construct(
                        name=name, operator="getitem", arguments=(whole, index), keywords={},
                        scope=call.scope,
                    )
                )  # fmt: skip


def _operator(node: Node) -> str:
    """The operator's name as programs have it; one that writes in place keeps its underscore."""
    name = node.target.removeprefix(_ATEN)
    base, _, overload = name.partition(".")
    if node.target.startswith(_ATEN) and base.startswith(_RANDOM):
        raise UnsplittableTeacher(
            f"The network draws random numbers with '{name}' in '{_scope(node)}'. {_EVAL}"
        )
    pure = f"{base.removesuffix('_')}.{overload}"
    allowed = node.target.startswith(_ATEN) and name != "getitem" and pure in OPERATORS | _WRITERS
    if not allowed:
        raise InvalidProgram(
            f"Call '{_name(node)}' uses the operator '{node.target[:200]}', which is not on the "
            "list of operators that may run. Replace that layer by one made of plain operators."
        )
    return name


def _refuse_training(call: Call) -> None:
    arguments = call.arguments
    batch_norm = call.operator == "batch_norm.default" and len(arguments) > 5
    trains = batch_norm and arguments[5] is True and arguments[3] is not None
    drops = call.operator in NOISE and True in arguments[2:3]
    if trains or drops:
        raise UnsplittableTeacher(
            f"'{call.operator}' in '{call.scope}' runs in train mode. {_EVAL}"
        )


def _several_outputs(node: Node) -> list[str]:
    """Names of the values that a call gives, if it gives more than one tensor."""
    names: list[str] = []
    try:
        for tagged in node.outputs:
            ((kind, value),) = tagged.items()
            names += [item["name"] for item in (value if kind == "as_tensors" else [value])]
        several = len(node.outputs) > 1 or "as_tensors" in node.outputs[0]
    except (KeyError, TypeError, IndexError) as exc:
        raise InvalidProgram(
            f"Call '{_name(node)}' gives something else than tensors. Export the network again."
        ) from exc
    return names if several else []


def _of_kind(node: Node, kind: int) -> list[Any]:
    return [each for each in node.inputs if each.kind == kind]


def _name(node: Node) -> str:
    """The call's name: that of the one thing that it gives, else its own."""
    match node.outputs:
        case [{"as_tensor": {"name": str(name)}}]:
            return name
        case [{"as_sym_int": {"as_name": str(name)}}] | [{"as_sym_bool": {"as_name": str(name)}}]:
            return name
        case [{"as_tensors": [{"name": str(name)}, *_]}] | [{"as_tensor": {"name": str(name)}}, *_]:
            return node.name or f"{name}_whole"
    return node.name or node.target


def _scope(node: Node) -> str:
    """The path of the innermost module in whose forward a node was traced."""
    innermost = node.metadata.get("nn_module_stack", "").split(";")[-1].split(",")
    return innermost[1] if len(innermost) == 3 and innermost[0].startswith("L__self__") else ""
