"""Settings of a search: what a strategy may be told beside the problem and the budget."""

from pydantic import Field

from candidates.value import Value


class SearchSettings(Value):
    """Equal settings on an equal problem give an equal answer."""

    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of strategies that draw.")
    trials: int = Field(
        default=200, ge=1, le=10_000, description="Proposals that an iterative strategy may make."
    )
