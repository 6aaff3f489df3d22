"""Paper training: a whole training, measured after every epoch, that goes on after a stop."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from candidates.data import ImageSet
from candidates.graph.network import Network
from candidates.recipe import Preprocessing
from candidates.savings import Savings
from candidates.training import Look, Loss, Training
from candidates.training_recipe import TrainingRecipe

KEPT = Path("var") / "benchmarks"
"""Where unfinished trainings lie, from the repository's root."""


@dataclass(frozen=True)
class Course:
    """What is learned, from what and how; `measure` gives a percentage."""

    images: ImageSet
    preprocessing: Preprocessing
    loss: Loss
    recipe: TrainingRecipe
    measure: Callable[[nn.Module], float]

    def run(self, network: Network, name: str) -> dict[str, list[float]]:
        """Train in place; accuracies and processor seconds so far after every epoch, without
        those of measuring. A training of the same name and recipe that was stopped goes on.
        """
        an_epoch = self.recipe.steps_per_epoch(len(self.images))
        purpose = hashlib.sha256(f"{name} {self.recipe.model_dump_json()}".encode()).hexdigest()
        KEPT.mkdir(parents=True, exist_ok=True)
        savings = Savings(KEPT / f"{purpose[:16]}.savings", an_epoch, purpose)
        state = savings.read()
        diary = Diary(savings.path.with_suffix(".json"), self.measure)
        diary.open(state.step // an_epoch if state else 0)
        look = Look(diary.note, an_epoch)
        training = Training(self.images, self.preprocessing, self.loss, self.recipe, savings, look)
        training.run(network)
        savings.path.unlink(missing_ok=True)
        diary.path.unlink(missing_ok=True)
        return {"accuracies": diary.accuracies, "seconds": diary.seconds}


@dataclass
class Diary:
    """One line an epoch, on disk before the epoch itself is saved."""

    path: Path
    measure: Callable[[nn.Module], float]
    accuracies: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _since: float = 0.0

    def open(self, num_epochs: int) -> None:
        """Take up the lines of so many epochs, and the clock."""
        if num_epochs:
            known = json.loads(self.path.read_text())
            self.accuracies = known["accuracies"][:num_epochs]
            self.seconds = known["seconds"][:num_epochs]
        self._since = time.process_time() - (self.seconds[-1] if self.seconds else 0.0)

    def note(self, network: nn.Module) -> float:
        """Measure and write a line; the time that takes is not counted."""
        begun = time.process_time()
        self.seconds.append(begun - self._since)
        self.accuracies.append(self.measure(network))
        lines = {"accuracies": self.accuracies, "seconds": self.seconds}
        self.path.write_text(json.dumps(lines))
        print(
            f"epoch {len(self.seconds)}: {self.accuracies[-1]:.2f} % "
            f"after {self.seconds[-1]:.0f} s",
            flush=True,
        )
        self._since += time.process_time() - begun
        return self.accuracies[-1]
