"""Library: all candidates of a neighbourhood, made, refined, made true and scored."""

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from candidates.batch_norm import restate
from candidates.candidate import Candidate, Kept, identity
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.distil import refine
from candidates.materials import Materials
from candidates.narrow import shrink
from candidates.neighbourhood import Neighbourhood
from candidates.progress import Progress
from candidates.score import score
from candidates.tensors import checkpoint_of, state_of
from candidates.width import WidthMaker

NOT_IN_WEIGHTS = {"multipliers", "scoring_images", "memory_limit_mb"}
"""Recipe fields that do not change a candidate's weights, and so not its identity."""

Known = Callable[[str], tuple[Checkpoint, Kept] | None]
"""Looks an identity up: the weights and kept channels of a candidate that was made before."""


class Made(NamedTuple):
    """A candidate with its weights, which have the teacher's parameter names."""

    identity: str
    candidate: Candidate
    weights: Checkpoint


def make_candidates(
    materials: Materials, neighbourhood: Neighbourhood, known: Known, progress: Progress
) -> list[Made]:
    """One width candidate for every multiplier of the recipe, ascending.

    A candidate that is `known` is only scored again. `progress` counts finished candidates, and
    is called in between as well so that the work can be stopped.
    """
    total = len(materials.recipe.multipliers)
    drafts = _drafts(materials, neighbourhood, known, lambda _done, _all: progress(0, total))
    stream = materials.scoring(neighbourhood)
    head = materials.teacher.head(neighbourhood)
    logits, labels = materials.statistics.scoring_logits, stream.images.labels
    result = []
    for draft in drafts:
        cost = cost_of(draft.module, stream.at(slice(0, 1)))
        scored = score(draft.module, head, stream, logits, labels)
        candidate = Candidate(
            neighbourhood=neighbourhood.name,
            kind="width",
            knobs={"multiplier": draft.multiplier},
            kept=draft.kept,
            cost=cost,
            score=scored,
        )
        result.append(Made(draft.identity, candidate, checkpoint_of(draft.module.state_dict())))
        progress(len(result), total)
    return result


class _Draft(NamedTuple):
    """A candidate whose weights may still change (`open`), or not (known, or the teacher's)."""

    identity: str
    multiplier: float
    kept: Kept
    module: nn.Module
    open: bool


def _drafts(
    materials: Materials, neighbourhood: Neighbourhood, known: Known, progress: Progress
) -> list[_Draft]:
    """All candidates with their weights final, but not yet scored."""
    teacher, recipe = materials.teacher, materials.recipe
    calibration = materials.calibration(neighbourhood, recipe.calibration_images)
    maker = WidthMaker(teacher, neighbourhood, materials.statistics, recipe.ridge)
    identities = _identities(materials, neighbourhood)
    drafts = []
    for multiplier, name in identities.items():
        if (found := known(name)) is not None:
            weights, kept = found
            module = _restored(materials, neighbourhood, weights, kept)
            drafts.append(_Draft(name, multiplier, kept, module, open=False))
        else:
            kept = maker.kept(multiplier)
            module = maker.make(kept, calibration)
            drafts.append(_Draft(name, multiplier, kept, module, open=bool(kept)))
        progress(0, 1)
    unfinished = [draft.module for draft in drafts if draft.open]
    if unfinished and recipe.steps:
        images = materials.calibration(neighbourhood, recipe.refinement_images)
        refine(unfinished, teacher.part(neighbourhood), images, recipe, progress)
    for module in unfinished:
        restate(module, calibration)
    return drafts


def _restored(
    materials: Materials, neighbourhood: Neighbourhood, weights: Checkpoint, kept: Kept
) -> nn.Module:
    module = materials.teacher.copy_of(neighbourhood)
    shrink(module, neighbourhood.widths, kept)
    module.load_state_dict(state_of(weights))
    return module


def _identities(materials: Materials, neighbourhood: Neighbourhood) -> dict[float, str]:
    """By multiplier, a digest of what determines a candidate's weights.

    The weights of the root are left out: a new teacher whose block did not change reuses what was
    solved for it on the old activations, and only the scores, which always are new, tell how well.
    """
    names = materials.teacher.part(neighbourhood).state_dict()
    recipe = materials.recipe
    num_images = max(recipe.calibration_images, recipe.refinement_images)
    images = materials.dataset.calibration.sample(num_images, recipe.seed)
    common = {
        "weights": materials.teacher.checkpoint.digest(names),
        "kind": "width",
        "teacher": materials.teacher.recipe.model_dump(exclude={"kwargs"}, mode="json"),
        "recipe": recipe.model_dump(exclude=NOT_IN_WEIGHTS, mode="json"),
        "images": images.digest(),
    }
    return {
        multiplier: identity(**common, knobs={"multiplier": multiplier})
        for multiplier in recipe.multipliers
    }
