"""Library: all candidates of a neighbourhood, made, refined, made true and scored."""

import shutil
from collections.abc import Callable, Sequence
from typing import NamedTuple

from candidates.assembly import program_of, with_program
from candidates.batch_norm import restate
from candidates.bench import Bench
from candidates.candidate import Candidate, Course, Kept, Omitted, identity
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.distil import refine
from candidates.draft import Draft
from candidates.errors import NotApplicable
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.kinds.maker import Maker, maker_of
from candidates.kinds.registry import Knobs
from candidates.materials import Materials
from candidates.objective import Objective
from candidates.progress import Progress, Saved, unnoted
from candidates.racing import race
from candidates.savings import Savings
from candidates.score import compare, score
from candidates.tensors import checkpoint_of, state_of

NOT_IN_WEIGHTS = {"kinds", "scoring_images", "racing", "memory_limit_mb", "spill_mb", "fused"}
"""Recipe fields that do not change a candidate's weights, and so not its identity; with `halving`
the other candidates do.
"""

COURSE_KEY = "refinement"
"""Metadata of a candidate's file: the steps that it took, and why it stopped before the last."""

SAVED_EVERY = 100
"""Steps of refinement that a killed process may cost."""

Known = Callable[[str], tuple[Checkpoint, Kept] | None]
"""Looks an identity up: the file and the kept indices of a candidate that was made before."""


class Made(NamedTuple):
    """A candidate with its file, which holds its program and, under the teacher's names, its
    tensors.
    """

    identity: str
    candidate: Candidate
    weights: Checkpoint


class Harvest(NamedTuple):
    """Everything that the recipe asks for at one neighbourhood, in the order of its grid."""

    made: list[Made]
    omitted: list[Omitted]


def make_candidates(
    materials: Materials,
    neighbourhood: Neighbourhood,
    known: Known,
    progress: Progress,
    saved: Saved = unnoted,
) -> Harvest:
    """One candidate for every entry of the recipe's grid, or the reason why there is none.

    A candidate that is `known` is only scored again. `progress` counts finished candidates, and
    is called in between as well so that the work can be stopped; `saved` is called whenever the
    refinement has kept more of its state.
    """
    total = len(materials.recipe.grid())

    def beat(_done: int, _all: int) -> None:
        progress(0, total)

    bench = _bench(materials, neighbourhood)
    entries, omitted = _drafted(materials, bench, known, beat)
    savings = _savings(materials, entries, saved)
    courses = _refined(entries, materials, bench, beat, savings)
    progress(len(omitted), total)
    stream = materials.scoring(neighbourhood)
    entering = materials.calibration(neighbourhood, 1).at(slice(0, 1))
    logits, labels = materials.statistics.scoring_logits, stream.images.labels
    partials = [materials.teacher.partial(neighbourhood, each.draft.network) for each in entries]
    beside = materials.teacher.beside(neighbourhood)
    costs = [cost_of(entry.draft.network, entering, beside) for entry in entries]
    scores = (
        race(partials, stream, logits, labels, costs)
        if materials.recipe.racing
        else (
            score(partial, stream, logits, labels)
            if _differs(entry.draft, bench)
            else compare(logits, logits, labels)
            for entry, partial in zip(entries, partials, strict=True)
        )
    )
    made = []
    for entry, cost, scored in zip(entries, costs, scores, strict=True):
        candidate = Candidate(
            neighbourhood=neighbourhood.name,
            kind=entry.kind,
            knobs=entry.knobs,
            kept=entry.draft.kept,
            cost=cost,
            score=scored,
            course=courses.get(entry.identity, entry.course),
        )
        file = candidate_checkpoint(entry.draft.network, candidate.course)
        made.append(Made(entry.identity, candidate, file))
        progress(len(omitted) + len(made), total)
    if savings is not None:
        shutil.rmtree(savings.path.parent)
    return Harvest(made, omitted)


def candidate_checkpoint(network: Network, course: Course | None = None) -> Checkpoint:
    """A candidate's file, with how it was refined, if it was."""
    metadata = {} if course is None else {COURSE_KEY: course.model_dump_json()}
    return with_program(checkpoint_of(network.tensors(), metadata), network.program)


def load_candidate(file: Checkpoint) -> Network:
    """The candidate in a file of our own making, in eval mode."""
    return Network(program_of(file), state_of(file)).eval()


def _course_of(file: Checkpoint) -> Course | None:
    told = file.metadata.get(COURSE_KEY)
    return None if told is None else Course.model_validate_json(told)


