from pathlib import Path

import pytest
import torch
from torch import nn

from candidates.savings import Savings, State
from candidates.tensors import checkpoint_of


def run() -> tuple[nn.Module, torch.optim.Optimizer]:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    return network, torch.optim.SGD(network.parameters(), 0.1, 0.9)


def step(network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    network(torch.ones(2, 3)).square().sum().backward()
    optimiser.step()


def test_a_run_continues_where_it_was_saved(tmp_path: Path) -> None:
    savings = Savings(tmp_path / "run", purpose="a")
    torch.manual_seed(0)
    first, again = run(), run()
    step(*first)
    savings.save(*first, step=7)
    assert savings.restore(*again) == 7
    step(*first)
    step(*again)
    for name, values in first[0].state_dict().items():
        assert torch.equal(again[0].state_dict()[name], values)


def test_nothing_saved_is_step_zero(tmp_path: Path) -> None:
    network, optimiser = run()
    before = network[0].weight.detach().clone()
    assert Savings(tmp_path / "run").restore(network, optimiser) == 0
    assert torch.equal(network[0].weight, before)


def test_savings_of_another_run_are_refused(tmp_path: Path) -> None:
    network, optimiser = run()
    step(network, optimiser)
    Savings(tmp_path / "run", purpose="a").save(network, optimiser, 1)
    with pytest.raises(ValueError, match="saved by a run with other arguments or files"):
        Savings(tmp_path / "run", purpose="b").restore(network, optimiser)


def test_a_later_saving_replaces_the_earlier_and_leaves_no_other_file(tmp_path: Path) -> None:
    savings = Savings(tmp_path / "run")
    network, optimiser = run()
    for number in (1, 2):
        step(network, optimiser)
        savings.save(network, optimiser, number)
    assert savings.restore(network, optimiser) == 2
    assert list(tmp_path.iterdir()) == [savings.path]


def test_a_kill_while_saving_leaves_the_saving_before(tmp_path: Path) -> None:
    savings = Savings(tmp_path / "run")
    network, optimiser = run()
    step(network, optimiser)
    savings.save(network, optimiser, 1)
    (tmp_path / "run.part").write_bytes(savings.path.read_bytes()[:100])
    assert savings.restore(network, optimiser) == 1
    savings.save(network, optimiser, 2)
    assert savings.restore(network, optimiser) == 2


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD])
def test_several_networks_are_saved_together(
    kind: type[torch.optim.Optimizer], tmp_path: Path
) -> None:
    def runs() -> dict[str, tuple[nn.Module, torch.optim.Optimizer]]:
        networks = {name: run()[0] for name in ("1", "10")}
        return {name: (each, kind(each.parameters(), 0.1)) for name, each in networks.items()}

    first, again, savings = runs(), runs(), Savings(tmp_path / "run")
    state = State(3, facts={"best": 0.5})
    for name, one in first.items():
        step(*one)
        state.add(name, *one)
    savings.write(state)
    found = savings.read()
    assert found is not None
    assert (found.step, found.facts) == (3, {"best": 0.5})
    for name, one in again.items():
        found.give(name, *one)
        step(*first[name])
        step(*one)
        for key, values in first[name][0].state_dict().items():
            assert torch.equal(one[0].state_dict()[key], values)


def test_savings_of_an_earlier_format_are_refused(tmp_path: Path) -> None:
    network, optimiser = run()
    savings = Savings(tmp_path / "run")
    tensors = {"network/weight": torch.zeros(1)}
    old = checkpoint_of(tensors, {"step": "1", "purpose": ""})
    savings.path.write_bytes(old.to_bytes())
    with pytest.raises(ValueError, match="delete it to start again"):
        savings.restore(network, optimiser)
