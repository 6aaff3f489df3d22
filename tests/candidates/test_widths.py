import torch
from torch import Tensor, nn

from candidates.graph import Graph
from candidates.neighbourhood import Width
from candidates.widths import find_widths


def widths_of(network: nn.Module) -> dict[str, Width]:
    graph = Graph(network)
    return {width.name: width for width in find_widths(graph, graph.nodes)}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))
        self.norm, self.relu = nn.BatchNorm2d(4), nn.ReLU()


class Chain(Net):
    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.b(self.relu(self.norm(self.a(images))))
        return result


class TwoReaders(Net):
    def forward(self, images: Tensor) -> Tensor:
        hidden = self.relu(self.a(images))
        result: Tensor = self.b(hidden) + self.c(hidden)
        return result


class ReadByAnAdd(Net):
    def forward(self, images: Tensor) -> Tensor:
        hidden = self.relu(self.a(images))
        result: Tensor = self.b(hidden) + hidden
        return result


class Shared(Net):
    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.c(self.b(self.relu(self.b(self.a(images)))))
        return result


class SharedNorm(Net):
    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.norm(self.b(self.norm(self.a(images))))
        return result


class Functional(Net):
    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.b(torch.tanh(self.a(images)))
        return result


class Leaving(Net):
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.a(images)
        return self.b(hidden), hidden


def test_a_width_goes_from_its_producer_over_carriers_to_its_consumer() -> None:
    assert widths_of(Chain()) == {
        "a": Width(name="a", size=4, producers=("a",), carriers=("norm",), consumers=("b",))
    }


def test_a_width_may_have_two_consumers() -> None:
    assert set(widths_of(TwoReaders())["a"].consumers) == {"b", "c"}


def test_a_width_that_an_addition_reads_is_left_fixed() -> None:
    assert widths_of(ReadByAnAdd()) == {}


def test_a_module_that_runs_twice_is_left_fixed() -> None:
    assert widths_of(Shared()) == {}


def test_a_norm_that_runs_twice_leaves_its_width_fixed() -> None:
    assert widths_of(SharedNorm()) == {}


def test_an_unknown_operator_leaves_the_width_fixed() -> None:
    assert widths_of(Functional()) == {}


def test_a_width_that_is_also_an_output_is_left_fixed() -> None:
    assert widths_of(Leaving()) == {}


def test_grouped_convolutions_neither_produce_nor_consume() -> None:
    grouped = nn.Sequential(
        nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
    )
    assert list(widths_of(grouped)) == ["2"]


def test_a_width_of_one_channel_cannot_shrink() -> None:
    assert widths_of(nn.Sequential(nn.Linear(4, 1), nn.ReLU(), nn.Linear(1, 4))) == {}


def test_the_last_operator_is_no_producer() -> None:
    assert list(widths_of(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)))) == ["0"]
