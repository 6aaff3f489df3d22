"""Small networks whose neighbourhoods can be told by looking at them; images [N, 3, 8, 8]."""

import torch
from torch import Tensor, nn

from candidates.recipe import Granularity, Preprocessing, TeacherRecipe
from candidates.teacher import Teacher
from tests.candidates.builders import randomised, teacher_from
from tests.candidates.graph.rules.harness import Classifier, conv, pooled, tokens

SMALL = TeacherRecipe(
    input=(3, 8, 8), preprocessing=Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.2))
)


def small_teacher(network: nn.Module, granularity: Granularity = "block") -> Teacher:
    torch.manual_seed(0)
    with torch.no_grad():
        network.eval()(torch.zeros(2, 3, 8, 8))  # which tells a lazy layer its size
    return teacher_from(randomised(network), SMALL, granularity)


def chain() -> nn.Module:
    """Six convolutions of 4, 5, …, 9 channels."""
    layers = [
        layer
        for index, width in enumerate(range(4, 10))
        for layer in (conv(width - 1 if index else 3, width), nn.BatchNorm2d(width), nn.ReLU())
    ]
    return Classifier(lambda net, x: pooled(net.features(x)), features=nn.Sequential(*layers))


class Dense(nn.Module):
    """Six dense layers, so that nothing lies between two cuts that is small."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 4)
        self.narrow = nn.ModuleList(conv(4 + 3 * index, 5, 1) for index in range(6))
        self.wide = nn.ModuleList(conv(5, 3) for _ in range(6))
        self.head = nn.Linear(4 + 3 * 6, 4)

    def forward(self, images: Tensor) -> Tensor:
        values = [self.stem(images)]
        for narrow, wide in zip(self.narrow, self.wide, strict=True):
            values.append(wide(narrow(torch.cat(values, 1)).relu()).relu())
        return self.head(pooled(torch.cat(values, 1)))


def branches() -> nn.Module:
    """Two branches of two convolutions beside one of one."""

    def body(net: Classifier, x: Tensor) -> Tensor:
        return pooled(torch.cat([net.b(net.a(x)), net.d(net.c(x)), net.e(x)], 1))

    layers = {"a": conv(3, 4), "b": conv(4, 5), "c": conv(3, 6), "d": conv(6, 5), "e": conv(3, 5)}
    return Classifier(body, **layers)


def turned() -> nn.Module:
    """Tokens that lie before the images for a while."""

    def body(net: Classifier, x: Tensor) -> Tensor:
        turned = net.one(tokens(net.patches(x))).transpose(0, 1).relu()
        return net.two(turned).transpose(0, 1).mean(1)

    return Classifier(body, patches=nn.Conv2d(3, 6, 4, 4), one=nn.Linear(6, 8), two=nn.Linear(8, 5))


class Residual(nn.Module):
    """Two residual blocks whose weights are 8 · 6 · 9 each way."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8)
        self.first = Block()
        self.second = Block()
        self.head = nn.Linear(8, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(pooled(self.second(self.first(self.stem(images).relu()))))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = conv(8, 6, bias=False), conv(6, 8, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        return (values + self.two(self.one(values).relu())).relu()


ALL = {
    "chain": chain, "dense": Dense, "branches": branches, "turned": turned, "residual": Residual,
}  # fmt: skip
