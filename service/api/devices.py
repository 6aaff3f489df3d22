"""Routes of devices, and of what measuring one needs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from service.api.answers import again, posted
from service.api.downloads import REVALIDATED, send_bytes, with_head
from service.api.lists import AskedOf
from service.api.parts import Parts, PartsOf, Reading, Writing
from service.api.routes import Route
from service.api.uploads import JSON, takes
from service.bodies.common import Items
from service.bodies.devices import (
    DeviceBody,
    LatencyTableBody,
    NewDeviceBody,
    NewStudentLatencyBody,
    StudentLatencyBody,
)
from service.database import Session
from service.device_records import StudentLatencyRecord
from service.failures import LatenciesMissing
from service.latency_kit import latency_kit
from service.measure_latency import one_file
from service.repositories import candidates, devices, libraries, students, teachers
from service.repositories.devices import NewStudentLatency

RuntimeOf = Annotated[
    Literal["torch", "onnxruntime"], Query(description="What is to run the networks.")
]
SCRIPT_TYPE = "text/x-python"
SCRIPT_PATH = "/devices/measure_latency.py"
KIT_PATH = "/libraries/{library_id}/latency-kit"

router = APIRouter(prefix="/v1", tags=["devices"], route_class=Route)


@router.post(
    "/devices",
    status_code=201,
    summary="Post a device",
    responses=again(DeviceBody),
    dependencies=[Depends(takes(JSON))],
)
def post(body: NewDeviceBody, session: Writing, parts: PartsOf, response: Response) -> DeviceBody:
    """With the latencies of one library; those of another join it by the same name."""
    new = body.new
    shelf = parts.shelves.of(session, new.library_id)
    problem = shelf.problem
    assert shelf.library.split is not None, "a ready library knows its neighbourhoods"
    new.table.check(shelf.library.split, problem)
    found = devices.post(session, new)
    note = posted(response, found.made, f"/v1/devices/{found.record.id}", success=201)
    return DeviceBody.of(found.record, note)


@router.get("/devices", summary="List devices")
def listing(session: Reading, asked: AskedOf) -> Items[DeviceBody]:
    """Newest first."""
    found = devices.listing(session, asked.page)
    return asked.answer(found, [DeviceBody.of(record) for record in found.items])


@with_head(router, SCRIPT_PATH)
@router.get(
    SCRIPT_PATH,
    summary="Download the script that measures a device",
    response_class=FileResponse,
    responses={**REVALIDATED, 200: {"content": {SCRIPT_TYPE: {"schema": {"type": "string"}}}}},
)
def script(request: Request) -> Response:
    """One file that needs Python and torch or ONNX Runtime, and nothing of this service."""
    named = {"content-disposition": f'attachment; filename="{one_file.NAME}"'}
    return send_bytes(request, one_file.script(), SCRIPT_TYPE, named)


@router.get("/devices/{device}", summary="Show a device")
def show(device: str, session: Reading) -> DeviceBody:
    """By its id or its name."""
    return DeviceBody.of(devices.get(session, device))


@router.delete("/devices/{device}", status_code=204, summary="Delete a device")
def delete(device: str, session: Writing) -> None:
    """With all that was measured on it; students keep the latencies that they were promised."""
    devices.delete(session, device)


@router.get("/devices/{device}/tables/{library_id}", summary="Show a latency table")
def show_table(device: str, library_id: str, session: Reading) -> LatencyTableBody:
    """What was measured of a library on a device."""
    key = devices.table_key(session, device, library_id)
    return LatencyTableBody.of(devices.table(session, key.table_id))


@router.post(
    "/devices/{device}/students",
    status_code=201,
    summary="Post a student's latency",
    responses=again(StudentLatencyBody),
    dependencies=[Depends(takes(JSON))],
)
def post_student(
    device: str, body: NewStudentLatencyBody, session: Writing, parts: PartsOf, response: Response
) -> StudentLatencyBody:
    """As it was measured on the device, so that the sum of its parts can be checked."""
    new = NewStudentLatency(
        device_id=devices.get(session, device).id,
        student_id=body.student,
        latency=body.latency,
        setting=body.setting,
    )
    found = devices.post_student(session, new)
    path = f"/v1/devices/{new.device_id}/students"
    note = posted(response, found.made, path, success=201)
    return StudentLatencyBody.of(found.record, _predicted_ms(session, parts, found.record), note)


@router.get("/devices/{device}/students", summary="List the students measured on a device")
def list_students(
    device: str, session: Reading, parts: PartsOf, asked: AskedOf
) -> Items[StudentLatencyBody]:
    """Newest first, each beside the sum of its parts."""
    found = devices.students(session, devices.get(session, device).id, asked.page)
    items = [
        StudentLatencyBody.of(record, _predicted_ms(session, parts, record))
        for record in found.items
    ]
    return asked.answer(found, items)


@with_head(router, KIT_PATH)
@router.get(
    KIT_PATH,
    tags=["libraries"],
    summary="Download what measuring a library needs",
    response_class=JSONResponse,
    responses=REVALIDATED,
)
def kit(
    library_id: str,
    request: Request,
    session: Reading,
    parts: PartsOf,
    runtime: RuntimeOf = "torch",
) -> Response:
    """Programs and shapes of the teacher and all candidates for measure_latency.py; no weights.

    For ONNX Runtime every network is there as a model as well, which takes seconds to write.
    """
    library = libraries.get_ready(session, library_id)
    teacher = teachers.get_ready(session, library.teacher_id)
    assert teacher.network is not None, "a ready teacher has its own file"
    assert library.split is not None, "a ready library knows its neighbourhoods"
    place = parts.artifacts.place
    files = candidates.weights(session, library_id).items()
    made = latency_kit(
        library_id,
        place(teacher.network.sha256),
        library.split,
        ((candidate, place(sha256)) for candidate, sha256 in files),
    )
    if runtime == "onnxruntime":
        made = parts.exports.models(made)
    return send_bytes(request, bytes(JSONResponse(made).body), "application/json", {})


def _predicted_ms(session: Session, parts: Parts, record: StudentLatencyRecord) -> float | None:
    student = students.get(session, record.student_id)
    try:
        key = devices.table_key(session, record.device_id, student.library_id)
    except LatenciesMissing:
        return None
    return devices.table(session, key.table_id).total_ms(student.selection.choices)
