"""Neighbourhood: a part of the teacher with a fixed input and output, and its inner widths."""

from typing import Annotated

from pydantic import Field

from candidates.value import Value


class Width(Value):
    """An inner channel group that may shrink without the neighbourhood's output changing shape.

    Modules are named as in the teacher. A producer's output channels (weight dimension 0) are
    the group, a carrier passes every channel through on its own (BatchNorm), and a consumer is
    linear in the group (weight dimension 1).
    """

    name: str
    size: Annotated[int, Field(gt=1)]
    producers: tuple[str, ...]
    carriers: tuple[str, ...]
    consumers: tuple[str, ...]


class Neighbourhood(Value):
    """T_i: what lies after graph node `input` up to and including graph node `output`."""

    name: str
    index: int
    input: str
    output: str
    modules: tuple[str, ...]
    widths: tuple[Width, ...]
    num_parameters: int


class LeftOut(Value):
    """A module outside every neighbourhood, and why."""

    module: str
    num_parameters: int
    reason: str


class Split(Value):
    """How a teacher was cut: its neighbourhoods, what was left out, and what that covers."""

    neighbourhoods: tuple[Neighbourhood, ...]
    left_out: tuple[LeftOut, ...]
    coverage: float = Field(description="Share of the parameters inside neighbourhoods.")
    shrinkable: float = Field(description="Share of the parameters touched by a width.")