class _Entry(NamedTuple):
    """A candidate whose weights may still change (`open`), or not (known, or the teacher's)."""

    identity: str
    kind: str
    knobs: Knobs
    draft: Draft
    open: bool
    course: Course | None = None


def _bench(materials: Materials, neighbourhood: Neighbourhood) -> Bench:
    recipe = materials.recipe
    calibration = materials.calibration(neighbourhood, recipe.calibration_images)
    return Bench(materials.teacher, neighbourhood, materials.statistics, recipe, calibration)


def _drafted(
    materials: Materials, bench: Bench, known: Known, progress: Progress
) -> tuple[list[_Entry], list[Omitted]]:
    """All candidates, as good as they get without a gradient."""
    recipe, neighbourhood = materials.recipe, bench.neighbourhood
    common = _common_identity(materials, neighbourhood)
    makers: dict[str, Maker] = {}
    entries, omitted = [], []
    for kind, knobs in recipe.grid():
        name = identity(**common, kind=kind, knobs=knobs)
        if (found := known(name)) is not None:
            draft = Draft(load_candidate(found[0]), found[1])
            entries.append(_Entry(name, kind, knobs, draft, False, _course_of(found[0])))
            progress(0, 1)
            continue
        try:
            if kind not in makers:
                makers[kind] = maker_of(kind, bench)
            draft = makers[kind].make(knobs)
            entries.append(_Entry(name, kind, knobs, draft, open=_differs(draft, bench)))
        except NotApplicable as exc:
            omitted.append(
                Omitted(neighbourhood=neighbourhood.name, kind=kind, knobs=knobs, reason=str(exc))
            )
        progress(0, 1)
    return entries, omitted


def _savings(materials: Materials, entries: Sequence[_Entry], saved: Saved) -> Savings | None:
    """Where the refinement of these candidates keeps its state, in a folder of its own."""
    names = [entry.identity for entry in entries if entry.open]
    if materials.unfinished is None or not names or not materials.recipe.steps:
        return None
    purpose = identity(refinement=names)
    folder = materials.unfinished / purpose
    folder.mkdir(exist_ok=True)
    every = min(SAVED_EVERY, materials.recipe.steps)
    return Savings(folder / "state", every, purpose, saved)


def _refined(
    entries: Sequence[_Entry],
    materials: Materials,
    bench: Bench,
    progress: Progress,
    savings: Savings | None,
) -> dict[str, Course]:
    """Give open drafts their final weights; how each was refined, by identity."""
    recipe, entries = materials.recipe, [entry for entry in entries if entry.open]
    drafts = [entry.draft for entry in entries]
    courses: list[Course] = []
    if drafts:
        objective = Objective.of(materials.teacher, bench.neighbourhood, recipe)
        inputs = materials.refinement(objective)
        courses = refine(drafts, objective, inputs, recipe, progress, savings)
    for draft in drafts:
        restate(draft.network, bench.calibration)
    names = [entry.identity for entry in entries]
    return dict(zip(names, courses, strict=True)) if recipe.steps else {}


def _differs(draft: Draft, bench: Bench) -> bool:
    """Whether there is anything to learn: the teacher's own part is finished."""
    if draft.constraint is not None:
        return True
    return draft.network.program != bench.part.program or not _same(draft.network, bench.part)


def _same(network: Network, part: Network) -> bool:
    theirs = part.tensors()
    return all(values.equal(theirs[name]) for name, values in network.tensors().items())


def _common_identity(materials: Materials, neighbourhood: Neighbourhood) -> dict[str, object]:
    """What determines the weights of all candidates of a neighbourhood.

    The weights of the root are left out: a new teacher whose block did not change reuses what was
    solved for it on the old activations, and only the scores, which always are new, tell how well.
    """
    program = materials.teacher.part(neighbourhood).program
    recipe = materials.recipe
    num_images = max(recipe.calibration_images, recipe.refinement_images)
    images = materials.dataset.calibration.sample(num_images, recipe.seed)
    left_out = NOT_IN_WEIGHTS - {"kinds"} if recipe.halving else NOT_IN_WEIGHTS
    return {
        "weights": materials.teacher.checkpoint.digest(program.tensors()),
        "program": program.model_dump(mode="json"),
        "teacher": materials.teacher.recipe.model_dump(exclude={"kwargs"}, mode="json"),
        "recipe": recipe.model_dump(exclude=left_out, mode="json"),
        "images": images.digest(),
    }
