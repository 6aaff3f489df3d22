import pytest
import torch
from torch import nn

from candidates.average import averaged


def batch_normed() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def moved(network: nn.Module, amount: float) -> None:
    with torch.no_grad():
        for values in [*network.parameters(), *network.buffers()]:
            values.add_(amount) if values.is_floating_point() else values.add_(1)


def test_weights_and_statistics_follow_as_a_slow_loop_does() -> None:
    network = batch_normed()
    average = averaged(network, 0.3)
    expected: dict[str, torch.Tensor] = {}
    for count in range(6):
        moved(network, 0.1 * (count + 1))
        average.update_parameters(network)
        decay = min(0.3, (1 + count) / (10 + count))
        for name, values in network.state_dict().items():
            before = expected.get(name, values.double())
            expected[name] = before * decay + values.double() * (1 - decay)
    found = average.module.state_dict()
    for name in ("0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
        assert torch.allclose(found[name].double(), expected[name], atol=1e-6)
    assert int(found["1.num_batches_tracked"]) == 6


def test_the_network_itself_is_not_changed() -> None:
    network = batch_normed()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    average = averaged(network, 0.9)
    for _ in range(3):
        average.update_parameters(network)
    assert all(torch.equal(values, before[n]) for n, values in network.state_dict().items())


def test_zeros_stay_exact_zeros() -> None:
    network = batch_normed()
    average = averaged(network, 0.9)
    for amount in (0.1, 0.2, 0.3):
        moved(network, amount)
        network[0].weight.data[0] = 0
        average.update_parameters(network)
    assert (average.module[0].weight[0] == 0).all()
    assert (average.module[0].weight[1:] != 0).all()


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_a_network_that_rests_is_its_own_average(decay: float) -> None:
    network = batch_normed()
    average = averaged(network, decay)
    for _ in range(20):
        average.update_parameters(network)
    assert torch.equal(average.module[0].weight, network[0].weight)
