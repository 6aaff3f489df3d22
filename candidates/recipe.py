"""Recipes: how a teacher is rebuilt, and how its library is made."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from candidates.errors import InvalidRecipe
from candidates.kinds.registry import Grid, Knobs, combined, completed
from candidates.value import Value

Kinds = dict[str, Grid]

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
    kinds: Kinds = Field(
        default={"width": {}},
        description="Kinds of candidates with the settings of each knob; a knob that is not named "
        "takes its usual ones. Width 1.0, the teacher itself, is always included. In place of "
        "kinds.width.multiplier one may write multipliers.",
    )
    width_multiple: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Inner widths are rounded to multiples of this, unless the teacher's own is "
        "smaller; 8 suits most GPUs.",
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

    @model_validator(mode="before")
    @classmethod
    def _multipliers_are_a_grid(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "multipliers" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "multipliers"}
        kinds = {**rest.get("kinds", {})}
        if "multiplier" in kinds.get("width", {}):
            raise ValueError("Give multipliers or kinds.width.multiplier, not both.")
        kinds["width"] = {**kinds.get("width", {}), "multiplier": given["multipliers"]}
        return {**rest, "kinds": kinds}

    @field_validator("kinds")
    @classmethod
    def _checked(cls, kinds: Kinds) -> Kinds:
        try:
            return completed(kinds)
        except InvalidRecipe as exc:
            raise ValueError(str(exc)) from exc

    def __hash__(self) -> int:
        """Of its JSON: a recipe is a key of caches, and grids are dictionaries."""
        return hash(self.model_dump_json())

    def grid(self) -> list[tuple[str, Knobs]]:
        """Every candidate of a neighbourhood that is asked for: its kind and its knobs."""
        return [(name, knobs) for name, grid in self.kinds.items() for knobs in combined(grid)]
