"""BatchNorm statistics: made true again after the weights before them changed."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from candidates.anchors import norm_scale
from candidates.widths import BATCH_NORM


def restate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set every running mean and variance to what `batches` show, and γ and β so that the
    network in eval mode computes what it did before.

    So nothing is stale, and training may start from exactly the function that was solved for.
    """
    for norm, (mean, variance) in _measure(network, batches).items():
        scale = norm_scale(norm)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        shift = norm.bias.detach().double() - norm.running_mean.double() * scale
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_(scale * torch.sqrt(variance + norm.eps))
        norm.bias.data.copy_(shift + mean * scale)


def _measure(
    network: nn.Module, batches: Iterable[Tensor]
) -> dict[nn.BatchNorm1d | nn.BatchNorm2d, tuple[Tensor, Tensor]]:
    """Mean and biased variance [channels], float64, of the input of every BatchNorm."""
    sums: dict[nn.Module, list[Tensor]] = {}

    def add(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        rows = inputs[0].transpose(0, 1).flatten(1).double()
        count = torch.full_like(rows[:, 0], rows.shape[1])
        batch = torch.stack([count, rows.sum(1), (rows**2).sum(1)])
        sums.setdefault(module, []).append(batch)

    norms = [module for module in network.modules() if isinstance(module, BATCH_NORM)]
    hooks = [norm.register_forward_pre_hook(add) for norm in norms]
    try:
        with torch.inference_mode():
            for batch in batches:
                network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    result = {}
    for norm in norms:
        count, total, squares = torch.stack(sums[norm]).sum(0)
        mean = total / count
        result[norm] = (mean, (squares / count - mean**2).clamp(min=0))
    return result
