import pytest
import torch
from torch import nn

from candidates.errors import UnsplittableTeacher
from candidates.graph.network import Network
from candidates.graph.trace import BATCH_SIZE, trace


class Writing(nn.Module):
    def __init__(self, write):
        super().__init__()
        self.conv, self.write = nn.Conv2d(3, 4, 1), write

    def forward(self, images):
        return self.write(self.conv(images), images)


def add_to_slice(value, images):
    value[:, :3] += images
    return value


def overwrite_inner(value, images):
    value[:, 1:, 2:, 2:] = images[:, :, 2:, 2:] * 2
    return value.relu_()


def overwrite_one(value, images):
    value[:, 2] = images[:, 0]
    value[:, 0].mul_(3)
    return value * 2


def write_twice(value, images):
    value.add_(1).mul_(images[:, :1])
    value += value
    return value


def write_into_made(value, images):
    made = torch.zeros_like(value)
    made[:, :3] = images
    return made + value


def fill(value, images):
    value[:, :, 0].zero_()
    value[:, :, 1].fill_(2.5)
    return value.clamp_(max=2)


def write_after_naming(value, images):
    named = value.add_(1)
    value.mul_(images[:, :1])
    return named + 0


def return_what_is_written(value, images):
    value[:, :3] = images
    return value


WRITES = [
    add_to_slice,
    overwrite_inner,
    overwrite_one,
    write_twice,
    write_into_made,
    fill,
    write_after_naming,
    return_what_is_written,
]


@pytest.mark.parametrize("write", WRITES)
def test_writing_in_place_is_followed_exactly(write):
    torch.manual_seed(0)
    network = Writing(write).eval()
    traced = trace(network, (3, 4, 4))
    images = torch.randn(BATCH_SIZE, 3, 4, 4)
    with torch.no_grad():
        expected = network(images.clone())
        assert torch.equal(Network(traced.program, traced.tensors)(images), expected)


@pytest.mark.parametrize("write", WRITES)
def test_what_is_written_in_place_learns_as_the_original_does(write):
    torch.manual_seed(0)
    network = Writing(write).eval()
    traced = trace(network, (3, 4, 4))
    ours = Network(traced.program, traced.tensors)
    images = torch.randn(BATCH_SIZE, 3, 4, 4)
    expected = torch.autograd.grad(network(images.clone()).square().sum(), network.conv.weight)
    (found,) = torch.autograd.grad(ours(images).square().sum(), ours.tensors()["conv.weight"])
    torch.testing.assert_close(found, expected[0])


def test_a_view_that_is_read_after_its_source_changed_is_refused():
    def write(value, _):
        flat = value.flatten(1)
        value.mul_(2)
        return flat + 1

    with pytest.raises(UnsplittableTeacher, match="still uses what it was a view of"):
        trace(Writing(write), (3, 4, 4))


def test_a_view_that_is_given_after_its_source_changed_is_refused():
    def write(value, _):
        flat = value.flatten(1)
        value.mul_(2)
        return flat

    with pytest.raises(UnsplittableTeacher, match="'the output' still uses"):
        trace(Writing(write), (3, 4, 4))


def test_a_constant_that_images_are_written_into_is_refused():
    def write(value, images):
        made = torch.zeros(4, 4, 4)
        made[0] = images[0, 0]
        return value + made

    with pytest.raises(UnsplittableTeacher, match="into a constant tensor"):
        trace(Writing(write), (3, 4, 4))
