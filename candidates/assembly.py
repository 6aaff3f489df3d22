"""Assembly: a student's file from its teacher's and its candidates', by copying tensors."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.complaint import Complaint
from candidates.errors import InvalidCheckpoint, InvalidProgram
from candidates.graph.program import Program
from candidates.recipe import TeacherRecipe
from candidates.value import Value

METADATA_KEY = "student_search"
PROGRAM_KEY = "program"
FORMAT = 2
"""Of descriptions; the first had no program."""
MAX_REMEMBERED = 512
"""Programs that were parsed lately."""


class Description(Value):
    """What a teacher's or a student's file says about itself, as JSON in its metadata.

    `kept` gives the teacher's indices that each width keeps. `provenance` is free-form: teacher
    and candidate digests, strategy, parent.
    """

    format: int = Field(default=FORMAT, ge=FORMAT, le=FORMAT)
    recipe: TeacherRecipe
    kept: Kept = Field(default={})
    provenance: dict[str, Any] = Field(default={})

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Description":
        """The description in a file; InvalidCheckpoint if there is none."""
        return description_of(checkpoint)


def description_of(checkpoint: Checkpoint) -> Description:
    """The description in a teacher's or a student's file; InvalidCheckpoint if there is none."""
    text = checkpoint.metadata.get(METADATA_KEY)
    if text is None:
        raise InvalidCheckpoint(
            f"The file has no '{METADATA_KEY}' metadata, so it is not a student; "
            "teachers need a recipe beside their weights."
        )
    try:
        _refuse_newer(text)
        return Description.model_validate_json(text)
    except ValidationError as exc:
        where, why = Complaint.of(exc)
        raise InvalidCheckpoint(f"The file's description is wrong at '{where}': {why}.") from exc


def program_of(checkpoint: Checkpoint) -> Program:
    """The checked program in a file; InvalidCheckpoint if there is none, InvalidProgram."""
    text = checkpoint.metadata.get(PROGRAM_KEY)
    if text is None:
        raise InvalidCheckpoint(
            f"The file has no '{PROGRAM_KEY}' metadata: it holds weights, but not the network "
            "that they belong to."
        )
    return _parsed(text)


def with_program(
    checkpoint: Checkpoint, program: Program, description: Description | None = None
) -> Checkpoint:
    """The same tensors in a file that says how to run them."""
    metadata = {PROGRAM_KEY: program.model_dump_json(exclude_defaults=True)}
    if description is not None:
        metadata[METADATA_KEY] = description.model_dump_json()
    return Checkpoint(checkpoint.tensors, {**checkpoint.metadata, **metadata})


def assemble(
    teacher: Checkpoint, parts: Sequence[Checkpoint], kept: Kept, provenance: dict[str, Any]
) -> Checkpoint:
    """The teacher with each part, a candidate's file, in the place of its neighbourhood.

    A part's program reads the neighbourhood's input and gives its output, both under the names
    that they have in the teacher's program. `kept` unites what the candidates keep. Raises
    InvalidProgram when a part does not fit.
    """
    programs = [program_of(part) for part in parts]
    program = program_of(teacher).replaced(programs)
    tensors = dict(teacher.tensors)
    for part in parts:
        tensors |= part.tensors
    missing = [name for name in program.tensors() if name not in tensors]
    if missing:
        raise InvalidProgram(f"The student's program reads '{missing[0]}', which no part holds.")
    used = {name: tensors[name] for name in program.tensors()}
    description = Description(
        recipe=description_of(teacher).recipe, kept=kept, provenance=provenance
    )
    return with_program(Checkpoint(used), program, description)


@lru_cache(MAX_REMEMBERED)
def _parsed(text: str) -> Program:
    """Remembered, because students are made of the same few files again and again."""
    try:
        program = Program.model_validate_json(text)
    except ValidationError as exc:
        where, why = Complaint.of(exc)
        raise InvalidProgram(f"The file's program is wrong at '{where}': {why}.") from exc
    program.check()
    return program


class _Version(BaseModel):
    format: int = FORMAT


def _refuse_newer(text: str) -> None:
    """Raises ValidationError as well."""
    found = _Version.model_validate_json(text).format
    if found > FORMAT:
        raise InvalidCheckpoint(
            f"The file is of format {found}, which a newer version of Student Search wrote; this "
            f"one reads formats up to {FORMAT}. Update Student Search, or make the file again."
        )
