import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import CliRunner, Result

from candidates.assembly import Description, assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.fine_tune import main, pick_device
from candidates.library import make_candidates
from candidates.progress import silent
from candidates.student import build_student, load_student, student_checkpoint
from candidates.tensors import checkpoint_of
from tests.candidates.builders import (
    TINY,
    colour_recipe,
    library,
    materials_of,
    network_of,
    teacher_of,
    weights_of,
)
from tests.candidates.pictures import files, picture, write_zip

APP = typer.Typer()
APP.command()(main)
QUICK = ["--epochs", "1", "--batch-size", "16", "--device", "cpu"]


@cache
def student_bytes() -> bytes:
    """The first neighbourhood at a half."""
    materials = materials_of(teacher_of(), library(multipliers=(0.5,)))
    neighbourhood = materials.teacher.split.neighbourhoods[0]
    half = make_candidates(materials, neighbourhood, lambda _identity: None, silent).made[0]
    kept: Kept = half.candidate.kept
    teacher = materials.teacher.checkpoint
    return assemble(teacher, [half.weights], kept, {"strategy": "exact"}).to_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "student").write_bytes(student_bytes())
    (tmp_path / "teacher").write_bytes(weights_of().to_bytes())
    write_zip(tmp_path / "images.zip", files(60))
    return tmp_path


def arguments(folder: Path, *options: str) -> list[str]:
    names = ("student", "teacher", "images.zip", "out")
    return [*(str(folder / name) for name in names), *QUICK, *options]


