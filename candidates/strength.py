"""Strength: how large the weights are that produce each index of a width."""

import torch
from torch import Tensor

from candidates.graph.layout import Layout
from candidates.graph.neighbourhood import Width
from candidates.graph.network import Network
from candidates.linear_call import LinearCall


def strengths(part: Network, layout: Layout, width: Width) -> Tensor:
    """Σ w² over the weights of all producers, for every index of the width; float64 [size].

    Zero for producers that are no linear calls.
    """
    tensors = part.tensors()
    total = torch.zeros(width.size, dtype=torch.float64)
    for call in part.program.calls:
        linear = LinearCall.of(call, tensors) if call.name in width.producers else None
        if linear is not None:
            squares = tensors[linear.weight].detach().double().flatten(1).square().sum(1)
            total += squares[torch.tensor(layout.rows(call.name, width.name))].sum(1)
    return total
