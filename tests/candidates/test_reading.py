import pytest
import torch
from torch import Tensor, nn

from candidates import reading as module_under_test
from candidates.linear_call import LinearCall
from candidates.reading import Reading, readings_of
from tests.candidates.builders import only_neighbourhood, teacher_from, traced

SHAPE = (6, 4, 4)


def call_of(layer: nn.Module, shape: tuple[int, ...] = SHAPE) -> tuple[LinearCall, Tensor]:
    network = traced(layer, shape)
    (call,) = [LinearCall.of(call, network.tensors()) for call in network.program.calls]
    assert call is not None
    return call, network.tensors()[call.weight].detach()


@pytest.fixture
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_under_test, "MAX_COLUMNS", 5)


def test_channels_own_the_columns_of_their_taps() -> None:
    call, weight = call_of(nn.Conv2d(6, 5, 3))
    reading = Reading.of(call, 6, {"a": [[0], [2]], "b": [[4], [5]]})
    assert reading.owned["a"].tolist() == [list(range(9)), list(range(18, 27))]
    assert reading.num_columns == 54
    kept = reading.kept({"a": (1,), "b": (0, 1)})
    assert kept.tolist() == list(range(9, 54))
    assert weight.shape == (5, 6, 3, 3)


def test_an_index_may_own_strided_or_nested_channels() -> None:
    """Heads own blocks of a projection's inputs, positions inside heads own strides."""
    call, _ = call_of(nn.Linear(6, 5), (3, 6))
    heads = Reading.of(call, 6, {"heads": [[0, 1, 2], [3, 4, 5]]})
    inner = Reading.of(call, 6, {"inner": [[0, 3], [1, 4], [2, 5]]})
    assert heads.kept({"heads": (1,)}).tolist() == [3, 4, 5]
    assert inner.kept({"inner": (0, 2)}).tolist() == [0, 2, 3, 5]


@pytest.mark.parametrize("groups", [1, 2])
def test_the_root_of_full_rows_is_the_scaled_weight_or_as_good_as_it(groups: int) -> None:
    for outputs in (4, 400):
        call, weight = call_of(nn.Conv2d(6, outputs, 3, groups=groups))
        gain = torch.rand(outputs).double() + 0.5
        reading = Reading.of(call, 6 // groups, {"a": [[0]]})
        root = reading.root(weight, gain)
        matrix = (weight.flatten(1).double() * gain.unsqueeze(1)).unflatten(0, (groups, -1))
        torch.testing.assert_close(root.mT @ root, matrix.mT @ matrix)
        assert root.shape[1] == min(outputs // groups, 54 // groups)


def test_solved_weights_stand_in_their_columns(few_columns: None) -> None:
    for layer in (nn.Conv2d(6, 5, 1), nn.Conv2d(6, 4, 3, groups=2)):
        call, weight = call_of(layer)
        reading = Reading.of(call, weight.shape[1], {"a": [[0], [1]]})
        index = reading.kept({"a": (1,)})
        best = torch.eye(reading.num_columns).double()[:, index].expand(call.groups, -1, -1)
        torch.testing.assert_close(reading.solved(weight, best, index), weight)


def test_too_many_columns_make_one_matrix_for_all_taps(few_columns: None) -> None:
    call, weight = call_of(nn.Conv2d(6, 5, 3, padding=1))
    reading = Reading.of(call, 6, {"a": [[0], [2]]})
    images = torch.randn(2, *SHAPE)
    assert torch.equal(reading.rows(images), images.movedim(1, -1).reshape(1, -1, 6))
    assert reading.kept({"a": (0,)}).tolist() == [0, 1, 3, 4, 5]
    mixing = torch.randn(1, 6, 6).double()
    solved = reading.solved(weight, mixing, torch.arange(6))
    expected = torch.einsum("ochw,cd->odhw", weight.double(), mixing[0])
    torch.testing.assert_close(solved.double(), expected, rtol=1e-4, atol=1e-5)


def test_a_flattened_layer_with_too_many_columns_is_folded(few_columns: None) -> None:
    """Columns are channel-major: channel q of a 2 × 2 map owns 4q … 4q + 3."""
    call, weight = call_of(nn.Linear(24, 5), (24,))
    reading = Reading.of(call, 24, {"a": [list(range(4 * q, 4 * q + 4)) for q in range(6)]})
    images = torch.randn(3, 6, 2, 2)
    rows = reading.rows(images.flatten(1))
    assert torch.equal(rows, images.movedim(1, -1).reshape(1, -1, 6))
    assert reading.kept({"a": (1, 2)}).tolist() == [1, 2]
    mixing = torch.randn(1, 6, 6).double()
    solved = reading.solved(weight, mixing, torch.arange(6))
    expected = torch.einsum("ocp,cd->odp", weight.unflatten(1, (6, 4)).double(), mixing[0])
    torch.testing.assert_close(solved.double(), expected.flatten(1), rtol=1e-4, atol=1e-5)


def test_a_constant_row_at_all_taps_gives_the_sum_over_them(few_columns: None) -> None:
    layer = nn.Conv2d(6, 4, 3, groups=2, bias=False)
    call, weight = call_of(layer)
    row = torch.randn(2, 3).double()
    images = row.flatten().float().reshape(1, 6, 1, 1).expand(1, 6, 3, 3)
    reading = Reading.of(call, 3, {"a": [[0]]})
    found = reading.outputs(weight, row)
    torch.testing.assert_close(found.float(), layer(images).flatten(), rtol=1e-4, atol=1e-5)


class Concatenated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(1, 3, 1)
        self.last = nn.Conv2d(8, 5, 3)

    def forward(self, images: Tensor) -> Tensor:
        parts = self.left(images).relu(), images, self.right(images).relu()
        result: Tensor = self.last(torch.cat(parts, 1)).mean((2, 3))
        return result


def test_of_a_concatenation_every_width_owns_its_part() -> None:
    teacher = teacher_from(Concatenated())
    neighbourhood = only_neighbourhood(teacher)
    part = teacher.part(neighbourhood)
    (reading,) = readings_of(part, teacher.layout, neighbourhood).values()
    assert {name: columns[:, 0].tolist() for name, columns in reading.owned.items()} == {
        "left": [0, 9, 18, 27], "right": [45, 54, 63],
    }  # fmt: skip
