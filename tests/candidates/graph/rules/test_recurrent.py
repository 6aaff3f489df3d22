import pytest
from torch import nn

from tests.candidates.graph.rules.harness import Classifier, conv, shrinks_exactly, tokens


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU])
def test_a_recurrent_layer_keeps_its_sizes_and_takes_any_batch(layer):
    net = Classifier(
        lambda net, x: net.steps(tokens(net.two(net.one(x))))[0][:, -1],
        one=conv(3, 8), two=nn.Conv2d(8, 6, 4, 4), steps=layer(6, 5, batch_first=True),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 8}
    assert "step by step" in str(found.reasons("steps.weight_ih_l0"))
