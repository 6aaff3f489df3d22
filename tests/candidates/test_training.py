import math
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from candidates.activation_noise import ActivationNoise
from candidates.checkpoint import Checkpoint
from candidates.data import ImageSet, normalised
from candidates.graph.network import Network
from candidates.history import History
from candidates.progress import Progress, silent
from candidates.recipe import Preprocessing
from candidates.savings import Savings
from candidates.tensors import state_of
from candidates.training import Look, Training, cross_entropy, distillation, train
from candidates.training_recipe import TrainingRecipe
from tests.candidates.builders import TINY, images_of, inputs_of, network_of, teacher_of, traced
from tests.candidates.small import SMALL

RECIPE = TrainingRecipe(epochs=2, batch_size=16, learning_rate=0.05, flip=True)
UNIT = Preprocessing(mean=(0.5,), std=(0.25,))


def separable(count: int = 96) -> ImageSet:
    """Three classes, told apart by the brightness of three stripes."""
    images = images_of(count=count)
    pixels = images.images // 4
    for stripe in range(3):
        rows = slice(3 * stripe, 3 * stripe + 2)
        pixels[images.labels == stripe, :, rows] += 150
    return ImageSet(pixels, images.labels, images.classes)


def trained(seed: int = 0, savings: Savings | None = None) -> dict[str, torch.Tensor]:
    network = network_of(TINY)
    recipe = RECIPE.model_copy(update={"seed": seed})
    train(network, (images_of(), UNIT), cross_entropy, recipe, silent, savings)
    return network.state_dict()


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize(("temperature", "label_weight"), [(2.5, 1.0), (1.0, 0.0), (4.0, 0.3)])
def test_the_loss_is_equation_3(temperature: float, label_weight: float) -> None:
    teacher, inputs = network_of(TINY, seed=1), inputs_of()
    logits, labels = network_of(TINY)(inputs).detach(), torch.tensor([0, 1, 2, 0])
    expected = 0.0
    for ours, theirs, label in zip(
        logits.double(), teacher(inputs).detach().double(), labels.tolist(), strict=True
    ):
        soft = [math.exp(value / temperature) for value in theirs.tolist()]
        softened = [math.exp(value / temperature) for value in ours.tolist()]
        plain = [math.exp(value) for value in ours.tolist()]
        for wanted, found in zip(soft, softened, strict=True):
            expected -= wanted / sum(soft) * math.log(found / sum(softened)) / 4
        expected -= label_weight * math.log(plain[label] / sum(plain)) / 4
    loss = distillation(teacher, temperature, label_weight)(inputs, logits, labels)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_the_teacher_gets_no_gradient() -> None:
    teacher, student = network_of(TINY, seed=1), network_of(TINY)
    inputs = inputs_of()
    distillation(teacher)(inputs, student(inputs), torch.tensor([0, 1, 2, 0])).backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.grad is not None for parameter in student.parameters())


def test_training_learns() -> None:
    network, images = network_of(TINY), separable()
    recipe = TrainingRecipe(epochs=6, batch_size=16, learning_rate=0.05, translation=0)
    train(network, (images, UNIT), cross_entropy, recipe, silent)
    with torch.inference_mode():
        right = network(normalised(images.images, UNIT)).argmax(1) == images.labels
    assert right.float().mean() > 0.9
    assert not network.training


def test_distillation_brings_a_student_nearer_to_its_teacher() -> None:
    teacher, student = network_of(TINY, seed=1), network_of(TINY)

    def gap() -> float:
        with torch.inference_mode():
            ours, theirs = (n(inputs_of(count=64)).log_softmax(1) for n in (student, teacher))
            return float((theirs.exp() * (theirs - ours)).sum(1).mean())

    before = gap()
    recipe = TrainingRecipe(epochs=4, batch_size=16, learning_rate=0.02, translation=0)
    loss = distillation(teacher, 1.0, 0.0)
    train(student, (images_of(count=128), UNIT), loss, recipe, silent)
    assert gap() < 0.7 * before


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    assert same(trained(), trained())
    assert not same(trained(), trained(seed=1))


