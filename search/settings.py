"""Settings of a search: what a strategy may be told beside the problem and the budget."""

from typing import Literal

from pydantic import Field

from candidates.value import Value

TorchFreeSampler = Literal["tpe", "nsga2"]
Sampler = Literal[TorchFreeSampler, "gp"]
TOP = 2
TIME_LIMIT_S = 10.0


class SearchSettings(Value):
    """Equal settings on an equal problem give an equal answer, unless its time runs out."""

    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of strategies that draw.")
    trials: int = Field(
        default=200, ge=1, le=10_000, description="Proposals that an iterative strategy may make."
    )
    sampler: Sampler = Field(
        default="tpe",
        description="How optuna proposes: tpe, nsga2, or gp, which needs torch.",
        exclude_if=lambda sampler: sampler == "tpe",
    )
    top: int = Field(
        default=TOP,
        ge=1,
        le=100,
        description="How many distinct selections to tell, the best included.",
        exclude_if=lambda top: top == TOP,
    )
    time_limit_s: float = Field(
        default=TIME_LIMIT_S,
        gt=0,
        le=600,
        description="Seconds that integer programming may take to prove an answer the best.",
        exclude_if=lambda seconds: seconds == TIME_LIMIT_S,
    )
