"""Recipes: how a teacher is rebuilt, and how its library is made."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from candidates.value import Value

PAPER_MULTIPLIERS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Granularity = (
    Literal["layer", "pair", "block"] | Annotated[int, Field(ge=1, le=1000)] | tuple[str, ...]
)
"""How a teacher is cut: by size, into about so many neighbourhoods, or at the listed modules."""
Channels = Annotated[int, Field(ge=1, le=64)]
Side = Annotated[int, Field(ge=8, le=1024)]


class Preprocessing(Value):
    """Pixels in 0…255 become (pixel / 255 − mean) / std, channel by channel."""

    mean: tuple[float, ...] = Field(min_length=1)
    std: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _same_length(self) -> "Preprocessing":
        if len(self.mean) != len(self.std):
            raise ValueError(f"mean has {len(self.mean)} channels but std has {len(self.std)}")
        return self


class TeacherRecipe(Value):
    """All that is needed, beside its file, to rebuild a teacher and feed it images."""

    architecture: str | None = Field(
        default=None,
        description="A name from the allow-list of builders; none for a file that brings its own "
        "network, such as a .pt2.",
    )
    kwargs: dict[str, int] = Field(
        default={}, description="Builder arguments: num_classes, in_channels."
    )
    input: tuple[Channels, Side, Side] = Field(description="Channels, height, width.")
    preprocessing: Preprocessing

    @model_validator(mode="after")
    def _channels_agree(self) -> "TeacherRecipe":
        if len(self.preprocessing.mean) != self.input[0]:
            raise ValueError(
                f"input has {self.input[0]} channels but preprocessing.mean has "
                f"{len(self.preprocessing.mean)}"
            )
        return self


class LibraryRecipe(Value):
    """How the candidates of a teacher are made and scored."""

    granularity: Granularity = Field(
        default="block",
        description="layer, pair or block; or about how many neighbourhoods; or a list of modules.",
    )
    multipliers: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=PAPER_MULTIPLIERS,
        description="Width multipliers; 1.0, the teacher itself, is always included.",
    )
    steps: int = Field(default=50, ge=0, le=1_000_000, description="Refinement steps a candidate.")
    learning_rate: float = Field(default=4e-3, gt=0, le=1)
    batch_size: int = Field(default=64, ge=2, le=4096)
    calibration_images: int = Field(default=2000, ge=16, description="Unlabelled images for Grams.")
    refinement_images: int = Field(
        default=8000, ge=16, description="Unlabelled images that refinement draws from."
    )
    scoring_images: int = Field(default=2000, ge=16, description="Held-out images for scores.")
    ridge: float = Field(default=1e-4, gt=0, le=1, description="λ, relative to mean(diag G).")
    seed: int = Field(default=0, ge=0, lt=2**31)
    memory_limit_mb: int = Field(
        default=1024, ge=64, description="Most that cached activations may take, in MiB."
    )

    @field_validator("multipliers")
    @classmethod
    def _sorted_with_one(cls, multipliers: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted({*multipliers, 1.0}))
