"""Savings: the state of an interrupted training, as safetensors, replaced atomically."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from candidates.checkpoint import Checkpoint
from candidates.tensors import checkpoint_of, state_of


@dataclass(frozen=True)
class Savings:
    """Where a run keeps its state, and every how many steps.

    `purpose` digests everything that shapes the run; a file saved for another purpose is refused.
    """

    path: Path
    every: int = 100
    purpose: str = ""

    def save(self, network: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
        """The network, its momentum and the number of finished steps."""
        state = {f"network/{name}": values for name, values in network.state_dict().items()}
        for index, values in optimiser.state_dict()["state"].items():
            state[f"momentum/{index}"] = values["momentum_buffer"]
        metadata = {"step": str(step), "purpose": self.purpose}
        part = self.path.with_suffix(self.path.suffix + ".part")
        part.write_bytes(checkpoint_of(state, metadata).to_bytes())
        part.replace(self.path)

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Load what was saved and return its step; 0 if there is nothing.

        Raises ValueError when the file belongs to a run with other arguments.
        """
        if not self.path.exists():
            return 0
        checkpoint = Checkpoint.read(self.path)
        if checkpoint.metadata["purpose"] != self.purpose:
            raise ValueError(
                f"{self.path} was saved by a run with other arguments or files; "
                "repeat those, or delete it to start again."
            )
        momentum, weights = {}, {}
        for name, values in state_of(checkpoint).items():
            kind, _, rest = name.partition("/")
            if kind == "momentum":
                momentum[int(rest)] = {"momentum_buffer": values}
            else:
                weights[rest] = values
        network.load_state_dict(weights)
        optimiser.load_state_dict({**optimiser.state_dict(), "state": momentum})
        return int(checkpoint.metadata["step"])
