"""A library of a tiny teacher, made once for all tests of a process."""

from functools import cache

from candidates.checkpoint import Checkpoint
from candidates.graph.network import Network
from candidates.library import (
    Made,
    load_candidate,
    make_candidates,
)
from candidates.materials import Materials
from candidates.progress import silent
from tests.candidates.builders import (
    materials_of,
    teacher_of,
)


def unknown(_identity: str) -> None:
    return None


@cache
def materials() -> Materials:
    return materials_of(teacher_of())


def made_of(materials: Materials, index: int = 0) -> list[Made]:
    return make_candidates(
        materials, materials.teacher.split.neighbourhoods[index], unknown, silent
    ).made


@cache
def made(index: int = 0) -> list[Made]:
    return made_of(materials(), index)


def rebuilt(made: Made) -> Network:
    return load_candidate(Checkpoint.from_bytes(made.weights.to_bytes()))


def same(left: Checkpoint, right: Checkpoint) -> bool:
    return left.to_bytes() == right.to_bytes()
