import torch
from torch import Tensor, nn

from candidates.anchors import Anchor, find_anchors, norm_scale
from candidates.graph import INPUT, Graph
from tests.candidates.builders import TINY, network_of, randomised, teacher_of


def anchor_of(network: nn.Module, module: str) -> tuple[Anchor, nn.Module]:
    graph = Graph(network.eval())
    part = graph.part(INPUT, graph.end)
    (anchor,) = find_anchors(part, (module,))
    return anchor, part


def test_in_a_block_the_anchor_lies_behind_the_norm_and_the_addition() -> None:
    teacher = teacher_of()
    part = teacher.part(teacher.split.neighbourhoods[0])
    (anchor,) = find_anchors(part, ("layer1.0.conv2",))
    assert anchor.source == "layer1_0_relu1"
    assert anchor.norm == "layer1.0.bn2"
    assert anchor.node.startswith("add")
    assert not anchor.pooled


def test_before_a_global_pooling_the_anchor_says_so() -> None:
    teacher = teacher_of()
    part = teacher.part(teacher.split.neighbourhoods[-1])
    (anchor,) = find_anchors(part, ("layer3.2.conv2",))
    assert anchor.pooled


def test_a_pooling_to_more_than_one_position_is_not_global() -> None:
    convolution = nn.Conv2d(1, 1, 1)
    for pooling, pooled in (
        (nn.AdaptiveAvgPool2d(1), True), (nn.AdaptiveAvgPool2d((1, 1)), True),
        (nn.AdaptiveAvgPool2d(7), False), (nn.MaxPool2d(2), False), (nn.Flatten(), False),
    ):  # fmt: skip
        anchor, _ = anchor_of(nn.Sequential(convolution, nn.ReLU(), pooling, nn.Flatten()), "0")
        assert anchor.pooled == pooled


def test_the_anchor_stops_before_a_non_linearity() -> None:
    anchor, _ = anchor_of(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)), "0")
    assert (anchor.node, anchor.norm) == ("_0", None)


def test_the_gain_is_what_multiplies_each_channel() -> None:
    network = randomised(nn.Sequential(nn.Conv2d(1, 3, 1, bias=False), nn.BatchNorm2d(3)))
    anchor, part = anchor_of(network, "0")
    images = torch.randn(2, 1, 4, 4)
    before = network(images)
    network[0].weight.data += 1
    change = (network(images) - before) / images
    torch.testing.assert_close(change[0, :, 0, 0], anchor.gain(part).float(), rtol=1e-3, atol=1e-4)


def test_without_a_norm_the_gain_is_one() -> None:
    anchor, part = anchor_of(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), "0")
    assert anchor.gain(part).tolist() == [1, 1, 1]


def test_an_intercept_goes_into_the_norm_or_the_bias() -> None:
    networks: list[nn.Sequential] = [
        nn.Sequential(nn.Conv2d(1, 3, 1, bias=False), nn.BatchNorm2d(3)),
        nn.Sequential(nn.Conv2d(1, 3, 1, bias=True), nn.ReLU()),
    ]
    for network in networks:
        randomised(network)
        anchor, part = anchor_of(network, "0")
        assert anchor.takes_intercept(part)
        images, shift = torch.randn(2, 1, 4, 4), torch.tensor([0.5, -1.0, 2.0]).double()
        wanted = network[1](network[0](images) + shift.float().reshape(3, 1, 1))
        anchor.add_intercept(part, shift)
        torch.testing.assert_close(network(images), wanted)


def test_without_norm_and_bias_there_is_no_intercept() -> None:
    anchor, part = anchor_of(nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU()), "0")
    assert not anchor.takes_intercept(part)


def test_a_norm_without_weights_scales_by_its_variance_alone() -> None:
    norm = nn.BatchNorm2d(2, affine=False)
    assert norm.running_var is not None
    norm.running_var.copy_(torch.tensor([4.0, 0.25]))
    torch.testing.assert_close(
        norm_scale(norm), torch.tensor([0.5, 2.0]).double(), rtol=1e-4, atol=0
    )


def test_anchors_come_in_the_order_in_which_modules_run() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, inputs: Tensor) -> Tensor:
            result: Tensor = self.a(self.b(inputs).relu())
            return result

    graph = Graph(Backwards())
    found = find_anchors(graph.part(INPUT, graph.end), ("a", "b"))
    assert [anchor.module for anchor in found] == ["b", "a"]


def test_an_affine_path_to_the_anchor_has_the_gain_of_the_norm() -> None:
    network = network_of(TINY)
    scale = norm_scale(network.get_submodule("layer1.0.bn2"))
    assert scale.dtype == torch.float64
    assert scale.shape == (16,)
