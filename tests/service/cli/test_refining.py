from tests.service.cli.typed import command
from tests.service.living import Live


def test_what_is_set_is_asked_for_and_the_rest_is_the_librarys(live: Live) -> None:
    student = live.world.ready_student()["id"]
    ahead = ("--look-ahead", "1", "--look-ahead", "0.5")
    rest = ("--steps", "7", "--passes", "2", "--images", "32")
    done = command(live, "student", "refine", student, *rest, *ahead)
    assert done.returncode == 0, done.stderr
    (made,) = live.world.http.get(f"/v1/students/{student}/refinements").json()["items"]
    settings = made["settings"]
    assert (settings["steps"], settings["passes"]) == (7, 2)
    assert (settings["refinement_images"], settings["look_ahead"]) == (32, [1, 0.5])
    assert (settings["learning_rate"], settings["logit_weight"]) == (None, None)


def test_without_options_it_is_what_an_empty_body_asks_for(live: Live) -> None:
    student = live.world.ready_student()["id"]
    assert command(live, "student", "refine", student).returncode == 0
    answer = live.world.http.post(f"/v1/students/{student}/refinements", json={})
    assert (answer.status_code, answer.json()["settings"]["look_ahead"]) == (200, None)


def test_what_is_out_of_range_is_wrong_usage(live: Live) -> None:
    student = live.world.ready_student()["id"]
    done = command(live, "student", "refine", student, "--images", "3")
    assert done.returncode == 2
    assert "refinement_images" in done.stderr
    assert live.world.http.get(f"/v1/students/{student}/refinements").json()["items"] == []
