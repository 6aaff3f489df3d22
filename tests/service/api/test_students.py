import pytest
from sqlalchemy import text

from candidates.assembly import Description, program_of
from candidates.checkpoint import Checkpoint
from tests.service.api.world import World
from tests.service.networks import teacher_weights


def test_a_student_is_made_at_once(world: World) -> None:
    library = world.ready_library()
    answer = world.post_student(library, budget={"parameters": 200})
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/students/{body['id']}"
    assert body["cost"]["parameters"] == 190
    assert body["teacher_cost"]["parameters"] == 250
    predicted = body["predicted_accuracy"]
    assert 0 <= predicted["low"] < predicted["value"] < predicted["high"] <= 100
    assert body["measurement"] is None
    assert [part["neighbourhood"] for part in body["selection"]] == ["block0", "block1", "block2"]
    chosen = [part["knobs"]["multiplier"] for part in body["selection"]]
    assert 10 + sum(80 * multiplier for multiplier in chosen) == 190
    assert world.http.get(answer.headers["location"]).json() == body


def test_its_file_holds_the_chosen_parts_and_says_where_they_come_from(world: World) -> None:
    student = world.ready_student(budget={"parameters": 70})
    data = world.http.get(student["checkpoint"]["url"]).content
    checkpoint = Checkpoint.from_bytes(data)
    assert checkpoint.tensors["conv0.weight"].shape == (1, 2, 3, 3)
    assert set(program_of(checkpoint).tensors()) == teacher_weights().tensors.keys()
    assert checkpoint.digest(["fc.weight"]) == teacher_weights().digest(["fc.weight"])
    description = Description.of(checkpoint)
    assert description.kept["block2.inner"] == (0,)
    network = world.http.get(f"/v1/teachers/{student['teacher']}").json()["network"]
    assert description.provenance["teacher"] == network["sha256"]
    assert description.provenance["strategy"] == "exact"
    assert len(description.provenance["candidates"]) == 3


def test_the_whole_budget_gives_back_the_teachers_tensors(world: World) -> None:
    student = world.ready_student(budget={"parameters": 250})
    checkpoint = Checkpoint.from_bytes(world.http.get(student["checkpoint"]["url"]).content)
    names = teacher_weights().tensors.keys()
    assert checkpoint.digest(names) == teacher_weights().digest(names)


def test_the_same_wish_again_makes_nothing_and_says_so(world: World) -> None:
    library = world.ready_library()
    first, second = world.post_student(library), world.post_student(library)
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert "posted before" in second.json()["note"]
    assert len(world.http.get("/v1/students").json()["items"]) == 1


def test_a_prediction_older_than_measurements_is_told_with_the_one_of_now(world: World) -> None:
    library = world.ready_library()
    first = world.post_student(library).json()
    world.measure(world.post_student(library, budget={"parameters": 240}).json()["id"])
    again = world.post_student(library).json()
    assert again["predicted_accuracy"] == first["predicted_accuracy"]
    assert f"predicted on {first['created_at'][:10]} at " in again["note"]
    assert "1 student was measured in its library since, after which " in again["note"]
    assert "delete this one and post again" in again["note"]
    shown = world.http.get(f"/v1/libraries/{library}").json()
    other = world.another_library(shown["teacher"], shown["dataset"], seed=1)
    world.measure(world.post_student(other).json()["id"])
    assert world.post_student(library).json()["note"] == again["note"]


def test_a_seed_that_the_strategy_does_not_use_makes_no_other_student(world: World) -> None:
    library = world.ready_library()
    first = world.post_student(library, seed=1)
    assert world.post_student(library, seed=2).json()["id"] == first.json()["id"]


@pytest.mark.parametrize("strategy", ["exact", "greedy", "threshold", "uniform", "optuna"])
def test_every_strategy_names_the_smallest_cost_below_the_minimum(
    world: World, strategy: str
) -> None:
    answer = world.post_student(world.ready_library(), budget={"parameters": 69}, strategy=strategy)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "/problems/infeasible-budget")
    assert (problem["axis"], problem["limit"], problem["smallest"]) == ("parameters", 69, 70)
    assert "at least 70" in problem["detail"]


def test_the_answer_says_how_good_it_is_and_what_came_next(world: World) -> None:
    student = world.ready_student(budget={"parameters": "80%", "macs": "100%"}, top=3)
    answer = student["answer"]
    assert (answer["gap"], answer["status"], answer["binding"]) == (0, "optimal", "parameters")
    assert list(answer["slack"]) == ["parameters", "macs"]
    assert student["cost"]["parameters"] + answer["slack"]["parameters"] == 200
    assert len(answer["others"]) == 2
    assert answer["runner_up"] == answer["others"][0]
    assert answer["runner_up"]["loss"] >= student["loss"]
    chosen = [part["candidate"] for part in student["selection"]]
    assert answer["runner_up"]["candidates"] != chosen
    assert answer["seconds"] > 0


