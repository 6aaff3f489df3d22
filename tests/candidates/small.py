"""Small classifiers of many kinds, as their authors would write them."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from candidates.recipe import TeacherRecipe
from candidates.sources.vision import models
from tests.candidates.builders import TINY, colour_recipe, randomised

GREY = TINY.model_copy(update={"architecture": None})
COLOUR = colour_recipe("resnet18", 32).model_copy(update={"architecture": None})
Built = tuple[nn.Module, TeacherRecipe]


def convolutions() -> Built:
    """Strides, dilation, padding, with biases and without norms."""
    layers = (
        nn.Conv2d(1, 12, 3, padding="same"), nn.ReLU(), nn.Conv2d(12, 10, 3, 2, 1), nn.GELU(),
        nn.Conv2d(10, 8, 3, dilation=2, padding=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip
    return nn.Sequential(*layers), GREY


def flattened() -> Built:
    """A classifier that reads channels × positions, as VGG's does."""
    layers = nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 20)
    return nn.Sequential(*layers, nn.ReLU(), nn.Dropout(), nn.Linear(20, 3)), GREY


def grouped() -> Built:
    """A bottleneck with a grouped convolution, whose groups may go."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(
                nn.Conv2d(6, 12, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
                nn.Conv2d(12, 12, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(12),
                nn.ReLU(), nn.Conv2d(12, 6, 1, bias=False), nn.BatchNorm2d(6),
            )  # fmt: skip

        def forward(self, values: Tensor) -> Tensor:
            result: Tensor = values + self.inner(values)
            return result.relu()

    layers = nn.Conv2d(1, 6, 3), Block(), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return randomised(nn.Sequential(*layers, nn.Linear(6, 3))), GREY


def within_groups() -> Built:
    """Channels inside the groups may go, in all groups alike, where the groups must stay."""

    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv2d(4, 12, 3, groups=2), nn.Conv2d(12, 4, 3, groups=2)

        def forward(self, values: Tensor) -> Tensor:
            inner = self.first(values).relu()
            left, right = inner.chunk(2, 1)
            result: Tensor = self.last(torch.cat([right, left], 1))
            return result

    layers = nn.Conv2d(1, 4, 1), nn.Sigmoid(), Halves(), nn.Flatten(), nn.Linear(64, 3)
    return nn.Sequential(*layers), GREY


def concatenated() -> Built:
    """Dense connections: later layers read what several earlier ones made."""

    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(
                nn.Sequential(
                    nn.BatchNorm2d(4 + 5 * i), nn.ReLU(), nn.Conv2d(4 + 5 * i, 5, 3, padding=1)
                )
                for i in range(3)
            )
            self.last = nn.Conv2d(19, 4, 1)

        def forward(self, values: Tensor) -> Tensor:
            known = [values]
            for layer in self.layers:
                known.append(layer(torch.cat(known, 1)))
            result: Tensor = self.last(torch.cat(known, 1))
            return result

    layers = nn.Conv2d(1, 4, 3), Dense(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return randomised(nn.Sequential(*layers, nn.Linear(4, 3))), GREY


def transformer() -> Built:
    """Class token, positions, attention with heads, MLP."""
    return models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=24, mlp_dim=32,
        num_classes=3,
    ), COLOUR  # fmt: skip


def windows() -> Built:
    """Shifted windows, relative positions, merged patches, stochastic depth."""
    return models.SwinTransformer(
        patch_size=[2, 2], embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=[4, 4],
        num_classes=3,
    ), COLOUR  # fmt: skip


def inverted() -> Built:
    """Inverted residuals with squeeze-and-excitation."""
    from torchvision.models.mobilenetv3 import InvertedResidualConfig

    def block(*sizes: int, excite: bool, stride: int) -> InvertedResidualConfig:
        inputs, kernel, expanded, out = sizes
        return InvertedResidualConfig(inputs, kernel, expanded, out, excite, "HS", stride, 1, 1.0)

    blocks = [
        block(16, 3, 16, 8, excite=True, stride=2), block(8, 3, 32, 8, excite=False, stride=1),
        block(8, 5, 48, 16, excite=True, stride=2),
    ]  # fmt: skip
    network = models.MobileNetV3(blocks, last_channel=32, num_classes=3)
    return randomised(network), COLOUR


def modern() -> Built:
    """Depthwise convolutions, channels last, LayerNorm and scales of layers."""
    from torchvision.models.convnext import CNBlockConfig

    network = models.ConvNeXt(
        [CNBlockConfig(12, 16, 1), CNBlockConfig(16, None, 1)],
        stochastic_depth_prob=0.2,
        num_classes=3,
    )
    for name, parameter in network.named_parameters():
        if "layer_scale" in name:
            nn.init.uniform_(parameter, 0.3, 1.0)
    return network, COLOUR


def _seeded(build: Callable[[], Built]) -> Built:
    torch.manual_seed(0)
    network, recipe = build()
    return network.eval(), recipe


SMALL: dict[str, Callable[[], Built]] = {
    build.__name__: partial(_seeded, build)
    for build in (
        convolutions, flattened, grouped, within_groups, concatenated, transformer, windows,
        inverted, modern,
    )
}  # fmt: skip
