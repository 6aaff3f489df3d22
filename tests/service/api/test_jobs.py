from tests.service.api.world import World


def test_a_job_shows_its_units_and_progress(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()
    job = world.http.get(f"/v1/jobs/{library['job']}").json()
    assert (job["kind"], job["resource"], job["state"]) == ("library", library["id"], "queued")
    assert job["units"] == {"queued": 4}
    assert job["progress"]["done"] == 0
    assert job["progress"]["total"] > 0


def test_a_failed_job_shows_its_problem(world: World) -> None:
    job = world.post_teacher().json()["job"]
    world.fail("NonFiniteActivation", "layer1.0.bn1 gives NaN.")
    shown = world.http.get(f"/v1/jobs/{job}").json()
    assert (shown["state"], shown["error"]["detail"]) == ("failed", "layer1.0.bn1 gives NaN.")
    assert shown["error"]["type"] == "/problems/non-finite-activation"


def test_a_cancelled_job_fails_its_resource(world: World) -> None:
    teacher = world.post_teacher().json()
    answer = world.http.post(f"/v1/jobs/{teacher['job']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert world.http.get(f"/v1/teachers/{teacher['id']}").json()["state"] == "failed"


def test_a_finished_job_cannot_be_cancelled(world: World) -> None:
    world.ready_teacher()
    job = world.http.get("/v1/jobs").json()["items"][0]["id"]
    answer = world.http.post(f"/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/job-finished")


def test_jobs_can_be_filtered(world: World) -> None:
    world.ready_dataset()
    teacher = world.post_teacher().json()
    for query in ({"state": "queued"}, {"kind": "teacher"}, {"resource": teacher["id"]}):
        items = world.http.get("/v1/jobs", params=query).json()["items"]
        assert [item["id"] for item in items] == [teacher["job"]]


def test_an_unknown_job_is_named(world: World) -> None:
    assert world.http.get("/v1/jobs/job_none").json()["resource_id"] == "job_none"


def test_a_failed_job_is_tried_again_and_shows_why_it_had_failed(world: World) -> None:
    teacher = world.post_teacher().json()
    world.fail("NonFiniteActivation", "layer1.0.bn1 gives NaN.")
    answer = world.http.post(f"/v1/jobs/{teacher['job']}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    (earlier,) = answer.json()["earlier_errors"]
    assert earlier["type"] == "/problems/non-finite-activation"
    assert earlier["at"]
    assert world.http.get(f"/v1/teachers/{teacher['id']}").json()["state"] == "pending"


def test_a_job_that_has_not_failed_is_not_tried_again(world: World) -> None:
    job = world.post_teacher().json()["job"]
    answer = world.http.post(f"/v1/jobs/{job}/retry")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-retry")


def test_a_job_gets_a_priority_and_a_deadline(world: World) -> None:
    job = world.post_teacher().json()["job"]
    shown = world.http.patch(f"/v1/jobs/{job}", json={"priority": 7}).json()
    assert (shown["priority"], shown["deadline"]) == (7, None)
    shown = world.http.patch(f"/v1/jobs/{job}", json={"deadline": "2001-01-01T00:00:00Z"}).json()
    assert (shown["priority"], shown["deadline"]) == (7, "2001-01-01T00:00:00Z")
    world.ledger.sweep()
    shown = world.http.get(f"/v1/jobs/{job}").json()
    assert (shown["state"], shown["error"]["type"]) == ("failed", "/problems/deadline-passed")


def test_a_deadline_without_a_zone_is_refused(world: World) -> None:
    job = world.post_teacher().json()["job"]
    answer = world.http.patch(f"/v1/jobs/{job}", json={"deadline": "2001-01-01T00:00:00"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
