"""Maker: what every kind of candidate implements."""

from importlib import import_module
from typing import Protocol

from candidates.bench import Bench
from candidates.draft import Draft
from candidates.kinds.registry import KINDS, Knobs


class Maker(Protocol):
    """Makes the candidates of one kind for one neighbourhood."""

    def __init__(self, bench: Bench) -> None: ...

    def make(self, knobs: Knobs) -> Draft:
        """A candidate as good as it gets without a gradient.

        Raises NotApplicable where the neighbourhood has none of these knobs.
        """


def maker_of(kind: str, bench: Bench) -> Maker:
    """The maker of a kind; KeyError for a kind that is not registered."""
    module, name = KINDS[kind].maker.split(":")
    maker: Maker = getattr(import_module(module), name)(bench)
    return maker
