"""Measure what a network costs."""

from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from candidates.candidate import Cost
from candidates.network import Network


def cost_of(network: Network, example: Tensor) -> Cost:
    """Cost of one image, given an input [1, …] of any device, whose values do not matter; MACs are
    half of torch's counted FLOPs. Nothing is computed.
    """
    with (
        torch.no_grad(),
        FlopCounterMode(display=False, custom_mapping=_ATTENTION) as counter,
    ):
        network.on_meta()(example.to("meta"))
    weights = list(network.parameters())
    stored = [*weights, *network.buffers()]
    return Cost(
        parameters=sum(_num_parameters(weight) for weight in weights),
        macs=counter.get_total_flops() // (2 * example.shape[0]),
        bytes=sum(tensor.numel() * tensor.element_size() for tensor in stored),
    )


def _attention_flops(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """What torch's counter knows for GPUs, given the shapes."""
    return int(sdpa_flop_count(query, key, value))


_ATTENTION = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_flops}


def _num_parameters(weight: Tensor) -> int:
    """Non-zero entries of kernels and matrices, which may be sparse; all of a bias or a norm,
    whose zeros are values like any other.
    """
    return int(torch.count_nonzero(weight)) if weight.dim() > 1 else weight.numel()
