"""Refinement: what settings of it give, on a few candidates of a few neighbourhoods.

`python -m benchmarks.refinement DATA TEACHER`; held-out reconstruction error (relative to the
teacher's variance) and KL of the partial models, beside the seconds that a candidate took.
"""

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from benchmarks.cifar_job import load_dataset, load_teacher, parser
from benchmarks.report import publish
from candidates.bench import Bench
from candidates.data import Dataset
from candidates.distil import refine
from candidates.draft import Draft
from candidates.inputs import Inputs
from candidates.kinds.maker import Maker, maker_of
from candidates.materials import Materials
from candidates.objective import Objective
from candidates.progress import silent
from candidates.recipe import LibraryRecipe
from candidates.score import score
from candidates.statistics import gather
from candidates.teacher import Teacher

SETTINGS: dict[str, dict[str, Any]] = {
    "closed form": {"steps": 0},
    "today": {},
    "100 steps": {"steps": 100},
    "100, rate 1e-3": {"steps": 100, "learning_rate": 1e-3},
    "100, rate 1e-2": {"steps": 100, "learning_rate": 1e-2},
    "100, batch 32": {"steps": 100, "batch_size": 32},
    "100, batch 128": {"steps": 100, "batch_size": 128},
    "300 steps": {"steps": 300},
    "300, rate 1e-2": {"steps": 300, "learning_rate": 1e-2},
    "300, 3 rounds": {"steps": 300, "rounds": 3, "validation_images": 512},
    "100, look-ahead 1, 1": {"steps": 100, "look_ahead": (1, 1)},
    "100, relative look-ahead 1, 1": {"steps": 100, "look_ahead": (1, 1), "loss": "relative"},
    "100, relative + logits 0.1": {"steps": 100, "logit_weight": 0.1, "loss": "relative"},
    "100, relative + logits 1": {"steps": 100, "logit_weight": 1, "loss": "relative"},
    "100, look-ahead 1, 1, rate 1e-2": {
        "steps": 100,
        "look_ahead": (1, 1),
        "learning_rate": 1e-2,
    },
    "100, bfloat16": {"steps": 100, "precision": "bfloat16"},
    "100, channels last": {"steps": 100, "channels_last": True},
}


class Figures(NamedTuple):
    """Of one candidate after refinement."""

    relative_mse: float
    kl: float
    kl_error: float
    seconds: float


def main() -> None:
    """One table, a row a setting."""
    options = parser(__doc__)
    options.add_argument("--neighbourhoods", type=int, nargs="+", default=[4, 7])
    options.add_argument("--multipliers", type=float, nargs="+", default=[0.25, 0.5, 0.75])
    options.add_argument("--settings", nargs="+", default=list(SETTINGS))
    options.add_argument("--images", type=int, default=4000)
    given = options.parse_args()
    dataset = load_dataset(given.data)
    recipe = LibraryRecipe(
        kinds={"width": {"multiplier": tuple(given.multipliers)}},
        refinement_images=given.images,
        scoring_images=1000,
    )
    bench = Measuring(load_teacher(given.teacher), dataset, recipe)
    results: dict[str, Any] = {}
    for name in given.settings:
        found = {index: bench.figures(index, SETTINGS[name]) for index in given.neighbourhoods}
        results[name] = {str(k): [f._asdict() for f in v] for k, v in found.items()}
        print(_row(name, [one for each in found.values() for one in each]), flush=True)
    settings = {key: value for key, value in vars(given).items() if key not in {"data", "teacher"}}
    publish("refinement", settings, json.loads(json.dumps(results)))


class Measuring:
    """Drafts of a teacher, refined from the same start under many settings."""

    def __init__(self, teacher: Teacher, dataset: Dataset, recipe: LibraryRecipe) -> None:
        self.recipe = recipe
        self.materials = Materials(
            teacher, gather(teacher, dataset, recipe, silent), dataset, recipe
        )
        self._known: dict[int, tuple[Maker, Inputs]] = {}

    def figures(self, index: int, changes: dict[str, Any]) -> list[Figures]:
        """One for each multiplier below 1, refined together."""
        recipe = LibraryRecipe(**{**self.recipe.model_dump(), **changes})
        nb = self.materials.teacher.split.neighbourhoods[index]
        objective = Objective.of(self.materials.teacher, nb, recipe)
        drafts = self._drafts(index)
        stream = self._known[index][1]
        start = time.perf_counter()
        refine(drafts, objective, stream, recipe, silent)
        seconds = (time.perf_counter() - start) / len(drafts)
        return [self._measured(index, draft, seconds) for draft in drafts]

    def _drafts(self, index: int) -> list[Draft]:
        materials = self.materials
        nb = materials.teacher.split.neighbourhoods[index]
        if index not in self._known:
            calibration = materials.calibration(nb, self.recipe.calibration_images)
            bench = Bench(materials.teacher, nb, materials.statistics, self.recipe, calibration)
            refinement = materials.refinement(Objective.of(materials.teacher, nb, self.recipe))
            self._known[index] = maker_of("width", bench), refinement
        maker = self._known[index][0]
        multipliers = self.recipe.kinds["width"]["multiplier"]
        return [maker.make({"multiplier": k}) for k in multipliers if float(k) < 1]

    def _measured(self, index: int, draft: Draft, seconds: float) -> Figures:
        materials = self.materials
        nb, teacher = materials.teacher.split.neighbourhoods[index], materials.teacher
        scoring = materials.scoring(nb)
        logits = materials.statistics.scoring_logits
        partial = teacher.partial(nb, draft.network)
        kl = score(partial, scoring, logits, scoring.images.labels).kl
        with torch.inference_mode():
            inputs = torch.cat(list(scoring.advanced(teacher.entering(nb))))
            wanted = teacher.part(nb)(inputs)
            gap = float((draft.network(inputs) - wanted).square().mean() / wanted.var())
        return Figures(gap, kl.value, kl.standard_error, seconds)


def _row(name: str, found: Sequence[Figures]) -> str:
    errors = " ".join(f"{each.relative_mse:8.5f}" for each in found)
    kls = " ".join(f"{each.kl:7.4f}" for each in found)
    seconds = sum(each.seconds for each in found) / len(found)
    return f"{name:32}| {errors} | {kls} | {seconds:6.2f} s"


if __name__ == "__main__":
    main()
