import torch

from candidates.activation_noise import ActivationNoise
from candidates.progress import silent
from candidates.training import Training, cross_entropy
from candidates.training_recipe import TrainingRecipe
from tests.candidates.builders import TINY, images_of, inputs_of, teacher_of

TEACHER = teacher_of()
OUTPUTS = tuple(each.output for each in TEACHER.split.neighbourhoods)


def test_noise_of_the_given_size_is_added_behind_the_named_values() -> None:
    seen: dict[str, torch.Tensor] = {}
    network = TEACHER.network
    part = network.part(network.program.input, OUTPUTS[0])
    with torch.no_grad():
        clean = part(inputs_of(count=64))
        torch.manual_seed(0)
        seen["first"] = ActivationNoise(OUTPUTS, 0.3).run(part, inputs_of(count=64)) - clean
    assert abs(float(seen["first"].std()) - 0.3) < 0.01
    assert abs(float(seen["first"].mean())) < 0.01


def test_all_named_values_are_disturbed_and_no_other() -> None:
    with torch.no_grad():
        clean = TEACHER.network(inputs_of())
        few = ActivationNoise(OUTPUTS[:1], 0.1).run(TEACHER.network, inputs_of())
        none = ActivationNoise((), 0.1).run(TEACHER.network, inputs_of())
    assert torch.equal(none, clean)
    assert not torch.allclose(few, clean)


def test_gradients_flow_through_the_noise() -> None:
    network = TEACHER.network.copied()
    ActivationNoise(OUTPUTS, 0.1).run(network, inputs_of()).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_a_network_trained_with_noise_is_clean_itself() -> None:
    network = TEACHER.network.copied()
    recipe = TrainingRecipe(epochs=1, batch_size=16)
    noise = ActivationNoise(OUTPUTS, 0.5)
    data = images_of(), TINY.preprocessing
    Training(*data, cross_entropy, recipe, noise=noise).run(network, silent)
    assert network.program == TEACHER.network.program
    assert torch.equal(network(inputs_of()), network(inputs_of()))
    plain = TEACHER.network.copied()
    Training(*data, cross_entropy, recipe).run(plain, silent)
    assert not torch.allclose(network(inputs_of()), plain(inputs_of()))


def test_training_with_noise_is_repeatable_and_leaves_the_callers_draws_alone() -> None:
    results = []
    for seed in (1, 2):
        network = TEACHER.network.copied()
        torch.manual_seed(seed)
        recipe = TrainingRecipe(epochs=1, batch_size=16)
        noise = ActivationNoise(OUTPUTS, 0.5)
        Training(images_of(), TINY.preprocessing, cross_entropy, recipe, noise=noise).run(network)
        drawn = torch.rand(3)
        torch.manual_seed(seed)
        assert torch.equal(drawn, torch.rand(3))
        results.append(network(inputs_of()))
    assert torch.equal(*results)
