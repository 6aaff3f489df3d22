"""Settings of a student's refinement; what they leave open is as in the student's library."""

from typing import Annotated

from pydantic import Field

from candidates.recipe import LibraryRecipe
from candidates.value import Value


class RefinementSettings(Value):
    """How much more work a student is given."""

    steps: int = Field(
        default=500,
        ge=0,
        le=1_000_000,
        description="Gradient steps that every part takes on each pass, behind its closed form.",
    )
    passes: int = Field(
        default=1, ge=1, le=1000, description="Walks through the whole network, input to output."
    )
    rounds: int | None = Field(
        default=None, ge=1, le=10_000, description="As in a library's recipe, like all below."
    )
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    look_ahead: tuple[Annotated[float, Field(ge=0, le=1000)], ...] | None = Field(
        default=None, max_length=100
    )
    logit_weight: float | None = Field(default=None, ge=0, le=1000)
    validation_images: int | None = Field(default=None, ge=0)
    refinement_images: int | None = Field(default=None, ge=16)

    def recipe(self, library: LibraryRecipe) -> LibraryRecipe:
        """The library's recipe with what is set here, from the closed form on."""
        given = self.model_dump(exclude={"passes"}, exclude_none=True)
        return library.model_copy(update={**given, "start": "closed_form"})
