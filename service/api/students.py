"""Routes of students."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from candidates.refinement_settings import RefinementSettings
from search.selection import Trial
from search.strategies import StrategyName
from service.api.answers import again, posted
from service.api.lists import AskedOf, SortOf
from service.api.parts import Parts, PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.students import MeasurementBody, NewStudentBody, StudentBody, StudentContext
from service.database import Session
from service.records import Origin, StudentRecord
from service.repositories import measurements, refinements, students, trials
from service.repositories.students import Wanted, Wish
from service.shelves import Shelves
from service.student_maker import Since

router = APIRouter(prefix="/v1/students", tags=["students"], route_class=Route)


async def _wanted(
    library: Annotated[str | None, Query(description="Only those of this one.")] = None,
    parent: Annotated[str | None, Query(description="Only those that came of this one.")] = None,
    origin: Origin | None = None,
    strategy: StrategyName | None = None,
) -> Wanted:
    return Wanted(library_id=library, parent_id=parent, origin=origin, strategy=strategy)


WantedOf = Annotated[Wanted, Depends(_wanted)]


@router.post(
    "",
    status_code=201,
    summary="Ask for a student",
    responses=again(StudentBody),
    dependencies=[Depends(takes(JSON))],
)
async def post(body: NewStudentBody, parts: PartsOf, response: Response) -> StudentBody:
    """Selected and assembled at once from a library that is ready."""
    return await parts.selections.run(partial(_made, body, parts, response))


@router.get("", summary="List students")
def listing(
    session: Reading,
    parts: PartsOf,
    asked: AskedOf,
    wanted: WantedOf,
    sort: SortOf = "-created_at",
) -> Items[StudentBody]:
    """Newest first."""
    found = students.listing(session, asked.page, wanted, sort)
    return Items(
        items=[_body(session, parts.shelves, record) for record in found.items], next=found.next
    )


@router.get("/{student_id}", summary="Show a student")
def show(student_id: str, session: Reading, parts: PartsOf) -> StudentBody:
    """What was predicted, and beside it what was measured, once it was."""
    return _body(session, parts.shelves, students.get(session, student_id))


@router.delete("/{student_id}", status_code=204, summary="Delete a student")
def delete(student_id: str, session: Writing) -> None:
    """With its trials and its measurement; refused while it is being measured or refined, and
    before those that came of it.
    """
    students.delete(session, student_id)


@router.get("/{student_id}/trials", summary="List the trials that led to a student")
def list_trials(student_id: str, session: Reading, asked: AskedOf) -> Items[Trial]:
    """In their order; empty for strategies that do not try."""
    students.get(session, student_id)
    found = trials.listing(session, student_id, asked.page)
    return asked.answer(found, found.items)


@router.post(
    "/{student_id}/measurements",
    status_code=202,
    summary="Measure a student",
    responses=again(MeasurementBody),
)
def measure(student_id: str, session: Writing, response: Response) -> MeasurementBody:
    """A job refits the student and measures it on the reporting images."""
    found = measurements.post(session, student_id)
    note = posted(response, found.made, f"/v1/students/{student_id}")
    return MeasurementBody.of(found.record, note)


def _made(body: NewStudentBody, parts: Parts, response: Response) -> StudentBody:
    wish = Wish(
        library_id=body.library, budget=body.budget, strategy=body.strategy, settings=body.settings
    )
    product = parts.maker.make(wish)
    note = posted(response, product.made, f"/v1/students/{product.student.id}", success=201)
    if product.since is not None:
        note = f"{note} {_now(product.student, product.since)}"
    if body.refine:
        note = " ".join(filter(None, (note, _refine(parts, product.student.id))))
    context = StudentContext.of(product.teacher, product.chosen)
    return StudentBody.of(product.student, context, note)


def _refine(parts: Parts, student_id: str) -> str:
    """Returns what there is to know about it."""
    with parts.database.writing() as session:
        record = refinements.post(session, student_id, RefinementSettings()).record
    return f"The job '{record.job_id}' refines it: see /v1/students/{student_id}/refinements."


def _now(student: StudentRecord, since: Since) -> str:
    """What to know of a prediction that is older than measurements."""
    accuracy, num = since.prediction, since.num_measured
    measured = "1 student was" if num == 1 else f"{num} students were"
    return (
        f"It was chosen and predicted on {student.created_at:%F at %R} UTC; {measured} measured in "
        f"its library since, after which {accuracy.value:.2f} ± {accuracy.standard_error:.2f} % "
        "are predicted for it. To have a student chosen by what is known now, delete this one and "
        "post again, or ask for a budget that differs a little."
    )


def _body(session: Session, shelves: Shelves, record: StudentRecord) -> StudentBody:
    shelf = shelves.of_student(session, record)
    chosen = shelf.chosen(session, record.selection.choices)
    return StudentBody.of(record, StudentContext.of(shelf.teacher, chosen))
