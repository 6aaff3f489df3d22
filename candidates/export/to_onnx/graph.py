"""Graph: ONNX nodes under construction, the type of every value known as soon as it is made."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, TypeProto, defs, helper, numpy_helper, shape_inference

from candidates.errors import NotExportable
from candidates.graph.program import Batch

OPSET = 20
"""The first with Gelu; of October 2023."""
IR_VERSION = 9
BATCH = 251
"""Images for which shapes are inferred: what does not follow the batch is no multiple of it."""
Size = int | Batch
Sizes = Sequence[Size]
_OPSETS = [helper.make_opsetid("", OPSET)]


class Ref(NamedTuple):
    """A value of the graph by its name, with its shape for BATCH images and its ONNX dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: int

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.shape)

    def axis(self, axis: int) -> int:
        """The same axis counted from the front."""
        return axis % max(self.rank, 1)


class Graph:
    """Nodes in the order in which they run. Names of values are made unique."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._types: dict[str, TypeProto] = {}
        self._known: dict[str, TensorProto] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Ref] = {}
        self._ones: set[str] = set()
        self._scope = ""
        self._images: Ref | None = None

    def declare(self, name: str, dtype: int, shape: Sequence[int]) -> Ref:
        """A value that no node gives: an input or a tensor."""
        self._types[name] = helper.make_tensor_type_proto(dtype, list(shape))
        return Ref(name, tuple(shape), dtype)

    def declare_images(self, name: str, shape: Sequence[int]) -> Ref:
        """The input, whose first dimension is the batch."""
        self._images = self.declare(self._fresh(name), TensorProto.FLOAT, (BATCH, *shape))
        return self._images

    def enter(self, scope: str) -> None:
        """Values that are made from here on are named after a call."""
        self._scope = scope

    def add(self, operator: str, *inputs: Ref | None, **attributes: Any) -> Ref:
        """The one value that a new node gives."""
        return self.add_several(operator, 1, *inputs, **attributes)[0]

    def add_several(
        self, operator: str, count: int, *inputs: Ref | None, **attributes: Any
    ) -> tuple[Ref, ...]:
        """The values that a new node gives; None stands for an input that is left out."""
        outputs = []
        for _ in range(count):
            outputs.append(self._fresh(self._scope))
            self._types[outputs[-1]] = TypeProto()
        names = ["" if each is None else each.name for each in inputs]
        node = helper.make_node(operator, names, outputs, **attributes)
        found = self._inferred(node)
        self.nodes.append(node)
        self._types.update(found)
        return tuple(_ref(name, self._types[name]) for name in outputs)

    def constant(self, values: object, dtype: int = TensorProto.INT64) -> Ref:
        """A constant of a dtype; equal ones are one."""
        array = np.asarray(values).astype(helper.tensor_dtype_to_np_dtype(dtype))
        key = str(array.dtype), array.shape, array.tobytes()
        if key not in self._constants:
            tensor = numpy_helper.from_array(array)
            made = self.add("Constant", value=tensor)
            self._known[made.name] = tensor
            self._constants[key] = made
        return self._constants[key]

    def like(self, value: object, other: Ref) -> Ref:
        """A number as a constant of another value's dtype."""
        return self.constant(value, other.dtype)

    def sizes(self, sizes: Sizes) -> Ref:
        """Sizes as a value of the graph; computed from the input where they follow the batch."""
        if all(isinstance(size, int) for size in sizes):
            return self.constant(list(sizes))
        parts = [
            self._batches(size.batch) if isinstance(size, Batch) else self.constant([size])
            for size in sizes
        ]
        made = self.add("Concat", *parts, axis=0)
        self._know(
            made, [size.batch * BATCH if isinstance(size, Batch) else size for size in sizes]
        )
        return made

    def filled(self, sizes: Sizes, value: float, dtype: int) -> Ref:
        """A tensor of one number; a multiplication by ones is none."""
        tensor = helper.make_tensor("value", dtype, [1], [value])
        made = self.add("ConstantOfShape", self.sizes(sizes), value=tensor)
        if value == 1:
            self._ones.add(made.name)
        return made

    def is_ones(self, value: Ref) -> bool:
        """Whether a value is known to hold nothing but ones."""
        return value.name in self._ones

    def alive(self, output: Ref) -> list[onnx.NodeProto]:
        """The nodes that a value depends on, in their order."""
        needed, kept = {output.name}, []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        return kept[::-1]

    def _batches(self, times: int) -> Ref:
        """So many times the number of images."""
        assert self._images is not None, "a graph is given images"
        shape = self.add("Shape", self._images, start=0, end=1)
        self._know(shape, [BATCH])
        return shape if times == 1 else self.add("Mul", shape, self.constant([times]))

    def _know(self, value: Ref, values: Sequence[int]) -> None:
        """What a value would hold for BATCH images, for the inference of shapes."""
        tensor = numpy_helper.from_array(np.asarray(values, dtype=np.int64))
        self._known[value.name] = tensor

    def _inferred(self, node: onnx.NodeProto) -> dict[str, TypeProto]:
        schema = defs.get_schema(node.op_type, OPSET)
        read = [name for name in node.input if name]
        types = {name: self._types[name] for name in read}
        known = {name: self._known[name] for name in read if name in self._known}
        try:
            return shape_inference.infer_node_outputs(
                schema, node, types, known, opset_imports=_OPSETS, ir_version=IR_VERSION
            )
        except (shape_inference.InferenceError, onnx.checker.ValidationError) as exc:
            first = str(exc).strip().splitlines()[0]
            raise NotExportable(
                f"Call '{self._scope}' cannot be written as ONNX: {first}. Take the student as "
                "'pt2' or 'python'."
            ) from exc

    def _fresh(self, name: str) -> str:
        """The name, or the name with a number behind it if it is taken."""
        made, number = name, 0
        while made in self._types or not made:
            number += 1
            made = f"{name}.{number}"
        return made


def _ref(name: str, kind: TypeProto) -> Ref:
    tensor = kind.tensor_type
    return Ref(name, tuple(side.dim_value for side in tensor.shape.dim), tensor.elem_type)
