"""Settings of a measured search."""

from pydantic import Field

from candidates.value import Value
from search.settings import Sampler, SearchSettings


class MeasuredSearchSettings(Value):
    """Equal settings on an equal library give equal trials."""

    trials: int = Field(default=30, ge=1, le=1000, description="Distinct students to measure.")
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of the sampler.")
    sampler: Sampler = Field(default="tpe", description="How Optuna proposes.")
    refit_steps: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Gradient steps a neighbourhood after the closed form of every trial's refit.",
    )

    @property
    def of_search(self) -> SearchSettings:
        """What the search itself is told."""
        return SearchSettings(seed=self.seed, trials=self.trials, sampler=self.sampler)
