"""Schema of the JSON in a `.pt2` archive, as far as it is read: of all else nothing is kept.

What could be code in it, such as the expressions of symbolic sizes and the guards, stays unread.
Field names are those of torch's serialisation schema, major version 8.
"""

import json
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from candidates.errors import InvalidProgram
from candidates.graph.program import MAX_CALLS

MAJOR = 8
ARGUMENT = Field(min_length=1, max_length=1)
Tagged = Annotated[dict[str, Any], ARGUMENT]
"""One of torch's unions: its kind, such as `as_int`, and its value."""


class Part(BaseModel):
    """One object of the JSON; fields that are not read are dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class TensorMeta(Part):
    """Where a tensor lies in its storage; strides and offset in items."""

    dtype: int
    sizes: list[Tagged]
    strides: list[Tagged]
    storage_offset: Tagged


class Payload(Part):
    """Which record holds a tensor."""

    path_name: str
    use_pickle: bool
    tensor_meta: TensorMeta | None


class PayloadConfig(Part):
    """The tensors of an archive by name."""

    config: dict[str, Payload]


class NamedArgument(Part):
    """`kind` is 1 for a positional argument, 2 for a keyword."""

    name: str
    arg: Tagged
    kind: int


class Node(Part):
    """A call."""

    target: str
    inputs: list[NamedArgument]
    outputs: list[Tagged]
    metadata: dict[str, str]
    name: str | None = None


class Graph(Part):
    """The calls, and the shapes of all values."""

    nodes: Annotated[list[Node], Field(max_length=MAX_CALLS)]
    tensor_values: dict[str, TensorMeta]


class Signature(Part):
    """What the graph's inputs and outputs mean."""

    input_specs: list[Tagged]
    output_specs: list[Tagged]


class GraphModule(Part):
    graph: Graph
    signature: Signature


class SchemaVersion(Part):
    major: int


class ExportedJson(Part):
    """The whole of `models/model.json`."""

    graph_module: GraphModule
    schema_version: SchemaVersion


Model = TypeVar("Model", bound=Part)


def parse(kind: type[Model], text: bytes, name: str) -> Model:
    """The JSON of an entry as a `kind`; InvalidProgram saying what is wrong and where."""
    try:
        return kind.model_validate(json.loads(text))
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidProgram(
            f"Entry '{name}' is not what torch.export.save writes: {first['msg']} at "
            f"'{where[:200]}'. Export the network again with torch 2.9 or newer."
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise InvalidProgram(
            f"Entry '{name}' is no JSON. The file is damaged; export the network again."
        ) from exc