def test_progress_counts_steps_and_may_stop_the_work() -> None:
    calls: list[tuple[int, int]] = []
    train(network_of(TINY), (images_of(), UNIT), cross_entropy, RECIPE, lambda *c: calls.append(c))
    assert calls == [(step, 6) for step in range(1, 7)]


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    recipe = RECIPE.model_copy(update={"learning_rate": 1e30, "epochs": 9})
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        train(network_of(TINY), (images_of(), UNIT), cross_entropy, recipe, silent)


class Stopped(Exception):
    pass


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_an_interrupted_run_continues_to_the_same_weights(step: int, tmp_path: Path) -> None:
    savings = Savings(tmp_path / "savings", every=2)

    def stop(done: int, _total: int) -> None:
        if done == step:
            raise Stopped

    with pytest.raises(Stopped):
        train(network_of(TINY), (images_of(), UNIT), cross_entropy, RECIPE, stop, savings)
    assert savings.path.exists() == (step >= 2)
    assert same(trained(savings=savings), trained())


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    savings = Savings(tmp_path / "savings", every=1)
    first = trained(savings=savings)
    calls: list[int] = []
    network = network_of(TINY)
    images = (images_of(), UNIT)
    train(network, images, cross_entropy, RECIPE, lambda done, _: calls.append(done), savings)
    assert calls == []
    assert same(network.state_dict(), first)


RUN = """
import os, signal, sys, torch
torch.set_num_threads(1)
from pathlib import Path
from candidates.savings import Savings
from candidates.tensors import checkpoint_of
from candidates.training import cross_entropy, train
from tests.candidates.builders import TINY, images_of, network_of
from tests.candidates.test_training import RECIPE, UNIT
folder, last = Path(sys.argv[1]), int(sys.argv[2])
def progress(done, total):
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)
network = network_of(TINY)
savings = Savings(folder / "savings", every=2)
train(network, (images_of(), UNIT), cross_entropy, RECIPE, progress, savings)
(folder / "done").write_bytes(checkpoint_of(network.state_dict()).to_bytes())
"""


@pytest.mark.slow
def test_a_run_killed_for_real_ends_with_the_same_bits_as_one_that_was_not(tmp_path: Path) -> None:
    def run(last: int) -> int:
        command = [sys.executable, "-c", RUN, str(tmp_path), str(last)]
        root = Path(__file__).parents[2]
        return subprocess.run(command, check=False, cwd=root, env=dict(os.environ)).returncode

    assert run(3) == -signal.SIGKILL
    assert run(5) == -signal.SIGKILL
    assert not (tmp_path / "done").exists()
    assert run(0) == 0
    assert same(state_of(Checkpoint.read(tmp_path / "done")), trained())


def test_networks_without_momentum_are_saved_too(tmp_path: Path) -> None:
    savings = Savings(tmp_path / "savings", every=1)
    recipe = RECIPE.model_copy(update={"momentum": 0.0})
    network: nn.Module = network_of(TINY)
    train(network, (images_of(), UNIT), cross_entropy, recipe, silent, savings)
    again = network_of(TINY, seed=1)
    train(again, (images_of(), UNIT), cross_entropy, recipe, silent, savings)
    assert same(network.state_dict(), again.state_dict())


def sparse_network() -> Network:
    """Half of the first, one of the second and all of the third weights of layers are zero."""
    network = traced(network_of(TINY))
    first, second, third = [weight for weight in network.parameters() if weight.dim() == 4][:3]
    with torch.no_grad():
        first.view(-1)[::2] = 0
        second.view(-1)[0] = 0
        third.zero_()
    return network


def convolved(network: nn.Module) -> list[torch.Tensor]:
    return [weight.detach() for weight in network.parameters() if weight.dim() == 4]


@pytest.mark.parametrize("average", [None, 0.9])
def test_notable_zeros_stay_exact_and_others_learn(average: float | None) -> None:
    network = sparse_network()
    before = convolved(network)[0].clone()
    recipe = RECIPE.model_copy(update={"average": average})
    train(network, (images_of(), UNIT), cross_entropy, recipe, silent)
    first, second, third = convolved(network)[:3]
    assert (first.view(-1)[::2] == 0).all()
    assert (first.view(-1)[1::2] != before.view(-1)[1::2]).all()
    assert (second != 0).all()
    assert (third != 0).any()


