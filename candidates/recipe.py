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
        default=completed({"width": {}}),
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
    start: Literal["closed_form", "random"] = Field(
        default="closed_form",
        description="What refinement starts from; with random weights BatchNorms train as well.",
    )
    optimiser: Literal["adam", "sgd"] = "adam"
    schedule: Literal["one_cycle", "constant", "step"] = Field(
        default="one_cycle",
        description="Of the learning rate; step divides it by ten after each third of the steps.",
    )
    momentum: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Of SGD, or Adam's β₁; one_cycle moves it between 0.95 and 0.85 instead.",
    )
    weight_decay: float = Field(default=0, ge=0, le=1)
    look_ahead: tuple[Annotated[float, Field(ge=0, le=1000)], ...] = Field(
        default=(),
        max_length=100,
        description="α₁, α₂, …: weights of the errors at the outputs of the neighbourhoods behind.",
    )
    logit_weight: float = Field(
        default=0, ge=0, le=1000, description="Weight of KL(teacher‖partial model) in the loss."
    )
    loss: Literal["mse", "relative"] = Field(
        default="mse",
        description="Mean squared errors, or these divided by the variance of what is compared.",
    )
    validation_images: int = Field(
        default=256,
        ge=0,
        description="How many refinement images, at most a quarter of them, are kept back to check "
        "candidates before the first step and after every round: each keeps its best weights; with "
        "0 its last, even where its steps made it worse.",
    )
    rounds: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Parts of the steps, each with a check at its end; one_cycle starts again.",
    )
    patience: int = Field(
        default=0,
        ge=0,
        description="A candidate stops after so many checks in turn without progress; 0: never.",
    )
    tolerance: float = Field(
        default=0.01, ge=0, lt=1, description="Progress is a loss lower by at least this share."
    )
    halving: bool = Field(
        default=False,
        description="After a quarter and half of the steps, candidates far from the trade-off "
        "curve of their neighbourhood, or whose loss no longer falls, stop, and the others share "
        "the steps that are saved; needs validation_images.",
    )
    fused: bool | None = Field(
        default=None,
        description="Whether candidates that differ in their widths alone learn as one network; "
        "unless said, on CUDA only.",
    )
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="Where refinement runs.")
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Of products while refining; weights stay float32."
    )
    channels_last: bool = Field(default=False, description="Memory layout while refining.")
    compiled: bool = Field(
        default=False, description="Compile every candidate before it is refined; for many steps."
    )
    inputs: Literal["images", "gaussian", "matched"] = Field(
        default="images",
        description="What candidates learn from: images; or none at all but N(0, 1) noise at the "
        "input of every neighbourhood; or images made to match the teacher's own BatchNorms.",
    )
    synthetic_images: int = Field(
        default=768, ge=96, description="How many images are made where inputs are not images."
    )
    synthetic_steps: int = Field(
        default=40, ge=0, le=100_000, description="Steps by which matched images learn."
    )
    calibration_images: int = Field(default=2000, ge=16, description="Unlabelled images for Grams.")
    refinement_images: int = Field(
        default=8000, ge=16, description="Unlabelled images that refinement draws from."
    )
    scoring_images: int = Field(default=2000, ge=16, description="Held-out images for scores.")
    racing: bool = Field(
        default=False,
        description="Stop scoring a candidate once its place among those of about its cost is "
        "certain and its KL is known to a tenth or to 0.001 nats; else all images are used.",
    )
    ridge: float = Field(default=1e-4, gt=0, le=1, description="λ, relative to mean(diag G).")
    seed: int = Field(default=0, ge=0, lt=2**31)
    memory_limit_mb: int = Field(
        default=1024, ge=64, description="Most that cached activations may take, in MiB."
    )
    spill_mb: int = Field(
        default=0,
        ge=0,
        description="Most that activations beyond memory_limit_mb may take on disk, in MiB, where "
        "temporary files lie; beyond that, or with 0, they are computed again.",
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

    @model_validator(mode="after")
    def _halving_can_compare(self) -> "LibraryRecipe":
        if self.halving and not self.validation_images:
            raise ValueError(
                "halving compares candidates on images that are kept back, and validation_images "
                "is 0; set it to 256, for example."
            )
        return self

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

    @property
    def lets_refit(self) -> bool:
        """Whether students may be refitted on what the library learned from. Noise at the input of
        a network does not arrive as N(0, 1) at its neighbourhoods, and a ResNet-20 that was
        refitted on it lost up to 42 points (benchmarks/results/paper_tables.json).
        """
        return self.inputs != "gaussian"

    def grid(self) -> list[tuple[str, Knobs]]:
        """Every candidate of a neighbourhood that is asked for: its kind and its knobs."""
        return [(name, knobs) for name, grid in self.kinds.items() for knobs in combined(grid)]
