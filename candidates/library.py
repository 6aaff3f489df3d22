"""Library: all candidates of a neighbourhood, made, refined, made true and scored."""

from collections.abc import Callable
from typing import NamedTuple

from candidates.assembly import program_of, with_program
from candidates.batch_norm import restate
from candidates.candidate import Candidate, Kept, identity
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.distil import refine
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.materials import Materials
from candidates.progress import Progress
from candidates.score import score
from candidates.tensors import checkpoint_of, state_of
from candidates.width import WidthMaker

NOT_IN_WEIGHTS = {"multipliers", "scoring_images", "memory_limit_mb"}
"""Recipe fields that do not change a candidate's weights, and so not its identity."""

Known = Callable[[str], tuple[Checkpoint, Kept] | None]
"""Looks an identity up: the file and the kept indices of a candidate that was made before."""


class Made(NamedTuple):
    """A candidate with its file, which holds its program and, under the teacher's names, its
    tensors.
    """

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
    entering = materials.calibration(neighbourhood, 1).at(slice(0, 1))
    logits, labels = materials.statistics.scoring_logits, stream.images.labels
    result = []
    for draft in drafts:
        partial = materials.teacher.partial(neighbourhood, draft.network)
        scored = score(partial, stream, logits, labels)
        candidate = Candidate(
            neighbourhood=neighbourhood.name,
            kind="width",
            knobs={"multiplier": draft.multiplier},
            kept=draft.kept,
            cost=cost_of(draft.network, entering),
            score=scored,
        )
        result.append(Made(draft.identity, candidate, candidate_checkpoint(draft.network)))
        progress(len(result), total)
    return result


def candidate_checkpoint(network: Network) -> Checkpoint:
    """A candidate's file."""
    return with_program(checkpoint_of(network.tensors()), network.program)


def load_candidate(file: Checkpoint) -> Network:
    """The candidate in a file of our own making, in eval mode."""
    return Network(program_of(file), state_of(file)).eval()


class _Draft(NamedTuple):
    """A candidate whose weights may still change (`open`), or not (known, or the teacher's)."""

    identity: str
    multiplier: float
    kept: Kept
    network: Network
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
            file, kept = found
            drafts.append(_Draft(name, multiplier, kept, load_candidate(file), open=False))
        else:
            kept = maker.kept(multiplier)
            network = maker.make(kept, calibration)
            drafts.append(_Draft(name, multiplier, kept, network, open=bool(kept)))
        progress(0, 1)
    unfinished = [draft.network for draft in drafts if draft.open]
    if unfinished and recipe.steps:
        images = materials.calibration(neighbourhood, recipe.refinement_images)
        refine(unfinished, teacher.part(neighbourhood), images, recipe, progress)
    for network in unfinished:
        restate(network, calibration)
    return drafts


def _identities(materials: Materials, neighbourhood: Neighbourhood) -> dict[float, str]:
    """By multiplier, a digest of what determines a candidate's weights.

    The weights of the root are left out: a new teacher whose block did not change reuses what was
    solved for it on the old activations, and only the scores, which always are new, tell how well.
    """
    program = materials.teacher.part(neighbourhood).program
    recipe = materials.recipe
    num_images = max(recipe.calibration_images, recipe.refinement_images)
    images = materials.dataset.calibration.sample(num_images, recipe.seed)
    common = {
        "weights": materials.teacher.checkpoint.digest(program.tensors()),
        "program": program.model_dump(mode="json"),
        "kind": "width",
        "teacher": materials.teacher.recipe.model_dump(exclude={"kwargs"}, mode="json"),
        "recipe": recipe.model_dump(exclude=NOT_IN_WEIGHTS, mode="json"),
        "images": images.digest(),
    }
    return {
        multiplier: identity(**common, knobs={"multiplier": multiplier})
        for multiplier in recipe.multipliers
    }
