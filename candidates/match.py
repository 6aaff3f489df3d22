"""Match: how well images meet what a teacher's BatchNorms remember of those it learned from."""

from collections.abc import Mapping

import torch
from torch import Tensor

from candidates.batch_norm import Norm
from candidates.errors import InvalidRecipe
from candidates.finite import checked
from candidates.graph.network import Network


class Match:
    """How far the values in front of a network's BatchNorms are from the stored statistics."""

    def __init__(self, network: Network) -> None:
        tensors = {name: values.detach() for name, values in network.tensors().items()}
        self.network = Network(network.program, _frozen(tensors, network)).eval()
        self.tensors: Mapping[str, Tensor] = tensors
        self.by_source: dict[str, list[Norm]] = {}
        for norm in map(Norm.of, network.program.calls):
            if norm is not None:
                self.by_source.setdefault(norm.source, []).append(norm)
        if not self.by_source:
            raise InvalidRecipe(
                "Inputs can be matched only to a teacher that has BatchNorms, whose statistics "
                "tell of the images it learned from; this one has none. Give images, or take "
                'inputs "gaussian".'
            )

    def loss(self, images: Tensor) -> Tensor:
        """KL between the normal distributions of the batch and of the statistics, log(1 + KL)
        averaged over channels, so that none that is nearly constant outweighs all, and over norms.
        """
        found: list[Tensor] = []

        def compare(name: str, value: Tensor) -> None:
            for norm in self.by_source.get(name, ()):
                rows = value.transpose(0, 1).flatten(1)
                variance = self.tensors[norm.variance] + norm.eps
                ratio = (rows.var(1) + norm.eps) / variance
                away = (rows.mean(1) - self.tensors[norm.mean]).square() / variance
                found.append(torch.log1p((ratio - 1 - ratio.log() + away) / 2).mean())

        compare(self.network.program.input, images)
        (logits,) = self.network.values(images, [self.network.program.output], compare)
        checked(self.network, images, logits)
        return torch.stack(found).mean()


def _frozen(tensors: Mapping[str, Tensor], network: Network) -> dict[str, Tensor]:
    """The same values, of which none asks for a gradient."""
    buffers = set(network.program.buffers)
    return {
        name: values if name in buffers else torch.nn.Parameter(values, requires_grad=False)
        for name, values in tensors.items()
    }
