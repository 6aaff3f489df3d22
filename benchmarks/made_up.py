"""Made up: a finished library of any size in a service's store, without training anything.

Real rows and real files, brought there by the ledger as workers would; only the numbers in them
are invented. For measuring the service alone.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import made_up_network
from benchmarks.made_up_network import CHANNELS, NUM_CLASSES
from candidates.candidate import Candidate, Cost, Estimate, Score, identity
from candidates.graph.neighbourhood import Neighbourhood, Split
from candidates.recipe import LibraryRecipe, Preprocessing, TeacherRecipe
from service.artifacts import Artifacts
from service.database import Database
from service.ledger import Ledger, Write
from service.records import DatasetContents
from service.repositories import candidates, datasets, libraries, teachers
from service.repositories.candidates import NewCandidate
from service.settings import Settings

SIDE = 32
FIXED = Cost(parameters=1200, macs=450_000, bytes=4800)
RECIPE = TeacherRecipe(
    architecture="cifar_resnet32",
    input=(3, SIDE, SIDE),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)),
)
CONTENTS = DatasetContents(
    classes=("cat", "dog"), shape=(3, 32, 32), num_calibration=6, num_scoring=2, num_reporting=2
)
EXACT = Estimate(value=90.0, standard_error=0.3)


@dataclass(frozen=True)
class Store:
    """A service's database and files, seen from below."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    ledger: Ledger

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """With its tables; the service itself need not run."""
        database = Database(settings.sqlalchemy_url)
        database.migrate()
        artifacts = Artifacts.of(settings)
        return cls(settings, database, artifacts, Ledger(database, settings))

    def do_unit(self, write: Write) -> None:
        """Claim the next unit and commit it with this result."""
        unit = self.ledger.claim("made up")
        assert unit is not None
        self.ledger.complete(unit, write)


def make_library(store: Store, num_neighbourhoods: int, num_candidates: int, seed: int) -> str:
    """The id of a library of residual blocks; each block has candidates of all its widths."""
    random = np.random.default_rng(seed)
    split = made_up_network.split(num_neighbourhoods)
    multipliers = tuple((n + 1) / num_candidates for n in range(num_candidates))
    library = libraries.NewLibrary(
        teacher_id=_teacher(store, split, seed),
        dataset_id=_dataset(store),
        recipe=LibraryRecipe(kinds={"width": {"multiplier": multipliers}}),
    )
    with store.database.writing() as session:
        library_id = libraries.post(session, library).record.id
    gathered = libraries.Gathered(sha256="0" * 64, accuracy=EXACT, split=split, fixed_cost=FIXED)
    store.do_unit(lambda s: libraries.note_statistics(s, library_id, gathered))
    for part in split.neighbourhoods:
        made = [_candidate(store, part, multiplier, random) for multiplier in multipliers]
        store.do_unit(
            partial(
                candidates.add_all,
                library_id=library_id,
                neighbourhood_index=part.index,
                made=made,
            )
        )
    return library_id


def _dataset(store: Store) -> str:
    new = datasets.NewDataset(name="made up", digest="1" * 64, source_sha256="1" * 64)
    with store.database.writing() as session:
        dataset_id = datasets.post(session, new).record.id
    store.do_unit(lambda s: datasets.finish(s, dataset_id, "1" * 64, CONTENTS))
    return dataset_id


def make_teacher(store: Store, content: bytes) -> str:
    """The id of a teacher whose own file is this, whatever it is."""
    return _made_teacher(store, made_up_network.split(1), FIXED, content)


def _teacher(store: Store, split: Split, seed: int) -> str:
    cost = FIXED
    for part in split.neighbourhoods:
        cost = cost + _cost(part, part.widths[0].size)
    own = made_up_network.teacher_file(split, RECIPE, np.random.default_rng(seed))
    return _made_teacher(store, split, cost, own.to_bytes())


def _made_teacher(store: Store, split: Split, cost: Cost, content: bytes) -> str:
    network = store.artifacts.put(content)
    new = teachers.NewTeacher(name="made up", recipe=RECIPE, weights=network)
    checked = teachers.CheckedTeacher(
        network=network, num_classes=NUM_CLASSES, split=split, cost=cost, fixed_cost=FIXED
    )
    with store.database.writing() as session:
        teacher_id = teachers.post(session, new).record.id
    store.do_unit(lambda s: teachers.finish(s, teacher_id, checked))
    return teacher_id


def _candidate(
    store: Store, part: Neighbourhood, multiplier: float, random: np.random.Generator
) -> NewCandidate:
    width = part.widths[0]
    kept = max(1, round(multiplier * width.size))
    file = made_up_network.candidate_file(part, kept, random)
    weights = store.artifacts.put(file.to_bytes())
    candidate = Candidate(
        neighbourhood=part.name,
        kind="width",
        knobs={"multiplier": multiplier},
        kept={width.name: tuple(range(kept))},
        cost=_cost(part, kept),
        score=_score(1 - kept / width.size, random),
    )
    made = identity(part=part.name, multiplier=multiplier)
    return NewCandidate(identity=made, candidate=candidate, weights_sha256=weights.sha256)


def _score(removed: float, random: np.random.Generator) -> Score:
    kl = removed**2 * float(random.uniform(0.05, 1))
    drop = 10 * kl + float(random.normal(0, 0.1))
    return Score(
        accuracy=Estimate(value=90 - drop, standard_error=0.3),
        accuracy_drop=Estimate(value=drop, standard_error=0.2),
        kl=Estimate(value=kl, standard_error=0.02 * kl),
        logit_mse=Estimate(value=kl, standard_error=0.02 * kl),
        num_images=2000,
    )


def _cost(part: Neighbourhood, kept: int) -> Cost:
    channels = part.widths[0].size
    weights = 2 * 9 * channels * kept
    positions = (SIDE * CHANNELS[0] // channels) ** 2
    parameters = weights + 2 * kept + 2 * channels
    return Cost(parameters=parameters, macs=weights * positions, bytes=4 * parameters)
