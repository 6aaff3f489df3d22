import torch
from torch import Tensor, nn

from candidates.batch_norm import Norm, restate
from candidates.graph.network import Network
from tests.candidates.builders import TINY, inputs_of, network_of, randomised, traced

BATCHES = [inputs_of(count=40, seed=1), inputs_of(count=24, seed=2)]


def tiny() -> Network:
    return traced(network_of(TINY))


def small(*layers: nn.Module) -> Network:
    torch.manual_seed(0)
    return traced(nn.Sequential(*layers))


def test_the_function_in_eval_mode_does_not_change() -> None:
    network = tiny()
    before = network(inputs_of())
    restate(network, BATCHES)
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_statistics_are_the_mean_and_variance_of_all_images() -> None:
    network = small(nn.Conv2d(1, 3, 3), randomised(nn.BatchNorm2d(3)), nn.ReLU())
    restate(network, BATCHES)
    convolved = network.part("input", "conv2d")(torch.cat(BATCHES))
    values = convolved.transpose(0, 1).flatten(1).double()
    tensors = network.tensors()
    torch.testing.assert_close(tensors["1.running_mean"].double(), values.mean(1))
    torch.testing.assert_close(tensors["1.running_var"].double(), values.var(1, correction=0))


def test_flat_norms_are_restated_too() -> None:
    network = small(nn.Flatten(), nn.Linear(64, 3), randomised(nn.BatchNorm1d(3)))
    before = network(inputs_of())
    restate(network, BATCHES)
    values = network.part("input", "linear")(torch.cat(BATCHES))
    torch.testing.assert_close(network.tensors()["2.running_mean"], values.mean(0))
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_a_norm_may_read_the_input_itself() -> None:
    network = small(nn.BatchNorm2d(1), nn.ReLU())
    restate(network, BATCHES)
    torch.testing.assert_close(network.tensors()["0.running_mean"], torch.cat(BATCHES).mean()[None])


def test_in_training_mode_the_whole_set_gives_what_eval_mode_gives() -> None:
    network = tiny()
    restate(network, BATCHES)
    images = torch.cat(BATCHES)
    with torch.no_grad():
        wanted = network(images)
        far = tiny().train()(images)
        near = network.train()(images)
    torch.testing.assert_close(near, wanted, rtol=1e-3, atol=1e-3)
    assert (far - wanted).abs().mean() > 100 * (near - wanted).abs().mean()


def test_a_network_without_norms_stays_as_it_is() -> None:
    network = small(nn.Flatten(), nn.Linear(64, 2))
    before = network.tensors()["1.weight"].detach().clone()
    restate(network, BATCHES)
    assert torch.equal(network.tensors()["1.weight"], before)


def test_a_channel_that_is_constant_stays_finite() -> None:
    network = small(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2))
    network.tensors()["0.weight"].data[0] = 0
    before = network(inputs_of())
    restate(network, BATCHES)
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_a_second_restatement_changes_nothing() -> None:
    network = tiny()
    restate(network, BATCHES)
    once = {name: values.clone() for name, values in network.tensors().items()}
    restate(network, BATCHES)
    for name, values in network.tensors().items():
        torch.testing.assert_close(values, once[name], rtol=1e-4, atol=1e-5)


def test_a_norm_without_gain_keeps_its_statistics_and_its_function() -> None:
    network = small(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, affine=False))
    network.tensors()["1.running_mean"].fill_(0.7)
    before = network(inputs_of())
    restate(network, BATCHES)
    assert torch.equal(network(inputs_of()), before)


def test_a_norm_that_runs_twice_keeps_the_networks_function() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(1)

        def forward(self, images: Tensor) -> Tensor:
            result: Tensor = self.norm(self.norm(images).relu())
            return result

    network = traced(randomised(Twice()))
    before = network(inputs_of())
    restate(network, BATCHES)
    torch.testing.assert_close(network(inputs_of()), before, rtol=1e-4, atol=1e-5)


def test_the_scale_is_gamma_over_sigma_and_one_over_sigma_without_gamma() -> None:
    for affine in (True, False):
        network = small(nn.BatchNorm2d(1, affine=affine))
        tensors = network.tensors()
        tensors["0.running_var"].fill_(4.0)
        (norm,) = map(Norm.of, network.program.calls)
        assert norm is not None
        gamma = tensors["0.weight"].item() if affine else 1.0
        torch.testing.assert_close(
            norm.scale(tensors), torch.tensor([gamma / 2]).double(), rtol=1e-4, atol=0
        )


def test_norms_of_the_batch_alone_are_no_norms() -> None:
    network = small(nn.BatchNorm2d(1, track_running_stats=False))
    assert [Norm.of(call) for call in network.program.calls] == [None]
