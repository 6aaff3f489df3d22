"""A student, made by Student Search: its layers and how they are called.

Its weights lie in a safetensors file beside this one. It needs torch and safetensors:

    from student import load

    student = load("student.safetensors")
    logits = student(images)  # [N, 3, 8, 8], each channel (pixel / 255 - MEAN) / STD

In train mode BatchNorms normalise by the batch and dropout drops, so it can be fine-tuned.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

FORMAT = 1
INPUT = (3, 8, 8)
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
aten = torch.ops.aten


class Group(nn.Module):
    """Layers and tensors by the names that they have in the teacher."""

    def __init__(self, parts: dict[str, nn.Module | Tensor]) -> None:
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, nn.Module):
                self._modules[name] = part
            elif isinstance(part, nn.Parameter):
                self._parameters[name] = part
            else:
                self._buffers[name] = part

    def __getitem__(self, name: str | int):
        known = {**self._modules, **self._parameters, **self._buffers}
        return known[str(name)]


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Over the second of any number of dimensions."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass


def parameter(*shape: int, dtype: torch.dtype = torch.float32) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape, dtype=dtype))


def buffer(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.zeros(shape, dtype=dtype)


class Student(Group):
    def __init__(self) -> None:
        super().__init__(
            {
                "conv": nn.Conv2d(3, 4, 3, padding=1),
                "norm": BatchNorm(4),
                "head": nn.Linear(4, 4),
            }
        )

    def forward(self, images: Tensor) -> Tensor:
        x = self.conv(images)
        x = self.norm(x)
        x = F.relu(x)
        x = torch.mean(x, [2, 3])
        x = F.dropout(x, 0.1, self.training)
        x = self.head(x)
        return x


def load(weights: str | Path) -> Student:
    """The student with its weights, ready to predict; call train() to go on training it."""
    student = Student()
    student.load_state_dict(load_file(weights), strict=True)
    return student.eval()


if __name__ == "__main__":
    network = load(Path(__file__).with_suffix(".safetensors"))
    print(f"{sum(each.numel() for each in network.parameters())} parameters")
    print(f"logits {tuple(network(torch.rand(2, *INPUT)).shape)} for 2 images")
