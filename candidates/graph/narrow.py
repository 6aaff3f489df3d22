"""Narrow: a program and its tensors with fewer indices on some axes."""

from collections.abc import Mapping

import torch
from torch import Tensor

from candidates.graph.choice import Choice, kept_indices, touches
from candidates.graph.follow import Axes
from candidates.graph.network import Network
from candidates.graph.program import Program
from candidates.graph.resize import resized


def narrow(program: Program, tensors: Mapping[str, Tensor], axes: Axes, choice: Choice) -> Network:
    """A network of its own tensors that keeps the chosen indices; names stay as they are.

    With an empty choice it computes what the program does, bit for bit.
    """
    own = {name: narrowed(tensors[name], name, axes, choice) for name in program.tensors()}
    calls = tuple(resized(call, axes, choice) for call in program.calls)
    return Network(program.model_copy(update={"calls": calls}), own).eval()


def narrowed(tensor: Tensor, name: str, axes: Axes, choice: Choice) -> Tensor:
    """A copy of a tensor without the indices that are not kept."""
    result = tensor.detach()
    for dim, term in enumerate(axes.tensors[name]):
        if touches(term, choice):
            kept = torch.tensor(kept_indices(term, choice), device=tensor.device)
            result = result.index_select(dim, kept)
    return result.clone()


def for_any_batch(program: Program, axes: Axes) -> Program:
    """The program with every size that counts images following the batch."""
    return program.model_copy(
        update={"calls": tuple(resized(call, axes, {}) for call in program.calls)}
    )
