"""How much memory activations take, counted by hand and against the values that really live."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from candidates.assembly import assemble, with_program
from candidates.candidate import Cost
from candidates.cost import cost_of
from candidates.graph.network import Network
from candidates.peak import Occupancy
from candidates.recipe import Granularity
from candidates.student import build_student
from candidates.teacher import Teacher
from candidates.tensors import checkpoint_of
from tests.candidates.builders import traced
from tests.candidates.networks import ALL, small_teacher


@pytest.fixture(scope="module", params=ALL.values(), ids=ALL)
def teacher(request: pytest.FixtureRequest) -> Teacher:
    return small_teacher(request.param())


def peak(network: nn.Module, shape: tuple[int, ...]) -> int:
    return Occupancy(traced(network, shape), torch.empty(1, *shape)).peak()


class Skip(nn.Module):
    """Its input is alive until the end."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.back = nn.Linear(4, 10), nn.Linear(10, 4)

    def forward(self, values: Tensor) -> Tensor:
        return values + self.back(self.wide(values))


def test_a_call_needs_what_it_reads_and_what_it_gives() -> None:
    assert peak(nn.Linear(4, 10), (4,)) == 4 * (4 + 10)
    assert peak(nn.Sequential(nn.Linear(4, 10), nn.Linear(10, 3)), (4,)) == 4 * (4 + 10)
    assert peak(nn.Sequential(nn.Linear(4, 10), nn.Linear(10, 6)), (4,)) == 4 * (10 + 6)


def test_a_skip_keeps_its_value_alive() -> None:
    assert peak(Skip(), (4,)) == 4 * (4 + 10 + 4)


def test_another_view_of_a_value_takes_no_memory() -> None:
    assert peak(nn.Sequential(nn.Flatten(), nn.Linear(6, 5)), (2, 3)) == 4 * (6 + 5)


def test_a_network_that_does_nothing_holds_its_input() -> None:
    assert peak(nn.Sequential(), (4,)) == 16


def test_the_peak_is_that_of_the_values_that_live_while_the_network_runs(teacher: Teacher) -> None:
    example = torch.empty(1, *teacher.recipe.input)
    assert Occupancy(teacher.network, example).peak() == max(lived(teacher.network, example))


@pytest.mark.parametrize("granularity", ["block", "layer", "pair"])
@pytest.mark.parametrize("step", [1, 2])
def test_a_students_peak_is_the_largest_of_its_parts(
    teacher: Teacher, granularity: Granularity, step: int
) -> None:
    teacher = Teacher.load(teacher.checkpoint, granularity)
    example = torch.empty(1, *teacher.recipe.input)
    parts, total = [], teacher.fixed_cost
    for each in teacher.split.neighbourhoods:
        part = teacher.narrowed(
            each, {width.name: tuple(range(0, width.size, step)) for width in each.widths}
        )
        (entering,) = teacher.network.values(example, [each.input])
        parts.append(with_program(checkpoint_of(part.tensors()), part.program))
        total: Cost = total + cost_of(part, entering, teacher.beside(each))
    student = build_student(assemble(teacher.checkpoint, parts, {}, {}))
    assert cost_of(student, example) == total


def lived(network: Network, example: Tensor) -> Iterator[int]:
    """The bytes that are alive at each call, by brute force."""
    program = network.program
    sizes = {name: _sizes(network, example, name) for name in program.names()}
    for at, call in enumerate(program.calls):
        later = {name for other in program.calls[at:] for name in other.values()}
        before = {program.input, *(other.name for other in program.calls[:at])}
        alive = {call.name, *(before & {*later, program.output})}
        yield sum({key: size for name in alive for key, size in sizes[name].items()}.values())


_HELD: dict[int, dict[str, object]] = {}


def _sizes(network: Network, example: Tensor, name: str) -> dict[int, int]:
    values = _HELD.setdefault(id(network), {})
    if not values:
        names = network.program.names()
        with torch.no_grad():
            values.update(zip(names, network.values(example, names), strict=True))
    own = {each.untyped_storage().data_ptr() for each in network.tensors().values()}
    found = values[name] if isinstance(values[name], list | tuple) else [values[name]]
    assert isinstance(found, list | tuple)
    storages = [each.untyped_storage() for each in found if isinstance(each, Tensor)]
    return {each.data_ptr(): each.nbytes() for each in storages if each.data_ptr() not in own}
