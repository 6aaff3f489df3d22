import pytest
import torch
from torch import Tensor, nn

from candidates.data import ImageSet
from candidates.graph.network import Network
from candidates.initial import reinitialised
from candidates.progress import silent
from candidates.recipe import Preprocessing
from candidates.training import cross_entropy, train
from candidates.training_recipe import TrainingRecipe
from tests.candidates.builders import TINY, images_of, network_of, traced
from tests.candidates.small import SMALL


class Parts(nn.Module):
    """One of everything that has a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 64, 4, 4)
        self.grouped = nn.Conv2d(64, 64, 3, padding=1, groups=16)
        self.norm = nn.BatchNorm2d(64)
        self.slope = nn.PReLU()
        self.token = nn.Parameter(torch.full((1, 1, 64), 7.0))
        self.positions = nn.Parameter(torch.full((1, 5, 64), 7.0))
        self.scale = nn.Parameter(torch.full((64,), 7.0))
        self.layer_norm = nn.LayerNorm(64)
        self.last = nn.Linear(64, 3)
        self.register_buffer("constant", torch.full((64,), 7.0))

    def forward(self, images: Tensor) -> Tensor:
        maps = self.slope(self.norm(self.grouped(self.patches(images))))
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(images), -1, -1), tokens], 1) + self.positions
        tokens = self.layer_norm(tokens) * self.scale + self.constant
        result: Tensor = self.last(tokens[:, 0])
        return result


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    network = Parts()
    for values in network.parameters():
        nn.init.constant_(values, 7.0)
    result = traced(network)
    for values in result.buffers():
        values.fill_(7)
    reinitialised(result, 0)
    return {name: values.detach() for name, values in result.tensors().items()}


@pytest.mark.parametrize(("name", "fan_in"), [("patches", 16), ("grouped", 36)])
def test_convolutions_are_normal_with_variance_two_by_fan_in(
    tensors: dict[str, Tensor], name: str, fan_in: int
) -> None:
    weight = tensors[f"{name}.weight"]
    assert float(weight.std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
    assert float(weight.abs().max() / weight.std()) > 2.5


def test_linear_layers_are_uniform_as_torch_has_them(tensors: dict[str, Tensor]) -> None:
    weight = tensors["last.weight"]
    assert 0.9 / 8 < float(weight.abs().max()) <= 1 / 8
    assert float(weight.std()) == pytest.approx(1 / 8 / 3**0.5, rel=0.15)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patches.bias", 0.0), ("last.bias", 0.0), ("norm.weight", 1.0), ("norm.bias", 0.0),
        ("norm.running_mean", 0.0), ("norm.running_var", 1.0), ("norm.num_batches_tracked", 0.0),
        ("layer_norm.weight", 1.0), ("layer_norm.bias", 0.0), ("scale", 1.0),
        ("slope.weight", 0.25), ("constant", 7.0),
    ],
)  # fmt: skip
def test_biases_norms_scales_and_constants_have_fixed_values(
    tensors: dict[str, Tensor], name: str, value: float
) -> None:
    assert (tensors[name] == value).all()


@pytest.mark.parametrize("name", ["token", "positions"])
def test_tokens_and_positions_are_small_and_random(tensors: dict[str, Tensor], name: str) -> None:
    assert float(tensors[name].std()) == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize("name", SMALL)
def test_nothing_that_was_learned_is_left(name: str) -> None:
    module, recipe = SMALL[name]()
    for values in module.parameters():
        nn.init.constant_(values, 7.0)
    network = traced(module, recipe.input)
    reinitialised(network, 0)
    assert not any((values == 7).any() for values in network.parameters())
    assert network(torch.rand(2, *recipe.input)).isfinite().all()


def start(seed: int) -> Network:
    network = traced(network_of(TINY))
    reinitialised(network, seed)
    return network


def test_the_same_seed_gives_the_same_start_and_another_another() -> None:
    one, again, other = (start(seed)(torch.ones(2, 1, 8, 8)) for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_activations_keep_their_size_through_a_deep_network() -> None:
    network = start(0).train()
    logits = network(torch.randn(64, 1, 8, 8))
    assert 0.2 < float(logits.detach().std()) < 5


def test_a_residual_network_learns_from_such_a_start() -> None:
    images = images_of(count=96)
    pixels = images.images // 4
    for stripe in range(3):
        pixels[images.labels == stripe, :, 3 * stripe : 3 * stripe + 2] += 150
    network = start(0)
    recipe = TrainingRecipe(epochs=8, batch_size=16, learning_rate=0.05, translation=0)
    unit = Preprocessing(mean=(0.5,), std=(0.25,))
    data = ImageSet(pixels, images.labels, images.classes)
    train(network, (data, unit), cross_entropy, recipe, silent)
    with torch.inference_mode():
        right = network((pixels / 255 - 0.5) / 0.25).argmax(1) == images.labels
    assert right.float().mean() > 0.9
