"""One of everything that a service may have."""

from typing import Any

import httpx2

from tests.service.api import test_devices
from tests.service.api.world import World


def everything(alice: World) -> dict[str, str]:
    """Made by its posts; the ids, by their parameters in paths. The job has ended."""
    student = alice.ready_student()
    alice.measure(student["id"])
    library = student["library"]
    refinement = made(alice.http.post(f"/v1/students/{student['id']}/refinements", json={}))
    shown = alice.http.get(f"/v1/libraries/{library}").json()
    device = made(test_devices.post(alice, library))
    made(alice.http.post(f"/v1/devices/{device['id']}/students", json=latency(student["id"])))
    survey = made(alice.http.post(f"/v1/libraries/{library}/surveys", json={"count": 2}))
    search = {"budget": {"parameters": 200}, "trials": 4}
    found = made(alice.http.post(f"/v1/libraries/{library}/searches", json=search))
    upload = made(alice.http.post("/v1/uploads", headers={"upload-length": "1"}))
    webhook = made(alice.http.post("/v1/webhooks", json={"url": "https://1.1.1.1/told"}))
    return {
        "dataset_id": shown["dataset"],
        "teacher_id": shown["teacher"],
        "library_id": library,
        "student_id": student["id"],
        "refinement_id": refinement["id"],
        "survey_id": survey["id"],
        "search_id": found["id"],
        "device": device["id"],
        "job_id": shown["job"],
        "webhook_id": webhook["id"],
        "upload_id": upload["id"],
        "token_id": alice.http.get("/v1/tokens").json()["items"][0]["id"],
    }


def made(answer: httpx2.Response) -> dict[str, Any]:
    """What was made; fails the test if nothing was."""
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def latency(student: str) -> dict[str, Any]:
    """A student's, as it is posted."""
    found = test_devices.latency(5.0)
    return {"student": student, "latency": found, "setting": test_devices.SETTING}
