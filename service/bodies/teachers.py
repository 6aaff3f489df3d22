"""Bodies of teachers."""

from pydantic import Field

from candidates.candidate import Cost
from candidates.recipe import TeacherRecipe
from service.bodies.common import Made, made_fields
from service.bodies.splits import SplitSummary
from service.records import StoredFile, TeacherRecord

LICENCE = (
    "Under which terms the weights may be used, as an SPDX expression or in words; students "
    "inherit it. Null if it was never told."
)


class NetworkBody(StoredFile):
    """A teacher's own file: safetensors that hold the network and its weights."""

    url: str = Field(description="Where to download it.")


class TeacherBody(Made):
    """A trained network to be imitated; what it is made of is known once it is ready."""

    name: str
    licence: str | None = Field(description=LICENCE)
    recipe: TeacherRecipe
    weights: StoredFile = Field(description="The file that was posted.")
    network: NetworkBody | None = Field(description="The teacher's own file, made from it.")
    num_classes: int | None
    cost: Cost | None = Field(description="Of the whole network.")
    split: SplitSummary | None = Field(description="At block granularity.")

    @classmethod
    def of(cls, record: TeacherRecord, note: str | None = None) -> "TeacherBody":
        """What is shown of a record."""
        return cls(
            **made_fields(record),
            name=record.name,
            licence=record.licence,
            recipe=record.recipe,
            weights=record.weights,
            network=_network(record),
            num_classes=record.num_classes,
            cost=record.cost,
            split=SplitSummary.of(record.split),
            note=note,
        )


def _network(record: TeacherRecord) -> NetworkBody | None:
    if record.network is None:
        return None
    return NetworkBody(url=f"/v1/teachers/{record.id}/network", **dict(record.network))
