"""Savings: the state of an interrupted training, as safetensors, replaced atomically."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from candidates.checkpoint import Checkpoint
from candidates.progress import Saved, unnoted
from candidates.tensors import checkpoint_of, state_of

FORMAT = "2"


@dataclass
class State:
    """After `step` steps: tensors by name, and facts that JSON can hold."""

    step: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """What a network and its optimiser (SGD, Adam) need to go on, under a name of its own."""
        self.add_tensors(f"{name}/network", network.state_dict())
        for index, slots in optimiser.state_dict()["state"].items():
            held = {slot: value for slot, value in slots.items() if value is not None}
            self.add_tensors(f"{name}/optimiser/{index}", held)

    def add_tensors(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """More tensors under a name of their own."""
        self.tensors |= {f"{name}/{key}": values for key, values in tensors.items()}

    def give(self, name: str, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Load what was added under a name."""
        network.load_state_dict(self.given(f"{name}/network"))
        slots: dict[int, dict[str, Tensor]] = {}
        for key, values in self.given(f"{name}/optimiser").items():
            index, _, slot = key.partition("/")
            slots.setdefault(int(index), {})[slot] = values
        optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})

    def given(self, name: str) -> dict[str, Tensor]:
        """The tensors that were added under a name."""
        return {
            key.removeprefix(f"{name}/"): values
            for key, values in self.tensors.items()
            if key.startswith(f"{name}/")
        }


@dataclass(frozen=True)
class Savings:
    """Where a run keeps its state, and every how many steps.

    `purpose` digests everything that shapes the run; a file saved for another purpose is refused.
    `saved` is called whenever more was saved.
    """

    path: Path
    every: int = 100
    purpose: str = ""
    saved: Saved = unnoted

    def write(self, state: State) -> None:
        """Replace what was saved; a kill in between leaves the state before."""
        metadata = {
            "format": FORMAT, "step": str(state.step), "purpose": self.purpose,
            "facts": json.dumps(state.facts),
        }  # fmt: skip
        part = self.path.with_suffix(self.path.suffix + ".part")
        part.write_bytes(checkpoint_of(state.tensors, metadata).to_bytes())
        part.replace(self.path)
        self.saved()

    def read(self) -> State | None:
        """What was saved last; None if there is nothing.

        Raises ValueError when the file belongs to a run with other arguments.
        """
        if not self.path.exists():
            return None
        checkpoint = Checkpoint.read(self.path)
        known = checkpoint.metadata
        if (known.get("format"), known.get("purpose")) != (FORMAT, self.purpose):
            raise ValueError(
                f"{self.path} was saved by a run with other arguments or files; "
                "repeat those, or delete it to start again."
            )
        return State(int(known["step"]), state_of(checkpoint), json.loads(known["facts"]))

    def save(self, network: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
        """The state of one network, its optimiser and the number of finished steps."""
        state = State(step)
        state.add("run", network, optimiser)
        self.write(state)

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Load what `save` saved and return its step; 0 if there is nothing.

        Raises ValueError when the file belongs to a run with other arguments.
        """
        state = self.read()
        if state is None:
            return 0
        state.give("run", network, optimiser)
        return state.step
