"""Initial: random weights for a network of which only the program is known."""

import math

import torch
from torch import Tensor

from candidates.graph.network import Network, function_of
from candidates.graph.operators import CONVOLUTIONS, NORMS
from candidates.graph.program import Call, TensorOf

CONVOLVING = CONVOLUTIONS | {"conv3d.default", "conv_transpose2d.input"}
PRODUCTS = frozenset({"matmul.default", "mm.default", "addmm.default", "bmm.default"})
EMBEDDING_SPREAD = 0.02
PRELU_SLOPE = 0.25
Role = tuple[str, str]
"""The operator that reads a tensor, and the name of the argument as which it does."""


def reinitialised(network: Network, seed: int) -> None:
    """Give a network a random start, in place; the same seed gives the same values anywhere.

    What reads a tensor first decides: the weight of a convolution is drawn from N(0, 2 / fan-in)
    (He et al., 2015, Delving Deep into Rectifiers), that of a linear layer from U(±1/√fan-in),
    torch's default. Biases become 0; norms 1 and 0 with the statistics of a fresh one; scales that
    are multiplied, such as layer scales, 1; slopes of PReLUs 0.25. All other parameters, such as
    class tokens and embeddings of positions, come from N(0, 0.02²), as in vision transformers.
    Buffers that are no statistics are constants of the network and stay.
    """
    generator = torch.Generator().manual_seed(seed)
    roles = _roles(network)
    buffers = set(network.program.buffers)
    with torch.no_grad():
        for name, tensor in network.tensors().items():
            role = roles.get(name, ("", ""))
            if name not in buffers:
                tensor.copy_(_drawn(role, tensor, generator))
            elif name.endswith("num_batches_tracked"):
                tensor.zero_()
            elif role[1] in ("running_mean", "running_var"):
                tensor.fill_(role[1] == "running_var")


def _drawn(role: Role, tensor: Tensor, generator: torch.Generator) -> Tensor:
    operator, argument = role
    if argument == "bias" or role == ("addmm.default", "self"):
        return torch.zeros(tensor.shape)
    if operator in CONVOLVING:
        fan_in = tensor[0].numel()
        return torch.randn(tensor.shape, generator=generator) * math.sqrt(2 / fan_in)
    if operator == "linear.default" or operator in PRODUCTS:
        fan_in = tensor.shape[-1 if operator == "linear.default" else max(-2, -tensor.dim())]
        return (2 * torch.rand(tensor.shape, generator=generator) - 1) / math.sqrt(fan_in)
    if operator in NORMS or operator == "mul.Tensor":
        return torch.ones(tensor.shape)
    if operator == "prelu.default":
        return torch.full(tensor.shape, PRELU_SLOPE)
    return torch.randn(tensor.shape, generator=generator) * EMBEDDING_SPREAD


def _roles(network: Network) -> dict[str, Role]:
    """By tensor, as what it is read first."""
    result: dict[str, Role] = {}
    for call in network.program.calls:
        for name, role in _read(call).items():
            result.setdefault(name, role)
    return result


def _read(call: Call) -> dict[str, Role]:
    if not call.tensors() or call.operator == "getitem":
        return {}
    names = [each.name for each in function_of(call.operator)._schema.arguments]  # type: ignore[attr-defined]
    given = {**dict(zip(names, call.arguments, strict=False)), **call.keywords}
    return {
        argument.tensor: (call.operator, name)
        for name, argument in given.items()
        if isinstance(argument, TensorOf)
    }
