import torch
from torch import nn

from candidates.graph.drop_path import DropPath, with_visible_drop_path
from candidates.graph.network import Network
from candidates.graph.trace import trace


class StochasticDepth(nn.Module):
    """Like torchvision's, which this is known by its name as."""

    def __init__(self, probability):
        super().__init__()
        self.p = probability

    def forward(self, branch):
        if not self.training:
            return branch
        kept = torch.rand(len(branch), *[1] * (branch.dim() - 1)) >= self.p
        return branch * kept / (1 - self.p)


class Block(nn.Module):
    def __init__(self, probability):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.drop = StochasticDepth(probability)

    def forward(self, images):
        return images + self.drop(self.conv(images))


def test_it_drops_whole_images_and_scales_the_others():
    torch.manual_seed(0)
    branch = torch.ones(64, 2, 3)
    dropped = DropPath(0.5).train()(branch)
    assert {*dropped.flatten(1).mean(1).tolist()} == {0.0, 2.0}


def test_it_changes_no_bit_in_eval_mode():
    branch = torch.randn(3, 2, 3)
    assert torch.equal(DropPath(0.5).eval()(branch), branch)


def test_a_network_without_it_is_the_same_object():
    network = nn.Sequential(nn.Conv2d(3, 3, 1))
    assert with_visible_drop_path(network) is network
    quiet = Block(0.0)
    assert with_visible_drop_path(quiet) is quiet


def test_the_copy_shares_its_tensors_and_the_original_stays():
    network = Block(0.5)
    visible = with_visible_drop_path(network)
    assert visible.conv.weight is network.conv.weight
    assert isinstance(network.drop, StochasticDepth)


def test_a_traced_network_drops_while_it_trains():
    traced = trace(Block(0.5), (3, 4, 4))
    program = Network(traced.program, traced.tensors)
    images = torch.randn(251, 3, 4, 4)
    assert torch.equal(program.eval()(images), program(images))
    unchanged = (program.train()(images) == images).flatten(1).all(1)
    assert 80 < int(unchanged.sum()) < 170
