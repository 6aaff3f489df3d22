"""Training recipe: how a whole network learns from images."""

import math
from typing import Annotated, Literal

from pydantic import Field

from candidates.value import Value

Schedule = Literal["cosine", "steps", "constant"]
PAPER_TRANSLATION = 4
"""In pixels, of images of 32."""
Share = Annotated[float, Field(ge=0, le=1)]
PAPER_STEPS = 96_000
PAPER_WARM_UP = 400


class TrainingRecipe(Value):
    """SGD with momentum; the learning rate rises for the share `warm_up` of the steps, then falls
    as the schedule says.
    """

    epochs: int = Field(default=10, ge=1)
    num_steps: int | None = Field(default=None, ge=1, description="In place of whole epochs.")
    batch_size: int = Field(default=128, ge=2)
    learning_rate: float = Field(default=1e-2, gt=0)
    schedule: Schedule = "cosine"
    warm_up: Share = Field(default=0.05, description="Share of the steps in which the rate rises.")
    warm_up_from: Share = Field(default=0, description="Share of the rate where its rise begins.")
    boundaries: tuple[Share, ...] = Field(
        default=(1 / 3, 2 / 3), description="Shares of the steps after which 'steps' decays."
    )
    decay: float = Field(default=0.1, gt=0, le=1, description="Factor at each boundary.")
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0)
    translation: int = Field(
        default=PAPER_TRANSLATION, ge=0, description="Largest random shift in pixels."
    )
    flip: bool = Field(default=False, description="Mirror half of the images.")
    average: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Decay of the moving average of weights and statistics that is handed out in "
        "place of the last ones.",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Of products; weights stay float32."
    )
    channels_last: bool = Field(default=False, description="Memory layout while training.")
    compiled: bool = Field(default=False, description="Compile the network before the first step.")
    seed: int = Field(default=0, ge=0)

    @classmethod
    def paper(cls, num_steps: int = PAPER_STEPS) -> "TrainingRecipe":
        """Teacher and baselines of ResNet-20 on CIFAR-10 (Shao et al., appendix A): 96 000 steps
        of 128 images, the rate rising from 0.01 to 0.1 in 400 of them and divided by ten after
        every third; with fewer steps, the same in proportion.
        """
        return cls(
            num_steps=num_steps,
            learning_rate=0.1,
            schedule="steps",
            warm_up=PAPER_WARM_UP / PAPER_STEPS,
            warm_up_from=0.1,
        )

    def steps(self, num_images: int) -> int:
        """All steps; the last, smaller batch of an epoch is dropped (BatchNorm needs many)."""
        return self.num_steps or self.epochs * self.steps_per_epoch(num_images)

    def steps_per_epoch(self, num_images: int) -> int:
        """Full batches in an epoch, or one batch of everything."""
        return max(1, num_images // self.batch_size)

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, a function of nothing else: resuming needs no state."""
        warm_up = max(1, int(total * self.warm_up))
        if step < warm_up:
            reached = self.warm_up_from + (1 - self.warm_up_from) * (step + 1) / warm_up
            return self.learning_rate * reached
        return self.learning_rate * self._fallen(step, warm_up, total)

    def _fallen(self, step: int, warm_up: int, total: int) -> float:
        if self.schedule == "constant":
            return 1.0
        if self.schedule == "steps":
            passed = sum(step >= round(boundary * total) for boundary in self.boundaries)
            return float(self.decay**passed)
        return (1 + math.cos(math.pi * (step - warm_up) / total)) / 2


def usual_translation(height: int, width: int) -> int:
    """An eighth of the smaller side of images, as in the paper at 32 pixels, and never more than
    there: shifts that suit large images throw much of a small one away.
    """
    return min(PAPER_TRANSLATION, min(height, width) // 8)
