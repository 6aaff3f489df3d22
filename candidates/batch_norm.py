"""BatchNorm: its calls in a program, and its statistics made true again after weights changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from candidates.graph.network import Network
from candidates.graph.program import Call
from candidates.graph.signature import BATCH_NORM, named, tensor_in, value_in

EPSILON = 1e-5  # the operator's default


@dataclass(frozen=True)
class Norm:
    """The call `name` on the value `source`, with the names of its tensors."""

    name: str
    source: str
    weight: str | None
    bias: str | None
    mean: str
    variance: str
    eps: float

    @classmethod
    def of(cls, call: Call) -> "Norm | None":
        """None for any other operator, and without running statistics."""
        if call.operator != "batch_norm.default":
            return None
        given = named(call, BATCH_NORM)
        source, mean = value_in(given["input"]), tensor_in(given.get("running_mean"))
        variance = tensor_in(given.get("running_var"))
        if source is None or mean is None or variance is None:
            return None
        eps = given.get("eps", EPSILON)
        assert isinstance(eps, float)
        weight, bias = tensor_in(given.get("weight")), tensor_in(given.get("bias"))
        return cls(call.name, source, weight, bias, mean, variance, eps)

    def scale(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """γ/√(σ² + ε) in eval mode, float64 [channels]."""
        variance = tensors[self.variance].double()
        ones = torch.ones_like(variance)
        weight = ones if self.weight is None else tensors[self.weight].detach().double()
        return weight / torch.sqrt(variance + self.eps)


def restate(network: Network, batches: Iterable[Tensor]) -> None:
    """Set every running mean and variance to what `batches` show, and γ and β so that the
    network in eval mode computes what it did before.

    So nothing is stale, and training may start from exactly the function that was solved for.
    Norms without γ or β, which could not make up for the change, keep their statistics.
    """
    tensors = network.tensors()
    norms = [norm for norm in map(Norm.of, network.program.calls) if norm is not None]
    by_source: dict[str, list[Norm]] = {}
    for norm in norms:
        if norm.weight is not None and norm.bias is not None:
            by_source.setdefault(norm.source, []).append(norm)
    measured = _measure(network, batches, by_source)
    for norm in {norm.mean: norm for norm in norms if norm.mean in measured}.values():
        _restate(norm, tensors, *measured[norm.mean])


def _restate(norm: Norm, tensors: Mapping[str, Tensor], mean: Tensor, variance: Tensor) -> None:
    assert norm.weight is not None
    assert norm.bias is not None
    scale = norm.scale(tensors)
    shift = tensors[norm.bias].detach().double() - tensors[norm.mean].double() * scale
    tensors[norm.mean].copy_(mean)
    tensors[norm.variance].copy_(variance)
    tensors[norm.weight].data.copy_(scale * torch.sqrt(variance + norm.eps))
    tensors[norm.bias].data.copy_(shift + mean * scale)


def _measure(
    network: Network, batches: Iterable[Tensor], by_source: Mapping[str, list[Norm]]
) -> dict[str, tuple[Tensor, Tensor]]:
    """By the name of its running mean, the mean and biased variance [channels], float64, of all
    that a BatchNorm reads.
    """
    sums: dict[str, Tensor] = {}

    def add(name: str, value: Any) -> None:
        for norm in by_source.get(name, ()):
            rows = value.transpose(0, 1).flatten(1).double()
            count = torch.full_like(rows[:, 0], rows.shape[1])
            batch = torch.stack([count, rows.sum(1), (rows**2).sum(1)])
            sums[norm.mean] = sums[norm.mean] + batch if norm.mean in sums else batch

    with torch.inference_mode():
        for batch in batches if by_source else ():
            add(network.program.input, batch)
            network.values(batch, [network.program.output], add)
    result = {}
    for name, (count, total, squares) in sums.items():
        mean = total / count
        result[name] = (mean, (squares / count - mean**2).clamp(min=0))
    return result
