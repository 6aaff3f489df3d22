"""Finite: NaN and Inf are noticed where a network computes them."""

import torch
from torch import Tensor, nn

from candidates.errors import NonFiniteActivation
from candidates.graph.network import Network


def checked(network: nn.Module, inputs: Tensor, outputs: Tensor) -> Tensor:
    """The outputs that a network gave for these inputs, if all of them are finite.

    Raises NonFiniteActivation naming the first module that was not; to find it the network runs
    once more.
    """
    if not outputs.is_floating_point() or torch.isfinite(outputs).all():
        return outputs
    if isinstance(network, Network):
        check_activations(network, inputs)
    raise NonFiniteActivation(
        "A network computes NaN or Inf on these images, in no module that has weights of its own; "
        "check what its masks and scales do to them."
    )


def check_activations(network: Network, inputs: Tensor) -> None:
    """One forward pass; NonFiniteActivation names the first module whose result is NaN or Inf.

    Infinities that a mask puts in on purpose do not count: only what weights compute is looked at.
    """
    scopes = {call.name: call for call in network.program.calls if call.tensors()}

    def check(name: str, value: object) -> None:
        call = scopes.get(name)
        if call is None or not isinstance(value, Tensor) or not value.is_floating_point():
            return
        if not torch.isfinite(value).all():
            module = call.scope or call.tensors()[0]
            raise NonFiniteActivation(f"Module '{module}' computes NaN or Inf; check its weights.")

    with torch.inference_mode():
        network.values(inputs, [network.program.output], check)
