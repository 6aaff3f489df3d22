"""Source: a student as a Python file that needs torch and safetensors alone."""

from collections.abc import Mapping
from typing import Any

from candidates.assembly import description_of, program_of
from candidates.checkpoint import Checkpoint, Tensor
from candidates.errors import NotExportable
from candidates.export.formats import FORMAT
from candidates.export.to_python.layers import DTYPES, Layer, Layers
from candidates.export.to_python.names import quoted
from candidates.export.to_python.statements import Statements
from candidates.export.to_python.writing import INDENT, called

HEAD = '''"""A student, made by Student Search: its layers and how they are called.

Its weights lie in a safetensors file beside this one. It needs torch and safetensors. Where this
file is called student.py (else put its own name, without .py, in the place of the first "student";
one that Python cannot import so, as with a hyphen, takes importlib.import_module):

    from student import load

    student = load("student.safetensors")
    logits = student(images)  # [N, {shape}], each channel (pixel / 255 - MEAN) / STD

In train mode BatchNorms normalise by the batch and dropout drops, so it can be fine-tuned.
"""

from pathlib import Path

import torch
{functional}from safetensors.torch import load_file
from torch import Tensor, nn

FORMAT = {format}
INPUT = {input}
MEAN = {mean}
STD = {std}
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
        known = {{**self._modules, **self._parameters, **self._buffers}}
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
'''
TAIL = '''

def load(weights: str | Path) -> Student:
    """The student with its weights, ready to predict; call train() to go on training it."""
    student = Student()
    student.load_state_dict(load_file(weights), strict=True)
    return student.eval()


if __name__ == "__main__":
    network = load(Path(__file__).with_suffix(".safetensors"))
    print(f"{sum(each.numel() for each in network.parameters())} parameters")
    print(f"logits {tuple(network(torch.rand(2, *INPUT)).shape)} for 2 images")
'''


def python_source(checkpoint: Checkpoint) -> str:
    """The file's text; equal students give equal texts.

    `load` in it takes the student's own safetensors file. Raises NotExportable where a constant or
    a keyword of a call has no name in Python.
    """
    program, recipe = program_of(checkpoint), description_of(checkpoint).recipe
    tensors = {name: checkpoint.tensors[name] for name in program.tensors()}
    layers = Layers(program, tensors)
    forward = Statements(program, layers, 2)
    parts = _parts(_tree(tensors, layers), tensors, set(program.buffers), 4)
    head = HEAD.format(
        shape=", ".join(map(str, recipe.input)), format=FORMAT, input=recipe.input,
        functional=_functional(forward.lines),
        mean=recipe.preprocessing.mean, std=recipe.preprocessing.std,
    )  # fmt: skip
    batch = [f"{INDENT * 2}batch = images.shape[0]"] if forward.reads_batch else []
    body = [
        f"{INDENT * 2}super().__init__(",
        f"{INDENT * 3}{{",
        *parts,
        f"{INDENT * 3}}}",
        f"{INDENT * 2})",
        "",
        f"{INDENT}def forward(self, images: Tensor) -> Tensor:",
        *batch,
        *forward.lines,
    ]
    return head + "\n".join(body) + "\n" + TAIL


def _tree(tensors: Mapping[str, Tensor], layers: Layers) -> dict[str, Any]:
    """Groups within groups; at the ends layers, and names of tensors that belong to none."""
    owner = {name: path for path, layer in layers.by_path.items() for name in layer.tensors}
    root: dict[str, Any] = {}
    for name in tensors:
        path = owner.get(name, name)
        *groups, last = path.split(".")
        if not {"", "training"}.isdisjoint([*groups, last]):
            raise NotExportable(f"No module can hold a tensor named {quoted(name)}.")
        here = root
        for group in groups:
            here = here.setdefault(group, {})
            if not isinstance(here, dict):
                raise _clash(name)
        if isinstance(here.get(last), dict):
            raise _clash(name)
        here[last] = layers.by_path.get(path, name)
    return root


def _parts(
    tree: Mapping[str, Any], tensors: Mapping[str, Tensor], buffers: set[str], depth: int
) -> list[str]:
    lines: list[str] = []
    for name, part in tree.items():
        before = f"{quoted(name)}: "
        if isinstance(part, Layer):
            lines += called(part.function, part.arguments, depth, before, ",")
        elif isinstance(part, dict):
            lines.append(f"{INDENT * depth}{before}Group(")
            lines.append(f"{INDENT * (depth + 1)}{{")
            lines += _parts(part, tensors, buffers, depth + 2)
            lines += [f"{INDENT * (depth + 1)}}}", f"{INDENT * depth}),"]
        else:
            lines += called(*_tensor(tensors[part], part in buffers), depth, before, ",")
    return lines


def _tensor(tensor: Tensor, is_buffer: bool) -> tuple[str, list[str]]:
    dtype = [] if tensor.dtype == "F32" else [f"dtype=torch.{DTYPES[tensor.dtype]}"]
    whole = is_buffer or not tensor.dtype.startswith(("F", "BF"))
    return "buffer" if whole else "parameter", [*map(str, tensor.shape), *dtype]


def _clash(name: str) -> NotExportable:
    return NotExportable(
        f"The tensor {quoted(name)} lies below another tensor or above one, which no module can "
        "hold. Rename the tensors of the teacher."
    )


def _functional(lines: list[str]) -> str:
    """Its import, if any line needs it."""
    return "import torch.nn.functional as F\n" if any(" F." in line for line in lines) else ""
