"""Registry: which kinds of candidates there are, and what can be asked of each.

A new kind is a file with a maker and an entry here; README.md beside this file shows one.
"""

from collections.abc import Mapping
from itertools import product
from typing import Literal

from candidates.errors import InvalidRecipe
from candidates.value import Value

Setting = float | str
Knobs = dict[str, Setting]
"""What was asked of one candidate: a multiplier, a sparsity, a method."""
Grid = dict[str, tuple[Setting, ...]]
"""The settings of each knob; a kind makes candidates for all combinations."""


class Knob(Value):
    """One setting of a kind: a number from `low` (not included) to `high`, or one of `choices`."""

    description: str
    grid: tuple[Setting, ...]
    low: float = 0
    high: float = 1
    choices: tuple[str, ...] = ()

    def check(self, name: str, setting: Setting) -> None:
        """Raises InvalidRecipe unless the setting is one of this knob."""
        if self.choices:
            if setting not in self.choices:
                raise InvalidRecipe(f"{name} is {setting!r}; it may be {', '.join(self.choices)}.")
        elif not (isinstance(setting, int | float) and self.low < setting <= self.high):
            raise InvalidRecipe(
                f"{name} is {setting!r}; it must be a number above {self.low:g} "
                f"and at most {self.high:g}."
            )


class Kind(Value):
    """A kind of candidate. `maker` is the module:class that makes them; see `Maker`.

    `grams` tells for which linear calls it needs Gram matrices: the readers of widths, or all.
    """

    summary: str
    knobs: Mapping[str, Knob]
    maker: str
    grams: Literal["widths", "all"] = "widths"


MULTIPLIER = Knob(
    description="Share of every inner width that is kept.",
    grid=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
)
SPARSITY = Knob(
    description="Share of the weights that are zero.", grid=(0.5, 0.7, 0.8, 0.9), high=0.999
)
HALVES = MULTIPLIER.model_copy(update={"grid": (0.5, 0.75)})
METHOD = Knob(
    description="How weights are chosen: obc, with what their loss does to the outputs, the others "
    "solved again; 2:4, likewise, two of every four input channels; magnitude, the smallest, more "
    "and more of them during refinement.",
    grid=("obc",),
    choices=("obc", "2:4", "magnitude"),
)
RANK = Knob(
    description="Share of the full rank that every linear layer keeps.",
    grid=(0.125, 0.25, 0.5),
)
FUNCTION = Knob(
    description="The non-linearity between layers.",
    grid=("relu", "hardswish", "identity"),
    choices=("relu", "relu6", "hardswish", "silu", "gelu", "leaky_relu", "identity"),
)

KINDS: dict[str, Kind] = {
    "width": Kind(
        summary="Fewer inner channels, heads or hidden units.",
        knobs={"multiplier": MULTIPLIER},
        maker="candidates.kinds.width:WidthMaker",
    ),
    "sparse": Kind(
        summary="Some of the weights are zero.",
        knobs={"sparsity": SPARSITY, "method": METHOD},
        maker="candidates.kinds.sparse:SparseMaker",
        grams="all",
    ),
    "width+sparse": Kind(
        summary="Fewer inner channels, and some of the weights that remain are zero.",
        knobs={"multiplier": HALVES, "sparsity": SPARSITY, "method": METHOD},
        maker="candidates.kinds.width_sparse:WidthSparseMaker",
        grams="all",
    ),
    "low_rank": Kind(
        summary="Two thin layers in the place of one.",
        knobs={"rank": RANK},
        maker="candidates.kinds.low_rank:LowRankMaker",
        grams="all",
    ),
    "identity": Kind(
        summary="Nothing, where the output is like the input.",
        knobs={},
        maker="candidates.kinds.identity:IdentityMaker",
    ),
    "activation": Kind(
        summary="Another non-linearity.",
        knobs={"function": FUNCTION},
        maker="candidates.kinds.activation:ActivationMaker",
    ),
}


def completed(kinds: Mapping[str, Grid]) -> dict[str, Grid]:
    """The settings of every knob of the named kinds, sorted, each once; width 1.0 among them.

    Raises InvalidRecipe naming the first kind, knob or setting that does not exist.
    """
    result: dict[str, Grid] = {}
    teacher: dict[str, Grid] = {"width": {"multiplier": (1.0,)}}
    for name, given in {**teacher, **kinds}.items():
        if name not in KINDS:
            raise InvalidRecipe(f"There is no kind '{name}'; there are {', '.join(KINDS)}.")
        result[name] = _completed(name, given)
    multipliers = map(float, result["width"]["multiplier"])
    result["width"]["multiplier"] = tuple(sorted({*multipliers, 1.0}))
    return result


def combined(grid: Grid) -> list[Knobs]:
    """All combinations of the settings."""
    return [dict(zip(grid, settings, strict=True)) for settings in product(*grid.values())]


def _completed(kind: str, given: Grid) -> Grid:
    known = KINDS[kind].knobs
    for name in given:
        if name not in known:
            raise InvalidRecipe(
                f"Kind '{kind}' has no knob '{name}'; it has {', '.join(known) or 'none'}."
            )
    grid = {name: given.get(name, knob.grid) for name, knob in known.items()}
    for name, settings in grid.items():
        if not settings:
            raise InvalidRecipe(
                f"kinds.{kind}.{name} is empty; name at least one setting, or leave it out for the "
                "usual ones."
            )
        for setting in settings:
            known[name].check(f"kinds.{kind}.{name}", setting)
    return {name: tuple(sorted(set(settings), key=_order)) for name, settings in grid.items()}


def _order(setting: Setting) -> tuple[bool, Setting]:
    return isinstance(setting, str), setting
