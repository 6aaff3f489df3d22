import pytest
import torch
from torch import nn
from torch.nn import functional

from candidates.errors import UnsplittableTeacher
from candidates.graph.follow import follow
from candidates.graph.narrow import for_any_batch
from candidates.graph.network import Network
from candidates.graph.operators import OPERATORS
from candidates.graph.trace import BATCH_SIZE, trace

SHAPE = (3, 8, 8)


class Small(nn.Module):
    """Everything whose behaviour differs between modes, and a forward that one may replace."""

    def __init__(self, forward=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.linear = nn.Linear(4, 5)
        self.register_buffer("mask", torch.eye(4), persistent=False)
        self._forward = forward or Small.logits

    def logits(self, images):
        return self.linear(self.drop(self.norm(self.conv(images)).mean((2, 3))))

    def forward(self, images):
        return self._forward(self, images)


def seeded(forward=None):
    torch.manual_seed(0)
    return Small(forward)


def traced(network):
    found = trace(network, SHAPE)
    axes = follow(found.program, found.tensors, (BATCH_SIZE, *SHAPE))
    return Network(for_any_batch(found.program, axes), found.tensors).eval()


def computes_alike(forward):
    network = seeded(forward).eval()
    images = torch.randn(2, *SHAPE)
    program = traced(network)
    with torch.no_grad():
        assert torch.equal(program(images), network(images))
    return program


def test_a_trace_computes_what_the_network_does_for_any_number_of_images():
    network = seeded().eval()
    program = traced(network)
    for count in (1, 2, 5):
        images = torch.randn(count, *SHAPE)
        assert torch.equal(program(images), network(images))


def test_a_trace_has_the_names_of_the_network_and_shares_its_tensors():
    network = seeded()
    program = traced(network)
    assert program.state_dict().keys() == network.state_dict().keys()
    assert program.tensors()["conv.weight"] is network.conv.weight


def test_a_trace_trains_as_the_network_does():
    network, images = seeded(), torch.randn(4, *SHAPE)
    program = traced(network).copied().train()
    network.train()
    torch.manual_seed(1)
    expected = network(images)
    torch.manual_seed(1)
    assert torch.equal(program(images), expected)
    assert torch.equal(program.tensors()["norm.running_mean"], network.norm.running_mean)


def test_a_trace_calls_allowed_operators_only():
    program = trace(seeded(), SHAPE).program
    assert {call.operator for call in program.calls} <= OPERATORS


def test_calls_say_in_whose_forward_they_were_made():
    scopes = [call.scope for call in trace(seeded(), SHAPE).program.calls]
    assert "conv" in scopes
    assert "linear" in scopes


def test_a_tensor_that_is_made_in_the_forward_is_made_for_every_number_of_images():
    def forward(self, images):
        return self.logits(images) + torch.ones(len(images), 5)

    computes_alike(forward)


def test_a_part_that_turns_autocast_off_is_followed():
    def forward(self, images):
        with torch.autocast("cpu", enabled=False):
            features = self.conv(images).float()
        return self.linear(features.mean((2, 3)))

    computes_alike(forward)


def test_a_part_without_gradients_is_followed():
    def forward(self, images):
        with torch.no_grad():
            features = self.conv(images)
            scale = features.std()
        return self.linear((features / scale).mean((2, 3)))

    computes_alike(forward)


def test_a_part_that_turns_autocast_on_is_refused():
    def forward(self, images):
        with torch.autocast("cpu", enabled=True):
            features = self.conv(images)
        return self.linear(features.float().mean((2, 3)))

    with pytest.raises(UnsplittableTeacher, match="runs a part of the network in another mode"):
        trace(seeded(forward), SHAPE)


def test_a_forward_that_depends_on_the_images_values_is_refused():
    def forward(self, images):
        return self.logits(images) if images.sum() > 0 else self.logits(-images)

    with pytest.raises(UnsplittableTeacher, match="Small cannot be traced"):
        trace(seeded(forward), SHAPE)


def test_an_operator_that_is_not_on_the_list_is_named():
    def forward(self, images):
        return torch.linalg.pinv(self.logits(images)).T

    with pytest.raises(UnsplittableTeacher, match=r"linalg_pinv.*not on the list"):
        trace(seeded(forward), SHAPE)


def test_a_layer_that_does_nothing_may_come_last():
    def forward(self, images):
        return nn.functional.dropout(self.logits(images), 0.0, self.training)

    computes_alike(forward)


def test_a_network_with_two_outputs_is_refused():
    with pytest.raises(UnsplittableTeacher, match="Small gives 2 outputs"):
        trace(seeded(lambda self, images: (self.logits(images), images)), SHAPE)


def test_attention_is_traced_as_its_operators_although_a_fast_path_exists():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = layer, nn.Linear(8, 2)

        def forward(self, images):
            return self.head(self.layer(images.flatten(1, 2)).mean(1))

    before = torch.backends.mha.get_fastpath_enabled()
    program = trace(Encoder(), SHAPE).program
    assert torch.backends.mha.get_fastpath_enabled() == before
    assert "scaled_dot_product_attention.default" in {call.operator for call in program.calls}


def test_functional_layers_are_followed():
    computes_alike(lambda self, images: self.logits(functional.gelu(images)))
