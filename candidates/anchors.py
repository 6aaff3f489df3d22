"""Anchors: how far the output of a linear operator stays linear, and by what it is scaled."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from candidates.widths import BATCH_NORM, CHANNELWISE


@dataclass(frozen=True)
class Anchor:
    """A linear operator inside a part, seen by the names of its modules and nodes.

    `source` computes its input, `node` is the last node that is affine in its output (behind its
    BatchNorm and the residual addition, before the non-linearity), `norm` is the BatchNorm in
    between, if there is one, and `pooled` says whether a global average pooling follows.
    """

    module: str
    source: str
    node: str
    norm: str | None
    pooled: bool

    def gain(self, part: nn.Module) -> Tensor:
        """What multiplies each output channel on the way to the anchor: γ/σ, or ones; float64."""
        if self.norm is None:
            weight = part.get_submodule(self.module).weight
            assert isinstance(weight, Tensor)
            return torch.ones(len(weight), dtype=torch.float64)
        return norm_scale(part.get_submodule(self.norm))

    def takes_intercept(self, part: nn.Module) -> bool:
        """Whether the BatchNorm or a bias can absorb a constant for each output channel."""
        return self.norm is not None or part.get_submodule(self.module).bias is not None

    def add_intercept(self, part: nn.Module, shift: Tensor) -> None:
        """Add `shift` [o] to the operator's output, in the BatchNorm's mean or the bias."""
        if self.norm is not None:
            _running(part.get_submodule(self.norm))[0].sub_(shift.float())
        else:
            bias = part.get_submodule(self.module).bias
            assert isinstance(bias, Tensor)
            bias.data += shift.to(bias.dtype)


def norm_scale(norm: nn.Module) -> Tensor:
    """γ/√(σ² + ε) of a BatchNorm in eval mode, float64 [channels]."""
    assert isinstance(norm, BATCH_NORM)
    variance = _running(norm)[1].double()
    weight = torch.ones_like(variance) if norm.weight is None else norm.weight.detach().double()
    return weight / torch.sqrt(variance + norm.eps)


def find_anchors(part: nn.Module, modules: tuple[str, ...]) -> Iterator[Anchor]:
    """The anchors of the named linear modules, in the order in which they run."""
    assert isinstance(part, fx.GraphModule)
    for node in part.graph.nodes:
        if node.op == "call_module" and node.target in modules:
            yield _anchor(part, node)


def _anchor(part: fx.GraphModule, node: fx.Node) -> Anchor:
    norm, here = None, node
    while (user := _only_user(here)) is not None:
        if _calls_norm(part, user) and norm is None and here is node:
            norm = str(user.target)
        elif not _adds(user):
            break
        here = user
    source = node.all_input_nodes[0].name
    return Anchor(str(node.target), source, here.name, norm, _is_pooled(part, here))


def _is_pooled(part: fx.GraphModule, node: fx.Node) -> bool:
    """Whether only channel-wise modules lie between the node and a global average pooling."""
    user = _only_user(node)
    while user is not None and user.op == "call_module":
        module = part.get_submodule(str(user.target))
        if isinstance(module, nn.AdaptiveAvgPool2d):
            return module.output_size in (1, (1, 1))
        if not isinstance(module, CHANNELWISE):
            return False
        user = _only_user(user)
    return False


def _only_user(node: fx.Node) -> fx.Node | None:
    users = list(node.users)
    return users[0] if len(users) == 1 and users[0].op != "output" else None


def _calls_norm(part: fx.GraphModule, node: fx.Node) -> bool:
    return node.op == "call_module" and isinstance(part.get_submodule(str(node.target)), BATCH_NORM)


def _adds(node: fx.Node) -> bool:
    return (
        getattr(node.target, "__name__", "") in ("add", "iadd") and len(node.all_input_nodes) == 2
    )


def _running(norm: nn.Module) -> tuple[Tensor, Tensor]:
    assert isinstance(norm, BATCH_NORM)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var
