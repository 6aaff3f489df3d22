"""Assembly: a student's file from its teacher's and its candidates', by copying tensors."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidCheckpoint
from candidates.neighbourhood import Neighbourhood
from candidates.recipe import TeacherRecipe
from candidates.value import Value

METADATA_KEY = "student_search"
Side = Literal["in", "out"]


class Description(Value):
    """What a student's file says about itself, as JSON in its safetensors metadata.

    `widths` gives, for every module that is narrower than the teacher's, its channel counts:
    {"layer1.0.conv1": {"out": 8}, "layer1.0.bn1": {"out": 8}, "layer1.0.conv2": {"in": 8}}.
    `kept` gives the teacher's channels that each width keeps. `provenance` is free-form: teacher
    and candidate digests, strategy, budget, parent.
    """

    format: int = Field(default=1, ge=1, le=1)
    recipe: TeacherRecipe
    widths: dict[str, dict[Side, int]]
    kept: Kept
    provenance: dict[str, Any] = Field(default={})

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Description":
        """The description in a student's file; InvalidCheckpoint if there is none."""
        text = checkpoint.metadata.get(METADATA_KEY)
        if text is None:
            raise InvalidCheckpoint(
                f"The file has no '{METADATA_KEY}' metadata, so it is not a student; "
                "teachers need a recipe beside their weights."
            )
        try:
            return cls.model_validate_json(text)
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidCheckpoint(
                f"The student's description is wrong at '{where}': {first['msg']}."
            ) from exc


def assemble(
    teacher: Checkpoint,
    recipe: TeacherRecipe,
    neighbourhoods: Sequence[Neighbourhood],
    parts: Sequence[Checkpoint],
    kept: Kept,
    provenance: dict[str, Any],
) -> Checkpoint:
    """The teacher's tensors with those of each part (one a neighbourhood) in their place.

    `kept` unites what the candidates keep; a width that it lacks, or keeps whole, is unchanged.
    Raises InvalidCheckpoint when a part holds a tensor that the teacher does not have.
    """
    tensors = dict(teacher.tensors)
    for part in parts:
        for name, tensor in part.tensors.items():
            if name not in tensors:
                raise InvalidCheckpoint(f"A candidate holds '{name}', which its teacher lacks.")
            tensors[name] = tensor
    description = Description(
        recipe=recipe, widths=widths_of(neighbourhoods, kept), kept=kept, provenance=provenance
    )
    return Checkpoint(tensors, {METADATA_KEY: description.model_dump_json()})


def widths_of(neighbourhoods: Sequence[Neighbourhood], kept: Kept) -> dict[str, dict[Side, int]]:
    """Channel counts of every module touched by a width that lost channels."""
    result: dict[str, dict[Side, int]] = {}
    for width in (width for part in neighbourhoods for width in part.widths):
        count = len(kept.get(width.name, range(width.size)))
        if count == width.size:
            continue
        for module in (*width.producers, *width.carriers):
            result.setdefault(module, {})["out"] = count
        for module in width.consumers:
            result.setdefault(module, {})["in"] = count
    return result
