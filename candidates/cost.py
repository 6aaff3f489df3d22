"""Measure what a network costs."""

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from candidates.candidate import Cost
from candidates.graph.network import Network
from candidates.peak import ALONE, Beside, Occupancy


def cost_of(network: Network, example: Tensor, beside: Beside = ALONE) -> Cost:
    """Cost of one image, given an input [1, …] of any device, whose values do not matter; MACs are
    half of torch's counted FLOPs. Nothing is computed: on tensors without values attention is taken
    apart into products that the counter knows, which some devices hide from it. A part's peak of
    activations counts what is alive `beside` it.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.on_meta()(example.to("meta"))
    weights = list(network.parameters())
    stored = [*weights, *network.buffers()]
    return Cost(
        parameters=sum(_num_parameters(weight) for weight in weights),
        macs=counter.get_total_flops() // (2 * example.shape[0]),
        bytes=sum(tensor.numel() * tensor.element_size() for tensor in stored),
        activation_bytes=Occupancy(network, example[:1]).peak(beside=beside),
    )


def _num_parameters(weight: Tensor) -> int:
    """Non-zero entries of kernels and matrices, which may be sparse; all of a bias or a norm,
    whose zeros are values like any other.
    """
    return int(torch.count_nonzero(weight)) if weight.dim() > 1 else weight.numel()
