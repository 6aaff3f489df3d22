"""Model: a program with its tensors, or with their shapes alone, as a whole ONNX model."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from candidates.assembly import Description, description_of, program_of
from candidates.checkpoint import Checkpoint, Tensor
from candidates.errors import InvalidProgram, NotExportable
from candidates.export.formats import FORMAT, METADATA_KEY
from candidates.export.to_onnx.graph import BATCH, IR_VERSION, OPSET, Graph, Ref
from candidates.export.to_onnx.registry import RULES, Rule
from candidates.graph.program import (
    Argument,
    Call,
    Constant,
    Program,
    TensorOf,
    Training,
    ValueOf,
)

INPUT, OUTPUT = "images", "logits"
DTYPES = {
    "BOOL": TensorProto.BOOL, "U8": TensorProto.UINT8, "I8": TensorProto.INT8,
    "I16": TensorProto.INT16, "U16": TensorProto.UINT16, "F16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16, "I32": TensorProto.INT32, "U32": TensorProto.UINT32,
    "F32": TensorProto.FLOAT, "F64": TensorProto.DOUBLE, "I64": TensorProto.INT64,
    "U64": TensorProto.UINT64,
}  # fmt: skip
MAX_BYTES = 2**31 - 2**20
"""Of the tensors of a model in one file, which Protocol Buffers limit to 2 GiB."""
_NUMBERS = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


def onnx_bytes(checkpoint: Checkpoint) -> bytes:
    """The network of a student's file, for any number of images [batch, C, H, W].

    Its initialisers are the tensors that the student computes with, under their names. Raises
    NotExportable naming what ONNX has no word for.
    """
    program, description = program_of(checkpoint), description_of(checkpoint)
    read = {name: checkpoint.tensors[name] for name in _read(program)}
    if sum(len(tensor.data) for tensor in read.values()) > MAX_BYTES:
        raise NotExportable(
            "The student's tensors take more than the 2 GiB that an ONNX file can hold. Take it "
            "as 'pt2' or 'python'."
        )
    translated = Translated(program, read, description.recipe.input)
    initialisers = [_initialiser(name, tensor) for name, tensor in read.items()]
    model = translated.model(initialisers, _metadata(description, program, read))
    return bytes(model.SerializeToString(deterministic=True))


class Translated:
    """A program as nodes; `shapes` are those of all values for BATCH images."""

    def __init__(
        self, program: Program, tensors: Mapping[str, Tensor], shape: Sequence[int]
    ) -> None:
        _refuse_unknown(program)
        self.graph = Graph()
        self._tensors = {
            name: self.graph.declare(name, DTYPES[tensor.dtype], tensor.shape)
            for name, tensor in tensors.items()
        }
        self._images = self.graph.declare_images(INPUT, shape)
        self._values: dict[str, Any] = {program.input: self._images}
        for call in program.calls:
            self.graph.enter(call.name)
            self._values[call.name] = self._result(call)
        self._output = self._named_output(program)

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a value of the program, without its first dimension, the batch."""
        value: Ref = self._values[name]
        return value.shape[1:]

    def model(
        self, initialisers: Iterable[onnx.TensorProto], metadata: Mapping[str, str]
    ) -> onnx.ModelProto:
        """The model with these tensors."""
        model = self._model(self.graph.alive(self._output), initialisers)
        helper.set_model_props(model, dict(metadata))
        return model

    def weightless(self) -> onnx.ModelProto:
        """The model with tensors of one number each, which it makes itself: for measuring it.

        Runtimes compute them once, when they load it.
        """
        made = [node for each in self._tensors.values() for node in _made_up(each)]
        return self._model([*made, *self.graph.alive(self._output)], [])

    def _model(
        self, nodes: Sequence[onnx.NodeProto], initialisers: Iterable[onnx.TensorProto]
    ) -> onnx.ModelProto:
        graph = helper.make_graph(
            nodes, "student", [_described(self._images)], [_described(self._output)],
            list(initialisers),
        )  # fmt: skip
        return helper.make_model(
            graph, producer_name="student-search", ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )  # fmt: skip

    def _result(self, call: Call) -> Any:
        arguments = [self._resolved(each) for each in call.arguments]
        keywords = {key: self._resolved(each) for key, each in call.keywords.items()}
        if call.operator == "getitem":
            values, place = arguments
            return values[place]
        rule: Rule = RULES[call.operator]
        try:
            return rule(self.graph, *arguments, **keywords)
        except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError) as exc:
            raise NotExportable(
                f"Call '{call.name}' of '{call.operator}' has arguments that cannot be written as "
                f"ONNX ({exc}). Take the student as 'pt2' or 'python'."
            ) from exc

    def _resolved(self, argument: Argument) -> Any:
        match argument:
            case ValueOf():
                return self._values[argument.value]
            case TensorOf():
                return self._tensors[argument.tensor]
            case tuple():
                return tuple(self._resolved(each) for each in argument)
            case Training():
                return False
            case Constant():
                return _NUMBERS.get(argument.constant, argument.constant)
        return argument

    def _named_output(self, program: Program) -> Ref:
        value = self._values[program.output]
        if not isinstance(value, Ref) or not value.shape or value.shape[0] != BATCH:
            raise InvalidProgram(f"The output '{program.output}' is not one row for each image.")
        self.graph.enter(OUTPUT)
        return self.graph.add("Identity", value)


def _read(program: Program) -> list[str]:
    return list(dict.fromkeys(name for call in program.calls for name in call.tensors()))


def _refuse_unknown(program: Program) -> None:
    unknown = {call.operator for call in program.calls} - {*RULES, "getitem"}
    if unknown:
        listed = ", ".join(f"'{name}'" for name in sorted(unknown))
        raise NotExportable(
            f"The student calls {listed}, for which there is no translation to ONNX. Take it as "
            "'pt2' or 'python'."
        )


def _initialiser(name: str, tensor: Tensor) -> onnx.TensorProto:
    return TensorProto(
        name=name, data_type=DTYPES[tensor.dtype], dims=tensor.shape, raw_data=bytes(tensor.data)
    )


def _made_up(tensor: Ref) -> list[onnx.NodeProto]:
    """Small numbers in matrices, 1 in vectors, as variances have to be positive; integers are 0."""
    number = 0.05 if tensor.rank > 1 else 1
    is_float = helper.tensor_dtype_to_np_dtype(tensor.dtype).kind == "f"
    value = helper.make_tensor("value", tensor.dtype, [1], [number if is_float else 0])
    sides = helper.make_tensor("sides", TensorProto.INT64, [tensor.rank], tensor.shape)
    shape = f"{tensor.name}.shape.made.up"
    return [
        helper.make_node("Constant", [], [shape], value=sides),
        helper.make_node("ConstantOfShape", [shape], [tensor.name], value=value),
    ]


def _described(value: Ref) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(value.name, value.dtype, ["batch", *value.shape[1:]])


def _metadata(
    description: Description, program: Program, read: Mapping[str, Tensor]
) -> dict[str, str]:
    buffers = set(program.buffers)
    recipe = description.recipe
    return {
        METADATA_KEY: json.dumps({"format": FORMAT, "recipe": recipe.model_dump(mode="json")}),
        "parameters": json.dumps([name for name in read if name not in buffers]),
    }