def test_the_average_of_the_weights_is_handed_out_and_looked_at() -> None:
    recipe = RECIPE.model_copy(update={"average": 0.5})
    looked: list[dict[str, torch.Tensor]] = []

    def measure(network: nn.Module) -> float:
        assert not network.training
        looked.append({name: values.clone() for name, values in network.state_dict().items()})
        return 50.0

    network = traced(network_of(TINY))
    Training(images_of(), UNIT, cross_entropy, recipe, look=Look(measure, 4)).run(network)
    assert len(looked) == 2
    assert same(looked[-1], network.state_dict())
    plain = traced(network_of(TINY))
    train(plain, (images_of(), UNIT), cross_entropy, RECIPE, silent)
    assert not same(plain.state_dict(), network.state_dict())


def test_looking_changes_nothing() -> None:
    network = network_of(TINY)
    look = Look(lambda shown: float(shown(inputs_of()).detach().sum() + torch.rand(())), 1)
    Training(images_of(), UNIT, cross_entropy, RECIPE, look=look).run(network)
    assert same(network.state_dict(), trained())


def test_history_has_the_loss_of_every_step_and_the_accuracies() -> None:
    losses: list[float] = []

    def loss(*given: torch.Tensor) -> torch.Tensor:
        losses.append(float((value := cross_entropy(*given)).detach()))
        return value

    look = Look(lambda _: 10.0 + len(losses), 4)
    history = Training(images_of(), UNIT, loss, RECIPE, look=look).run(network_of(TINY))
    points = history.points()
    assert [point.loss for point in points] == pytest.approx(losses)
    assert [point.accuracy for point in points] == [None, None, None, 14.0, None, 16.0]


def test_an_interrupted_run_with_everything_on_continues_to_the_same_bits(tmp_path: Path) -> None:
    teacher = teacher_of()
    noise = ActivationNoise([each.output for each in teacher.split.neighbourhoods], 0.1)
    recipe = RECIPE.model_copy(update={"average": 0.9})

    def run(savings: Savings | None, progress: Progress) -> tuple[Network, History]:
        network = teacher.network.copied()
        with torch.no_grad():
            convolved(network)[1].view(-1)[::3] = 0
        look = Look(lambda shown: float(shown(inputs_of()).detach().sum()), 2)
        lesson = Training(images_of(), UNIT, cross_entropy, recipe, savings, look, noise)
        return network, lesson.run(network, progress)

    def stop(done: int, _total: int) -> None:
        if done == 5:
            raise Stopped

    savings = Savings(tmp_path / "savings", every=2)
    with pytest.raises(Stopped):
        run(savings, stop)
    resumed, told = run(savings, silent)
    whole, expected = run(None, silent)
    assert same(resumed.state_dict(), whole.state_dict())
    assert told.points() == expected.points()


def test_dropout_is_the_same_after_an_interruption(tmp_path: Path) -> None:
    def run(savings: Savings | None, progress: Progress) -> dict[str, torch.Tensor]:
        module, recipe = SMALL["flattened"]()
        train(module, (images_of(), recipe.preprocessing), cross_entropy, RECIPE, progress, savings)
        return module.state_dict()

    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise Stopped

    savings = Savings(tmp_path / "savings", every=2)
    with pytest.raises(Stopped):
        run(savings, stop)
    assert same(run(savings, silent), run(None, silent))


def output_under(**changes: object) -> torch.Tensor:
    network = traced(network_of(TINY))
    train(network, (images_of(), UNIT), cross_entropy, RECIPE.model_copy(update=changes), silent)
    assert all(weight.is_contiguous() for weight in network.parameters())
    assert all(weight.dtype == torch.float32 for weight in network.parameters())
    return network(inputs_of()).detach()


def test_channels_last_trains_the_same_function() -> None:
    assert torch.allclose(output_under(channels_last=True), output_under(), atol=1e-3)


def test_bfloat16_trains_nearly_the_same_function() -> None:
    exact, rough = output_under(), output_under(precision="bfloat16")
    assert not torch.equal(exact, rough)
    assert (exact - rough).norm() < 0.3 * exact.norm()


@pytest.mark.slow
def test_a_compiled_network_trains_to_the_same_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    assert torch.allclose(output_under(compiled=True), output_under(), atol=1e-4)
