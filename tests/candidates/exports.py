"""Small networks and `.pt2` files of them."""

from pathlib import Path

import torch
from torch import Tensor, nn

from candidates.graph.network import Network
from candidates.graph.trace import BATCH_SIZE, Traced

ANY_NUMBER = ({0: torch.export.Dim("batch")},)
SHAPE = (3, 8, 8)


class Convolutions(nn.Module):
    """A residual block with BatchNorm, dropout and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.act(self.bn(self.stem(images)))
        pooled = (stem + self.conv(stem)).mean((2, 3))
        logits: Tensor = self.head(self.drop(pooled))
        return logits


class Tokens(nn.Module):
    """A transformer with a class token, whose views hold the number of images in many places."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 12))
        self.attention = nn.MultiheadAttention(12, 3)
        self.norm = nn.LayerNorm(12)
        self.head = nn.Linear(12, 5)

    def forward(self, images: Tensor) -> Tensor:
        num_images = images.shape[0]
        tokens = self.patches(images).reshape(num_images, 12, -1).permute(0, 2, 1)
        tokens = torch.cat([self.token.expand(num_images, -1, -1), tokens], 1)
        line = self.norm(tokens).transpose(0, 1)
        mixed = self.attention(line, line, line, need_weights=False)[0]
        windows = mixed.reshape(5, num_images * 3, 4) * 0.5
        first, second = windows.reshape(5, num_images, 12).chunk(2, -1)
        logits: Tensor = self.head(torch.cat([second, first], -1)[0])
        return logits


class Small(nn.Module):
    """Few calls, with a size that depends on the number of images."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(192, 4)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.fc(images.reshape(images.shape[0], 192).relu())
        return logits


def exported(network: nn.Module, path: Path, num_images: int = 3, any_number: bool = True) -> Path:
    """The file of a network in the mode that it is in."""
    torch.backends.mha.set_fastpath_enabled(False)
    images = torch.randn(num_images, *SHAPE)
    shapes = ANY_NUMBER if any_number else None
    torch.export.save(torch.export.export(network, (images,), dynamic_shapes=shapes), path)
    return path


def seeded(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind().eval()


def runs_like(traced: Traced, network: nn.Module) -> bool:
    """Whether a traced program gives bit for bit what the network gives."""
    images = torch.randn(BATCH_SIZE, *SHAPE)
    with torch.no_grad():
        wanted = network(images)
        return torch.equal(Network(traced.program, traced.tensors).eval()(images), wanted)
