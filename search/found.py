"""Found: what a strategy found, before it is told as an answer."""

from typing import NamedTuple

from search.table import Indices


class Found(NamedTuple):
    """Selections, the best first, each as one choice of every neighbourhood.

    `gap` says by what part of itself the first one may lie above the best there is; None where the
    strategy proves nothing. `proven` says that none is better; with no selections, that there are
    none.
    """

    selections: list[Indices]
    gap: float | None = None
    proven: bool = False
