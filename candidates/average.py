"""Average: a network whose weights follow those of another that learns."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """A copy that `update_parameters` moves towards the network: w̄ ← d·w̄ + (1 − d)·w.

    d rises to `decay` as (1 + n) / (10 + n) over the n first updates, so that a short training is
    not held back by its start. Floating-point buffers, such as the statistics of BatchNorms, are
    averaged alike, so that they belong to the averaged weights; others are copied.
    """

    def follow(ours: Sequence[Tensor], theirs: Sequence[Tensor], num_updates: Tensor | int) -> None:
        if not ours[0].is_floating_point():
            torch._foreach_copy_(list(ours), list(theirs))
            return
        count = torch.as_tensor(num_updates)
        rest = 1 - ((1 + count) / (10 + count)).clamp(max=decay)  # stays where the weights are
        steps = torch._foreach_sub(list(theirs), list(ours))
        torch._foreach_mul_(steps, rest)
        torch._foreach_add_(list(ours), steps)

    return AveragedModel(network, multi_avg_fn=follow, use_buffers=True)
