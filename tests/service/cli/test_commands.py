import json
from pathlib import Path

import pytest

from candidates.assembly import program_of
from candidates.checkpoint import Checkpoint
from candidates.recipe import Granularity
from service.cli.endings import NOT_MET, UNREACHABLE
from tests.service.api.world import RECIPE
from tests.service.cli.typed import command
from tests.service.living import Live
from tests.service.networks import split, teacher_weights


def test_a_teacher_is_pushed_and_its_id_printed(live: Live, tmp_path: Path) -> None:
    weights, recipe = tmp_path / "net.safetensors", tmp_path / "teacher.json"
    weights.write_bytes(teacher_weights().to_bytes())
    recipe.write_text(json.dumps(RECIPE))
    done = command(live, "teacher", "push", str(weights), "--recipe", str(recipe))
    assert done.returncode == 0, done.stderr
    assert live.client.teacher(done.stdout.strip()).name == "net"


def test_a_teacher_that_hardly_shrinks_is_pointed_out(live: Live, tmp_path: Path) -> None:
    weights, recipe = tmp_path / "net.safetensors", tmp_path / "teacher.json"
    weights.write_bytes(teacher_weights().to_bytes())
    recipe.write_text(json.dumps(RECIPE))
    live.world.ready_teacher(split().model_copy(update={"shrinkable": 0.2}))
    done = command(live, "teacher", "push", str(weights), "--recipe", str(recipe), "--wait")
    assert done.returncode == 0, done.stderr
    assert "Only 20 % of this teacher's parameters can shrink" in done.stderr


def test_a_teachers_own_file_is_downloaded(live: Live, tmp_path: Path) -> None:
    out = tmp_path / "teacher.safetensors"
    done = command(live, "teacher", "download", live.world.ready_teacher(), str(out))
    assert (done.returncode, done.stdout.strip()) == (0, str(out))
    assert program_of(Checkpoint.read(out)).output == "logits"


@pytest.mark.parametrize(
    ("given", "granularity"),
    [("pair", "pair"), ("4", 4), ("block1,block2.conv", ("block1", "block2.conv"))],
)
def test_a_library_is_cut_as_the_command_says(
    live: Live, given: str, granularity: Granularity
) -> None:
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    done = command(live, "library", "build", teacher, dataset, "--granularity", given)
    assert done.returncode == 0, done.stderr
    assert live.client.library(done.stdout.strip()).recipe.granularity == granularity


def test_a_recipe_with_a_wrong_field_is_wrong_usage(live: Live, tmp_path: Path) -> None:
    weights, recipe = tmp_path / "net.safetensors", tmp_path / "teacher.json"
    weights.write_bytes(b"")
    recipe.write_text(json.dumps(RECIPE | {"colour": "red"}))
    done = command(live, "teacher", "push", str(weights), "--recipe", str(recipe))
    assert done.returncode == 2
    assert "colour" in done.stderr


def test_a_library_is_built_and_waited_for(live: Live) -> None:
    teacher, dataset = live.world.ready_teacher(), live.world.ready_dataset()
    done = command(live, "library", "build", teacher, dataset, "--steps", "3")
    assert done.returncode == 0, done.stderr
    library = live.client.library(done.stdout.strip())
    assert library.recipe.steps == 3
    live.world.fail("NonFiniteActivation", "layer1 gives NaN.")
    waited = command(live, "jobs", "wait", library.job)
    assert waited.returncode == 1
    assert waited.stderr.strip().endswith("layer1 gives NaN.")


def test_a_student_is_requested_by_shares_and_told_how_good_it_is(live: Live) -> None:
    library = live.world.ready_library()
    limits = ("--parameters", "80%", "--macs", "90%", "--top", "1")
    asked = command(live, "student", "request", library, *limits)
    assert asked.returncode == 0, asked.stderr
    assert "Proven to be the best." in asked.stderr
    assert live.client.student(asked.stdout.strip()).budget.parameters == "80%"


def test_a_student_is_requested_and_downloaded(live: Live, tmp_path: Path) -> None:
    library = live.world.ready_library()
    asked = command(live, "student", "request", library, "--parameters", "200")
    assert asked.returncode == 0, asked.stderr
    assert "190 of 250 parameters" in asked.stderr
    out = tmp_path / "student.safetensors"
    done = command(live, "student", "download", asked.stdout.strip(), str(out))
    assert (done.returncode, done.stdout.strip()) == (0, str(out))
    assert out.is_file()


def test_a_budget_that_cannot_be_met_is_one_sentence_and_has_a_code_of_its_own(live: Live) -> None:
    done = command(live, "student", "request", live.world.ready_library(), "--macs", "1")
    assert (done.returncode, done.stdout) == (NOT_MET, "")
    assert done.stderr.startswith("No student keeps within macs ≤ 1")
    assert "Traceback" not in done.stderr


def test_no_service_is_one_sentence_and_has_a_code_of_its_own() -> None:
    done = command(None, "jobs", "wait", "job_1")
    assert done.returncode == UNREACHABLE
    assert "out of reach" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_limit_is_wrong_usage() -> None:
    done = command(None, "student", "request", "library_1")
    assert done.returncode == 2
    assert "a budget needs at least one" in " ".join(done.stderr.replace("│", "").split())


def test_a_port_that_is_taken_is_one_sentence(live: Live) -> None:
    port = live.url.rpartition(":")[2]
    done = command(live, "serve", "--port", port, "--workers", "0")
    assert done.returncode == 1
    assert "port 0 takes a free one" in done.stderr
