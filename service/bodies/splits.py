"""Bodies about how a teacher is cut, at block granularity or at a library's own."""

from pydantic import BaseModel, Field

from candidates.graph.neighbourhood import LeftOut, Neighbourhood, Split
from service import coverage
from service.bodies.common import Items


class SplitSummary(BaseModel):
    """How a teacher was cut, in figures."""

    num_neighbourhoods: int
    coverage: float = Field(description="Share of the parameters inside neighbourhoods.")
    shrinkable: float = Field(description="Share of the parameters touched by a width.")
    unknown_operators: dict[str, int] = Field(
        description="Operators whose axes had to stay, with the number of calls."
    )
    notes: list[str] = Field(
        default=[], description="What else is unusual and shows once a student is trained."
    )
    warning: str | None = Field(
        description="Where less than half of the parameters can shrink: how many, and what is "
        "left out."
    )

    @classmethod
    def of(cls, split: Split | None) -> "SplitSummary | None":
        """None before it is known."""
        if split is None:
            return None
        return cls(
            num_neighbourhoods=len(split.neighbourhoods),
            coverage=split.coverage,
            shrinkable=split.shrinkable,
            unknown_operators=split.unknown_operators,
            notes=list(split.notes),
            warning=coverage.warning(split),
        )


class Neighbourhoods(Items[Neighbourhood]):
    """All neighbourhoods, from input to output, with their widths, and what lies outside them."""

    left_out: list[LeftOut] = Field(
        description="Every module with parameters that cannot shrink, and why."
    )
    unknown_operators: dict[str, int] = Field(
        description="Operators whose axes had to stay, with the number of calls."
    )
    notes: list[str] = Field(
        default=[], description="What else is unusual and shows once a student is trained."
    )

    @classmethod
    def of(cls, split: Split) -> "Neighbourhoods":
        """On one page."""
        return cls(
            items=list(split.neighbourhoods),
            left_out=list(split.left_out),
            unknown_operators=split.unknown_operators,
            notes=list(split.notes),
            next=None,
        )
