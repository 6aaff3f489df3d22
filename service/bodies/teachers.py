"""Bodies of teachers."""

from pydantic import BaseModel, Field

from candidates.candidate import Cost
from candidates.neighbourhood import LeftOut, Neighbourhood
from candidates.recipe import TeacherRecipe
from service.bodies.common import Items, Made, made_fields
from service.records import StoredFile, TeacherRecord


class SplitSummary(BaseModel):
    """How the teacher was cut, in figures."""

    num_neighbourhoods: int
    coverage: float = Field(description="Share of the parameters inside neighbourhoods.")
    shrinkable: float = Field(description="Share of the parameters touched by a width.")


class TeacherBody(Made):
    """A trained network to be imitated; costs and split are known once it is ready."""

    name: str
    recipe: TeacherRecipe
    weights: StoredFile
    cost: Cost | None = Field(description="Of the whole network.")
    split: SplitSummary | None

    @classmethod
    def of(cls, record: TeacherRecord, note: str | None = None) -> "TeacherBody":
        """What is shown of a record."""
        return cls(
            **made_fields(record),
            name=record.name,
            recipe=record.recipe,
            weights=record.weights,
            cost=record.cost,
            split=_summary(record),
            note=note,
        )


class Neighbourhoods(Items[Neighbourhood]):
    """All neighbourhoods of a teacher, from input to output, and what lies outside them."""

    left_out: list[LeftOut]


def _summary(record: TeacherRecord) -> SplitSummary | None:
    if record.split is None:
        return None
    return SplitSummary(
        num_neighbourhoods=len(record.split.neighbourhoods),
        coverage=record.split.coverage,
        shrinkable=record.split.shrinkable,
    )
