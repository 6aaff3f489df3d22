"""Resources for the tests, brought to the state they need by the ledger, as workers would."""

from candidates.candidate import Candidate, Cost, Course, Estimate, Score, identity
from candidates.graph.neighbourhood import Neighbourhood, Split, Width
from candidates.recipe import LibraryRecipe, Preprocessing, TeacherRecipe
from service.database import Database
from service.ledger import Ledger, Write
from service.records import DatasetContents, DatasetRecord, LibraryRecord, StoredFile, TeacherRecord
from service.repositories import candidates, datasets, libraries, teachers
from service.repositories.candidates import NewCandidate

ESTIMATE = Estimate(value=90.0, standard_error=0.5)
COST = Cost(parameters=1000, macs=2000, bytes=4000)
FILE = StoredFile(sha256="f" * 64, size_bytes=100)
CONTENTS = DatasetContents(
    classes=("cat", "dog"), shape=(3, 32, 32), num_calibration=6, num_scoring=2, num_reporting=2
)
RECIPE = TeacherRecipe(
    architecture="cifar_resnet20",
    input=(3, 32, 32),
    preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)),
)
NUM_NEIGHBOURHOODS = 3


def digest(text: str) -> str:
    return identity(text=text)


def split() -> Split:
    parts = tuple(_neighbourhood(index) for index in range(NUM_NEIGHBOURHOODS))
    return Split(neighbourhoods=parts, left_out=(), coverage=0.9, shrinkable=0.9)


def new_dataset(name: str = "pets") -> datasets.NewDataset:
    return datasets.NewDataset(name=name, digest=digest(name), source_sha256=digest(name))


def new_teacher(name: str = "net") -> teachers.NewTeacher:
    weights = StoredFile(sha256=digest(name), size_bytes=10)
    return teachers.NewTeacher(name=name, recipe=RECIPE, weights=weights)


def score(kl: float = 0.1) -> Score:
    loss = Estimate(value=kl, standard_error=0.01)
    return Score(
        accuracy=ESTIMATE,
        accuracy_drop=loss,
        kl=loss,
        logit_mse=loss,
        agreement=ESTIMATE,
        num_images=2,
    )


def new_candidate(index: int, multiplier: float) -> NewCandidate:
    name = f"layer{index}"
    candidate = Candidate(
        neighbourhood=name,
        kind="width",
        knobs={"multiplier": multiplier},
        kept={f"{name}.conv1": (0, 2)},
        cost=Cost(parameters=int(1000 * multiplier), macs=3_000_000_000, bytes=4000),
        score=score(1 - multiplier),
        course=Course(steps=8, stopped="It was far from the curve."),
    )
    made = identity(index=index, multiplier=multiplier)
    return NewCandidate(identity=made, candidate=candidate, weights_sha256=digest(made))


def gathered() -> libraries.Gathered:
    return libraries.Gathered(sha256=FILE.sha256, accuracy=ESTIMATE, split=split(), fixed_cost=COST)


def do_next_unit(ledger: Ledger, write: Write = lambda session: None) -> None:
    """Claim a unit and commit it with this result."""
    unit = ledger.claim("worker")
    assert unit is not None
    ledger.complete(unit, write)


def ready_dataset(database: Database, ledger: Ledger, name: str = "pets") -> DatasetRecord:
    with database.writing() as session:
        record = datasets.post(session, new_dataset(name)).record
    do_next_unit(ledger, lambda s: datasets.finish(s, record.id, FILE.sha256, CONTENTS))
    with database.reading() as session:
        return datasets.get_ready(session, record.id)


def ready_teacher(database: Database, ledger: Ledger, name: str = "net") -> TeacherRecord:
    with database.writing() as session:
        record = teachers.post(session, new_teacher(name)).record
    checked = teachers.CheckedTeacher(
        network=FILE, num_classes=10, split=split(), cost=COST, fixed_cost=COST
    )
    do_next_unit(ledger, lambda s: teachers.finish(s, record.id, checked))
    with database.reading() as session:
        return teachers.get_ready(session, record.id)


def pending_library(
    database: Database, ledger: Ledger, recipe: LibraryRecipe | None = None
) -> LibraryRecord:
    new = libraries.NewLibrary(
        teacher_id=ready_teacher(database, ledger).id,
        dataset_id=ready_dataset(database, ledger).id,
        recipe=recipe or LibraryRecipe(kinds={"width": {"multiplier": (0.5,)}}),
    )
    with database.writing() as session:
        return libraries.post(session, new).record


def ready_library(database: Database, ledger: Ledger) -> LibraryRecord:
    library = pending_library(database, ledger)
    finish_library(ledger, library.id)
    with database.reading() as session:
        return libraries.get_ready(session, library.id)


def finish_library(ledger: Ledger, library_id: str) -> None:
    """Do all units of a library that is the only thing to do."""
    do_next_unit(ledger, lambda s: libraries.note_statistics(s, library_id, gathered()))
    while (unit := ledger.claim("worker")) is not None:
        index = unit.payload["index"]
        made = [new_candidate(index, 0.5), new_candidate(index, 1.0)]
        ledger.complete(
            unit, lambda s, index=index, made=made: candidates.add_all(s, library_id, index, made)
        )


def _neighbourhood(index: int) -> Neighbourhood:
    name = f"layer{index}"
    width = Width(
        name=f"{name}.conv1",
        size=4,
        producers=(f"{name}.conv1",),
        consumers=(f"{name}.conv2",),
    )
    return Neighbourhood(
        name=name,
        index=index,
        input=f"{name}_in",
        output=f"{name}_out",
        cut=f"{name}_in",
        modules=(f"{name}.conv1", f"{name}.bn1", f"{name}.conv2"),
        widths=(width,),
        num_parameters=1000,
    )
