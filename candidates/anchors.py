"""Anchors: how far the output of a linear call stays affine, and by what it is scaled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from candidates.batch_norm import Norm
from candidates.graph.network import Frame, Network, Step
from candidates.graph.operators import LIKES, MAKERS, NOISE, UNARY
from candidates.graph.program import Call, Program
from candidates.graph.signature import tensor_in, value_in
from candidates.linear_call import LinearCall

MOVES = NOISE | {
    "view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints",
    "unflatten.int", "permute.default", "transpose.int", "squeeze.default", "squeeze.dim",
    "squeeze.dims", "unsqueeze.default", "roll.default", "slice.Tensor", "contiguous.default",
    "clone.default", "movedim.int", "movedim.intlist", "swapaxes.default",
}  # fmt: skip
"""Operators that in eval mode only move or drop positions."""
POSITIONWISE = UNARY | NOISE | {"permute.default", "max_pool2d.default", "avg_pool2d.default"}
"""Operators between an anchor and a global pooling that leave channels and images apart."""
GLOBAL_MEANS = ((2, 3), (-1, -2), (-2, -1), (1, 2), (1,))
"""Dimensions over which a mean is a global average pooling."""
SILENT = 1e-6
"""Gains below this share of the largest are zero: nobody hears such a channel."""


@dataclass(frozen=True)
class Anchor:
    """A linear call inside a program and what follows it up to its last affine value.

    `norm` is the BatchNorm that follows at once, if one does. `path` has the calls behind it that
    stay affine: residual additions, scales of channels (whose tensors `scales` names), and what
    only moves positions. The anchor itself is the value after them, before the non-linearity.
    `pooled` says whether a global average pooling follows.
    """

    call: LinearCall
    norm: Norm | None
    path: tuple[Call, ...]
    scales: tuple[str, ...]
    pooled: bool

    @property
    def value(self) -> str:
        """The name of the anchor."""
        return self.path[-1].name if self.path else self._start

    @property
    def takes_intercept(self) -> bool:
        """Whether the BatchNorm or a bias can absorb a constant for each output channel."""
        return self.norm is not None or self.call.bias is not None

    def gain(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """What multiplies each output channel on the way to the anchor: γ/σ and scales; float64."""
        gain = self._norm_gain(tensors)
        for name in self.scales:
            gain = gain * tensors[name].detach().double().flatten()
        return gain

    def add_intercept(self, tensors: Mapping[str, Tensor], shift: Tensor) -> None:
        """Add `shift` [o] to the call's output, in the BatchNorm's mean or the bias."""
        if self.norm is not None:
            tensors[self.norm.mean].sub_(shift.float())
        else:
            assert self.call.bias is not None
            bias = tensors[self.call.bias]
            bias.data += shift.to(bias.dtype)

    def unmoved(self) -> "Anchor":
        """The anchor at the call or its BatchNorm, where its channels still lie as they did."""
        return Anchor(self.call, self.norm, (), (), self.pooled)

    def needed(self) -> list[str]:
        """The values that `pulled_back` reads."""
        inside = {self._start, *(call.name for call in self.path)}
        read = [value for call in self.path for value in call.values() if value not in inside]
        return [self._start, *dict.fromkeys(read)]

    def pulled_back(
        self, network: Network, values: Mapping[str, Any], batch_size: int, residual: Tensor
    ) -> Tensor:
        """What should be added to the call's output so that `residual` is added at the anchor.

        With J the linear map from there to here it is JᵀR / JᵀJ1: the residual at its own
        position without any gain, or its mean where one value is spread over several positions;
        zero for what does not reach the anchor. `values` holds what `needed` names, of a batch.
        """
        if self.path:
            residual = self._along_path(network, values, batch_size, residual)
        if self.norm is None:
            return residual
        gain = self._norm_gain(network.tensors())
        heard = gain.abs() > SILENT * gain.abs().max().clamp(min=1e-30)
        inverse = torch.where(heard, 1 / gain, 0).to(residual.dtype)
        return residual * inverse.reshape(-1, *[1] * (residual.dim() - 2))

    @property
    def _start(self) -> str:
        return self.call.name if self.norm is None else self.norm.name

    def _norm_gain(self, tensors: Mapping[str, Tensor]) -> Tensor:
        if self.norm is None:
            return torch.ones(len(tensors[self.call.weight]), dtype=torch.float64)
        return self.norm.scale(tensors)

    def _along_path(
        self, network: Network, values: Mapping[str, Any], batch_size: int, residual: Tensor
    ) -> Tensor:
        def reached(start: Tensor) -> Tensor:
            known = {**values, self._start: start}
            frame = Frame(known, network.tensors(), batch_size, network.training)
            for call in self.path:
                known[call.name] = Step.of(call).run(frame)
            result = known[self.value]
            assert isinstance(result, Tensor)
            return result

        with torch.enable_grad():
            start = torch.zeros_like(values[self._start]).requires_grad_()
            end = reached(start)
            spread = reached(torch.ones_like(start)).detach() - end.detach()
            (moved,) = torch.autograd.grad(end, start, residual, retain_graph=True)
            (weight,) = torch.autograd.grad(end, start, spread)
        heard = weight > SILENT**2 * weight.max().clamp(min=1e-30)
        return torch.where(heard, moved / weight, 0)


def find_anchors(network: Network, calls: Iterable[LinearCall]) -> list[Anchor]:
    """The anchors of linear calls inside a network, in the order of `calls`."""
    walk = _Walk(network)
    return [walk.anchor(call) for call in calls]


class _Walk:
    def __init__(self, network: Network) -> None:
        self.program: Program = network.program
        self.tensors = network.tensors()
        self.calls = {call.name: call for call in self.program.calls}
        self.users = self.program.users()

    def anchor(self, call: LinearCall) -> Anchor:
        norm = self._norm_behind(call)
        here = call.name if norm is None else norm.name
        path, scales = [], []
        while (user := self._only_user(here)) is not None:
            scale = self._scale(user, len(self.tensors[call.weight]))
            if scale is None and not self._moves(user, here):
                break
            scales += [scale] if scale else []
            path.append(user)
            here = user.name
        pooled = self._is_pooled(here)
        while path and path[-1].operator in MOVES:
            path.pop()
        return Anchor(call, norm, tuple(path), tuple(scales), pooled)

    def _norm_behind(self, call: LinearCall) -> Norm | None:
        user = self._only_user(call.name)
        norm = Norm.of(user) if user is not None else None
        num_outputs = len(self.tensors[call.weight])
        return norm if norm and len(self.tensors[norm.mean]) == num_outputs else None

    def _only_user(self, name: str) -> Call | None:
        """The only call that reads a value; makers of its like look at its dtype alone."""
        users = [user for user in self.users[name] if user.operator not in LIKES]
        return users[0] if len(users) == 1 and name != self.program.output else None

    def _moves(self, user: Call, here: str) -> bool:
        """Whether a call leaves a value as it is, but for its place and what is added to it."""
        if user.operator in MOVES:
            return True
        if user.operator not in ("add.Tensor", "mul.Tensor"):
            return False
        others = [each for each in user.arguments[:2] if value_in(each) != here]
        if len(others) != 1 or user.keywords:
            return False
        return user.operator == "add.Tensor" or self._is_noise(value_in(others[0]))

    def _is_noise(self, name: str | None) -> bool:
        """Whether a value is one in eval mode: a dropout of ones."""
        call = self.calls.get(name or "")
        if call is None or call.operator not in NOISE:
            return False
        return all(self.calls[source].operator in MAKERS | LIKES for source in call.values())

    def _scale(self, user: Call, num_outputs: int) -> str | None:
        """The tensor that a call multiplies the channels of a value by."""
        if user.operator != "mul.Tensor":
            return None
        names = [name for each in user.arguments if (name := tensor_in(each)) is not None]
        if len(names) != 1 or self.tensors[names[0]].numel() != num_outputs:
            return None
        return names[0]

    def _is_pooled(self, name: str) -> bool:
        """Whether only what leaves channels apart lies between a value and a global pooling."""
        user = self._only_user(name)
        while user is not None and not _pools(user):
            if user.operator not in POSITIONWISE:
                return False
            user = self._only_user(user.name)
        return user is not None


def _pools(call: Call) -> bool:
    """Whether a call is a global average pooling."""
    if call.operator == "mean.dim":
        return call.arguments[1] in GLOBAL_MEANS
    return call.operator == "adaptive_avg_pool2d.default" and call.arguments[1] in ((1, 1), 1)
