"""A vision transformer of a user's own, exported: the service never sees its source."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE, HEADS = 16, 4


class Block(nn.Module):
    """Attention and an MLP, each with its own norm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
        self.qkv, self.proj = nn.Linear(SIZE, 3 * SIZE), nn.Linear(SIZE, SIZE)
        self.mlp = nn.Sequential(
            nn.Linear(SIZE, 4 * SIZE), nn.GELU(), nn.Dropout(0.3), nn.Linear(4 * SIZE, SIZE)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self._attended(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))

    def _attended(self, tokens: Tensor) -> Tensor:
        count, length, _ = tokens.shape
        parts = self.qkv(tokens).reshape(count, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.proj(mixed.transpose(1, 2).reshape(count, length, -1))


class TinyVit(nn.Module):
    """Patches of grey images of 8 × 8, a class token and place embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, SIZE, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, SIZE))
        self.places = nn.Parameter(torch.randn(1, 5, SIZE))
        self.blocks = nn.Sequential(Block(), Block())
        self.norm = nn.LayerNorm(SIZE)
        self.head = nn.Linear(SIZE, 2)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(images.shape[0], -1, -1), patches], 1) + self.places
        return self.head(self.norm(self.blocks(tokens))[:, 0])


def write_export(path: Path) -> None:
    """As torch.export.save does."""
    torch.manual_seed(0)
    batch = ({0: torch.export.Dim("batch")},)
    exported = torch.export.export(
        TinyVit().eval(), (torch.rand(3, 1, 8, 8),), dynamic_shapes=batch
    )
    torch.export.save(exported, path)
