"""Downloads of students' files and of teachers' own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from candidates.export.facts import Facts
from candidates.export.formats import FORMATS, FormatName
from service.api.downloads import responses, send, with_head
from service.api.parts import Parts, PartsOf, Reading
from service.api.routes import Route
from service.database import Session
from service.failures import ResourceNotReady
from service.records import StoredFile, StudentRecord
from service.repositories import students, teachers
from service.student_facts import student_facts

router = APIRouter(prefix="/v1", route_class=Route)

FORMATS_SAY = " ".join(f"{name}: {format.says}" for name, format in FORMATS.items())
STUDENT, TEACHER = "/students/{student_id}/checkpoint", "/teachers/{teacher_id}/network"


@with_head(router, STUDENT)
@router.get(
    STUDENT,
    tags=["students"],
    summary="Download a student",
    response_class=FileResponse,
    responses=responses(each.media_type for each in FORMATS.values()),
)
def student(
    student_id: str,
    request: Request,
    parts: PartsOf,
    format: Annotated[FormatName, Query(description=FORMATS_SAY)] = "safetensors",
    refitted: Annotated[bool, Query(description="The file after the measurement's refit.")] = False,
) -> Response:
    """Takes Range, If-Range and If-None-Match, so that a cut download goes on where it stopped.

    Other formats than safetensors are written when they are first asked for, which takes seconds.
    """
    with parts.database.reading() as session:
        record = students.get(session, student_id)
        file = _refitted(record) if refitted else record.file
        facts = _facts(session, parts, record) if format == "zip" else Facts()
    if format != "safetensors":
        file = parts.exports.file(file, format, facts)
    name = f"{student_id}{'-refitted' if refitted else ''}{FORMATS[format].suffix}"
    return send(request, parts.artifacts, file, name, FORMATS[format].media_type)


@with_head(router, TEACHER)
@router.get(
    TEACHER,
    tags=["teachers"],
    summary="Download a teacher's own file",
    response_class=FileResponse,
    responses=responses(),
)
def teacher(teacher_id: str, request: Request, session: Reading, parts: PartsOf) -> Response:
    """The network with its weights, whatever it was posted as: what fine-tuning a student needs."""
    file = teachers.get_ready(session, teacher_id).network
    assert file is not None, "a ready teacher has its own file"
    return send(request, parts.artifacts, file, f"{teacher_id}.safetensors")


def _facts(session: Session, parts: Parts, record: StudentRecord) -> Facts:
    shelf = parts.shelves.of_student(session, record)
    return student_facts(record, shelf.teacher, shelf.chosen(session, record.selection.choices))


def _refitted(student: StudentRecord) -> StoredFile:
    """Raises ResourceNotReady while there is none."""
    measurement = student.measurement
    if measurement is None or measurement.file is None:
        state = "not measured" if measurement is None else measurement.state
        raise ResourceNotReady("measurement of student", student.id, state)
    return measurement.file
