"""Neighbourhood: a part of the teacher with a fixed input and output, and its inner widths."""

from typing import Annotated

from pydantic import Field

from candidates.value import Value


class Width(Value):
    """An inner axis that may shrink without the neighbourhood's output changing shape: channels,
    attention heads, groups.

    Producers and consumers are calls of the teacher's program: a producer's weight has the axis
    among its rows, a consumer contracts it with its weight. `mixed` tells that something else
    mixes its indices as well, such as a product of queries and keys. `channels` are unknown in
    teachers that were cut before they were counted.
    """

    name: str
    size: Annotated[int, Field(gt=1)]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    mixed: bool = False
    channels: int | None = Field(
        default=None,
        description="How many channels its indices are together. Equal to the size where an index "
        "is a channel; in a layer of groups or heads an index is one of these, or a place in each, "
        "and `channels / size` channels go with it.",
    )


class Neighbourhood(Value):
    """T_i: what lies after the value `input` up to and including the value `output`, both named
    as in the teacher's program.

    `cut` is the last value at or before `input` after which no other was alive: the root ends
    there. `modules` are those of the teacher whose parameters lie inside.
    """

    name: str
    index: int
    input: str
    output: str
    cut: str
    modules: tuple[str, ...]
    widths: tuple[Width, ...]
    num_parameters: int


class LeftOut(Value):
    """A module whose parameters no width of a neighbourhood touches, and why; `parameters` names
    them where it has others that a width does touch.
    """

    module: str
    parameters: tuple[str, ...] = ()
    num_parameters: int
    reason: str


class Split(Value):
    """How a teacher was cut: its neighbourhoods, what was left out, and what that covers."""

    neighbourhoods: tuple[Neighbourhood, ...]
    left_out: tuple[LeftOut, ...]
    coverage: float = Field(description="Share of the parameters inside neighbourhoods.")
    shrinkable: float = Field(description="Share of the parameters touched by a width.")
    unknown_operators: dict[str, int] = Field(
        default={}, description="Operators whose axes had to stay, with the number of calls."
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What else is unusual and shows once a student is trained."
    )