def test_limits_that_contradict_each_other_are_named_with_their_distance(world: World) -> None:
    library = world.ready_library()
    tight = world.post_student(library, budget={"parameters": 70}).json()
    loss = {"accuracy_drop": 0.01}
    answer = world.post_student(library, budget={"parameters": tight["cost"]["parameters"], **loss})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "/problems/contradictory-budget")
    assert problem["limits"] == {"parameters": 70, **loss}
    assert problem["reachable"]["parameters"] > 70
    assert problem["reachable"]["accuracy_drop"] > 0.01


def test_a_gaussian_process_is_not_for_the_web_process(world: World) -> None:
    answer = world.post_student("library_none", strategy="optuna", sampler="gp")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.sampler")


def test_a_budget_without_limits_is_refused(world: World) -> None:
    answer = world.post_student("library_none", budget={})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.budget")


def test_an_unknown_strategy_is_refused(world: World) -> None:
    answer = world.post_student("library_none", strategy="luck")
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "body.strategy")


def test_a_library_in_the_making_makes_no_students(world: World) -> None:
    library = world.post_library(world.ready_teacher(), world.ready_dataset()).json()["id"]
    answer = world.post_student(library)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/resource-not-ready")


def test_an_unknown_library_is_named(world: World) -> None:
    answer = world.post_student("library_none")
    assert (answer.status_code, answer.json()["resource_id"]) == (404, "library_none")


def test_trials_of_an_iterative_strategy_are_kept(world: World) -> None:
    student = world.ready_student(strategy="optuna", trials=12, budget={"parameters": 150})
    path = f"/v1/students/{student['id']}/trials"
    first = world.http.get(path, params={"limit": 10}).json()
    rest = world.http.get(path, params={"limit": 10, "cursor": first["next"]}).json()
    assert [trial["number"] for trial in first["items"] + rest["items"]] == list(range(12))
    assert len(first["items"][0]["choices"]) == 3


def test_other_strategies_have_none(world: World) -> None:
    student = world.ready_student()
    assert world.http.get(f"/v1/students/{student['id']}/trials").json()["items"] == []


def test_a_measured_student_shows_prediction_and_measurement(world: World) -> None:
    student = world.ready_student()
    world.measure(student["id"])
    shown = world.http.get(f"/v1/students/{student['id']}").json()
    assert shown["measurement"]["state"] == "ready"
    assert shown["measurement"]["refitted"] == {"value": 80.0, "standard_error": 0.4}
    assert shown["predicted_accuracy"] == student["predicted_accuracy"]


def test_a_student_is_measured_once(world: World) -> None:
    path = f"/v1/students/{world.ready_student()['id']}/measurements"
    first, second = world.http.post(path), world.http.post(path)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["job"] == second.json()["job"]


def test_students_of_one_library_can_be_listed(world: World) -> None:
    student = world.ready_student()
    query = {"library": student["library"]}
    assert len(world.http.get("/v1/students", params=query).json()["items"]) == 1
    query = {"library": "library_none"}
    assert world.http.get("/v1/students", params=query).json()["items"] == []


def test_a_neighbourhood_without_any_candidate_is_told_and_not_left_out(world: World) -> None:
    library = world.ready_library()
    with world.parts.database.writing() as session:
        session.execute(text("DELETE FROM candidates WHERE neighbourhood = 'block1'"))
    answer = world.post_student(library)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/empty-library")
    assert "no candidate for the neighbourhood 'block1'" in answer.json()["detail"]
    curve = world.http.get(f"/v1/libraries/{library}/trade-off-curve")
    assert (curve.status_code, curve.json()["type"]) == (409, "/problems/empty-library")


def test_budgets_that_lead_to_the_same_student_share_a_file_written_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = world.ready_library()
    one = world.post_student(library, budget={"parameters": 200}).json()
    monkeypatch.setattr(world.parts.artifacts, "put", None)
    other = world.post_student(library, budget={"parameters": 205}).json()
    assert one["id"] != other["id"]
    assert one["checkpoint"]["sha256"] == other["checkpoint"]["sha256"]


def test_a_shared_file_that_is_gone_is_written_again(world: World) -> None:
    library = world.ready_library()
    file = world.post_student(library, budget={"parameters": 200}).json()["checkpoint"]["sha256"]
    world.parts.artifacts.locate(file).unlink()
    student = world.post_student(library, budget={"parameters": 205}).json()
    assert world.http.get(student["checkpoint"]["url"]).status_code == 200
