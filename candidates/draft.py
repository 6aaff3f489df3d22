"""Draft: a candidate whose weights may still change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from candidates.candidate import Kept
from candidates.graph.network import Network


class Constraint(Protocol):
    """What a draft's weights must obey while they learn."""

    def apply(self, tensors: Mapping[str, Tensor], step: int, total: int) -> None:
        """Change weights in place; called before the first step (0) and after steps 1 … total."""


@dataclass
class Draft:
    """A network that reads its neighbourhood's input and gives its output, under the teacher's
    names and with tensors of its own; `kept` are the indices that each narrowed width keeps.
    """

    network: Network
    kept: Kept = field(default_factory=dict)
    constraint: Constraint | None = None