def run(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(APP, arguments(folder, *options))


def refusal(folder: Path, *options: str) -> str:
    result = run(folder, *options)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert not (folder / "out").exists()
    sentence = " ".join(result.stderr.split())
    assert sentence.endswith(".")
    return sentence


def test_the_result_is_a_student_file_with_the_same_widths(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0, result.output
    before, after = (Description.of(Checkpoint.read(folder / n)) for n in ("student", "out"))
    assert (after.kept, after.recipe) == (before.kept, before.recipe)
    assert after.kept
    assert after.provenance["strategy"] == "exact"
    assert len(after.provenance["parent"]) == 64
    assert after.provenance["fine_tuning"]["epochs"] == 1
    assert after.provenance["learnt"]["num_images"] == 12
    assert (after.provenance["learnt"]["num_steps"], after.provenance["learnt"]["num_epochs"]) == (
        2,
        1,
    )
    network = load_student(folder / "out")
    assert not torch.equal(
        network.get_parameter("fc.weight"),
        load_student(folder / "student").get_parameter("fc.weight"),
    )


def test_accuracy_is_reported_before_and_after(folder: Path) -> None:
    output = run(folder).output
    assert "Accuracy before fine-tuning" in output
    assert "Accuracy after fine-tuning" in output
    assert "12 reporting images" in " ".join(output.split())


def test_the_same_command_gives_the_same_bytes(folder: Path) -> None:
    run(folder)
    first = (folder / "out").read_bytes()
    (folder / "out").unlink()
    run(folder)
    assert (folder / "out").read_bytes() == first


def test_savings_are_removed_when_the_student_is_written(folder: Path) -> None:
    run(folder, "--save-every", "1")
    assert not list(folder.glob("out.savings*"))


def killed_after_one_saving(folder: Path) -> None:
    """The command in another process, killed in the middle of its second step."""
    program = (
        "import os, signal, torch; torch.set_num_threads(1)\n"
        "from candidates import savings\n"
        "save = savings.Savings.save\n"
        "def once(*arguments):\n"
        "    save(*arguments)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "savings.Savings.save = once\n"
        "import typer; from candidates.fine_tune import main; typer.run(main)\n"
    )
    command = [sys.executable, "-c", program, *arguments(folder, "--save-every", "1")]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, env=dict(os.environ))
    assert done.returncode == -9, done.stderr
    assert (folder / "out.savings").exists()


def test_a_killed_command_continues_to_the_same_bytes(folder: Path) -> None:
    run(folder, "--save-every", "1")
    expected = (folder / "out").read_bytes()
    (folder / "out").unlink()
    killed_after_one_saving(folder)
    run(folder, "--save-every", "1")
    assert (folder / "out").read_bytes() == expected


def test_savings_of_other_arguments_or_files_are_refused(folder: Path) -> None:
    killed_after_one_saving(folder)
    assert "other arguments" in refusal(folder, "--seed", "1")
    (folder / "teacher").write_bytes(weights_of(seed=1).to_bytes())
    assert "other arguments or files" in refusal(folder)
    (folder / "teacher").write_bytes(weights_of().to_bytes())
    write_zip(folder / "images.zip", files(60, start=100))
    assert "other arguments or files" in refusal(folder)


def test_weights_in_the_students_place_are_refused(folder: Path) -> None:
    weights = checkpoint_of(network_of(TINY).state_dict())
    (folder / "student").write_bytes(weights.to_bytes())
    assert "is not a student" in refusal(folder)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_teacher_in_a_file_of_torch_is_refused_with_where_to_get_its_own(
    is_zip: bool, folder: Path
) -> None:
    state = network_of(TINY).state_dict()
    torch.save(state, folder / "teacher", _use_new_zipfile_serialization=is_zip)
    sentence = refusal(folder)
    assert "`student-search teacher download`" in sentence
    assert "GET /v1/teachers/{id}/network" in sentence


def test_a_teacher_of_another_shape_is_refused_with_its_key(folder: Path) -> None:
    other = network_of(colour_recipe("cifar_resnet20", 8))
    (folder / "teacher").write_bytes(checkpoint_of(other.state_dict()).to_bytes())
    assert "Key 'conv1.weight' has shape [16, 3, 3, 3]" in refusal(folder)


def test_a_truncated_student_is_refused(folder: Path) -> None:
    (folder / "student").write_bytes(student_bytes()[:1000])
    assert "truncated" in refusal(folder)


def test_images_that_cannot_be_read_are_refused(folder: Path) -> None:
    (folder / "images.zip").write_bytes(b"PK nothing")
    assert "images.zip is neither a zip nor a complete tar" in refusal(folder)


def test_images_of_another_shape_are_refused(folder: Path) -> None:
    content = {f"{('a', 'b')[n % 2]}/{n}.png": picture(n, (9, 9), mode="RGB") for n in range(30)}
    write_zip(folder / "images.zip", content)
    assert "3 × 9 × 9" in refusal(folder)


def test_images_of_more_classes_than_the_network_knows_are_refused(folder: Path) -> None:
    write_zip(folder / "images.zip", {f"{n % 5}/{n}.png": picture(n) for n in range(60)})
    assert "5 classes" in refusal(folder)


def test_an_unknown_device_is_refused(folder: Path) -> None:
    assert "'abacus' is no device" in refusal(folder, "--device", "abacus")


def test_a_folder_in_the_students_place_is_refused(folder: Path) -> None:
    (folder / "student").unlink()
    (folder / "student").mkdir()
    result = run(folder)
    assert result.exit_code == 2  # a wrong argument, as the command line says it
    assert "directory" in result.stderr


def test_a_folder_for_the_result_that_is_not_there_is_one_sentence(folder: Path) -> None:
    command = [*arguments(folder)[:3], str(folder / "nowhere" / "out"), *QUICK]
    result = CliRunner().invoke(APP, command)
    assert result.exit_code == 1
    assert "nowhere" in "".join(result.stderr.split())


def test_names_with_brackets_are_printed_as_they_are(folder: Path) -> None:
    images = folder / "[red] [" / "images.zip"
    images.parent.mkdir()
    images.write_bytes(b"nothing")
    command = [str(folder / "student"), str(folder / "teacher"), str(images), str(folder / "out")]
    result = CliRunner().invoke(APP, [*command, *QUICK])
    assert result.exit_code == 1
    assert "neither a zip" in " ".join(result.stderr.split())


def test_a_loss_that_is_not_finite_is_one_sentence(folder: Path) -> None:
    assert "lower the learning rate" in refusal(folder, "--learning-rate", "1e30", "--epochs", "5")


def test_auto_picks_the_gpu_where_there_is_one() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert pick_device("auto") == torch.device(expected)


def provenance(folder: Path) -> dict[str, Any]:
    return Description.of(Checkpoint.read(folder / "out")).provenance


def words(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_loss_and_held_out_accuracy_are_told_and_kept(folder: Path) -> None:
    output = words(run(folder, "--look-every", "1", "--curves", str(folder / "curves.png")))
    assert "Step 1: loss" in output
    assert "held-out accuracy" in output
    history = provenance(folder)["history"]
    assert [point["step"] for point in history] == [1, 2]
    assert all(0 <= point["accuracy"] <= 100 and point["loss"] > 0 for point in history)
    assert (folder / "curves.png").exists()


def test_a_baseline_by_labels_from_scratch_forgets_the_student_and_the_teacher(
    folder: Path,
) -> None:
    options = ("--objective", "labels", "--from-scratch")
    words(run(folder, *options))
    first = load_student(folder / "out").get_parameter("fc.weight")
    told = provenance(folder)["fine_tuning"]
    assert (told["objective"], told["from_scratch"]) == ("labels", True)
    (folder / "teacher").write_bytes(weights_of(seed=1).to_bytes())
    words(run(folder, *options))
    assert torch.equal(load_student(folder / "out").get_parameter("fc.weight"), first)


def test_the_papers_schedule_can_be_shortened(folder: Path) -> None:
    paper = [argument for argument in arguments(folder) if argument not in ("--epochs", "1")]
    result = CliRunner().invoke(APP, [*paper, "--schedule", "paper", "--steps", "2"])
    words(result)
    told = provenance(folder)["fine_tuning"]
    assert (told["schedule"], told["learning_rate"], told["num_steps"]) == ("steps", 0.1, 2)


def test_epochs_and_steps_together_are_refused(folder: Path) -> None:
    assert "Give --epochs or --steps, not both." in refusal(folder, "--steps", "2")


@pytest.mark.parametrize("options", [(), ("--from-scratch",), ("--average", "0.9")])
def test_zeros_of_a_sparse_student_stay(folder: Path, options: tuple[str, ...]) -> None:
    student = Checkpoint.read(folder / "student")
    network, described = build_student(student), Description.of(student)
    weight = network.get_parameter("layer2.1.conv1.weight")
    with torch.no_grad():
        weight.view(-1)[::2] = 0
    (folder / "student").write_bytes(student_checkpoint(network, described).to_bytes())
    words(run(folder, *options))
    after = load_student(folder / "out").get_parameter("layer2.1.conv1.weight").detach()
    assert (after.view(-1)[::2] == 0).all()
    assert (after.view(-1)[1::2] != weight.detach().view(-1)[1::2]).all()


def test_noise_behind_neighbourhoods_trains_other_weights_of_the_same_network(
    folder: Path,
) -> None:
    words(run(folder))
    plain = load_student(folder / "out")
    words(run(folder, "--noise", "0.5"))
    noisy = load_student(folder / "out")
    assert noisy.program == plain.program
    assert not torch.equal(noisy.get_parameter("fc.weight"), plain.get_parameter("fc.weight"))


def test_fewer_classes_than_outputs_are_warned_of(folder: Path) -> None:
    two = {f"{('cat', 'dog')[n % 2]}/{n}.png": picture(n) for n in range(60)}
    write_zip(folder / "images.zip", two)
    output = words(run(folder))
    assert "Warning: The images have 2 classes but the network knows 3" in output


def test_an_accuracy_that_fell_is_warned_of(folder: Path) -> None:
    """The student takes everything for fish, which the training calls cats."""
    learnt = {f"train/{'dog' if n == 0 else 'cat'}/{n}.png": picture(n) for n in range(48)}
    asked = {f"test/fish/{n}.png": picture(n) for n in range(50, 70)}
    write_zip(folder / "images.zip", learnt | asked | {"train/fish/99.png": picture(99)})
    options = ("--objective", "labels", "--learning-rate", "0.3", "--steps", "12")
    command = [each for each in arguments(folder, *options) if each not in ("--epochs", "1")]
    output = words(CliRunner().invoke(APP, command))
    assert "before fine-tuning: 100.00" in output
    assert "Warning: The accuracy fell by 100.00 points." in output
    assert "another --translation (images were shifted by up to 1 pixels)" in output


def test_the_shift_follows_the_size_of_the_images_unless_it_is_given(folder: Path) -> None:
    words(run(folder))
    assert provenance(folder)["fine_tuning"]["translation"] == 1  # of 8 pixels
    words(run(folder, "--translation", "3"))
    assert provenance(folder)["fine_tuning"]["translation"] == 3


def test_a_picture_of_another_kind_is_refused_before_training(folder: Path) -> None:
    assert "'curves.txt' is no picture" in refusal(folder, "--curves", "curves.txt")
