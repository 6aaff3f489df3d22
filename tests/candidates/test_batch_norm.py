import pytest
import torch
from torch import nn

from candidates.batch_norm import restate
from tests.candidates.builders import TINY, inputs_of, network_of, randomised

BATCHES = [inputs_of(count=40, seed=1), inputs_of(count=24, seed=2)]


def test_the_function_in_eval_mode_does_not_change() -> None:
    network = network_of(TINY)
    before = network(inputs_of())
    restate(network, BATCHES)
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_statistics_are_the_mean_and_variance_of_all_images() -> None:
    torch.manual_seed(0)
    network = randomised(nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU()))
    restate(network, BATCHES)
    values = network[0](torch.cat(BATCHES)).transpose(0, 1).flatten(1).double()
    torch.testing.assert_close(network[1].running_mean.double(), values.mean(1))
    torch.testing.assert_close(network[1].running_var.double(), values.var(1, correction=0))


def test_flat_norms_are_restated_too() -> None:
    torch.manual_seed(0)
    network = randomised(nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.BatchNorm1d(3)))
    before = network(inputs_of())
    restate(network, BATCHES)
    values = network[1](torch.cat(BATCHES).flatten(1))
    torch.testing.assert_close(network[2].running_mean, values.mean(0))
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_in_training_mode_the_whole_set_gives_what_eval_mode_gives() -> None:
    network = network_of(TINY)
    restate(network, BATCHES)
    images = torch.cat(BATCHES)
    with torch.no_grad():
        wanted = network(images)
        far = network_of(TINY).train()(images)
        near = network.train()(images)
    torch.testing.assert_close(near, wanted, rtol=1e-3, atol=1e-3)
    assert (far - wanted).abs().mean() > 100 * (near - wanted).abs().mean()


def test_a_network_without_norms_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    before = network[1].weight.detach().clone()
    restate(network, BATCHES)
    assert torch.equal(network[1].weight, before)


def test_a_channel_that_is_constant_stays_finite() -> None:
    network = randomised(nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2)))
    network[0].weight.data[0] = 0
    before = network(inputs_of())
    restate(network, BATCHES)
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_a_second_restatement_changes_nothing() -> None:
    network = network_of(TINY)
    restate(network, BATCHES)
    once = {name: values.clone() for name, values in network.state_dict().items()}
    restate(network, BATCHES)
    for name, values in network.state_dict().items():
        torch.testing.assert_close(values, once[name], rtol=1e-4, atol=1e-5)


def test_no_hook_stays_behind_when_a_batch_cannot_be_read() -> None:
    network = network_of(TINY)
    with pytest.raises(RuntimeError):
        restate(network, [torch.zeros(2, 5, 8, 8)])
    assert not any(module._forward_pre_hooks for module in network.modules())
