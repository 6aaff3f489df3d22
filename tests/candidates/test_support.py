import pytest
import torch
from torch import Tensor

from candidates.support import on_support


def problem(outputs: int, columns: int, groups: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs H [g, n, d], targets Z [g, n, o], and random supports [g, o, d] of every size."""
    generator = torch.Generator().manual_seed(columns)
    rows = torch.randn(groups, 4 * columns, columns, generator=generator, dtype=torch.float64)
    mixing = torch.randn(columns, columns, generator=generator, dtype=torch.float64)
    targets = torch.randn(groups, len(rows[0]), outputs, generator=generator, dtype=torch.float64)
    shares = torch.linspace(0, 1, outputs).reshape(1, outputs, 1)
    mask = torch.rand(groups, outputs, columns, generator=generator) < shares
    mask[:, -1] = True
    return rows @ mixing, targets, mask


def masked_lstsq(rows: Tensor, target: Tensor, support: Tensor) -> Tensor:
    """One output row [d], by a general solver on the columns that may be used."""
    index = support.nonzero().flatten()
    result = torch.zeros(rows.shape[1], dtype=torch.float64)
    if len(index):
        solved = torch.linalg.lstsq(rows[:, index], target.unsqueeze(1), driver="gelsd").solution
        result[index] = solved[:, 0]
    return result


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("columns", [1, 7, 40])
def test_every_row_is_the_least_squares_solution_with_its_mask(groups: int, columns: int) -> None:
    rows, targets, mask = problem(9, columns, groups)
    found = on_support(rows.mT @ rows, (rows.mT @ targets).mT, mask)
    for group in range(groups):
        for row in range(9):
            wanted = masked_lstsq(rows[group], targets[group, :, row], mask[group, row])
            torch.testing.assert_close(found[group, row], wanted)
    assert (found[~mask] == 0).all()


def test_rows_that_share_a_support_are_solved_as_if_alone() -> None:
    rows, targets, mask = problem(6, 12)
    mask[:, 1::2] = mask[:, 3:4]
    found = on_support(rows.mT @ rows, (rows.mT @ targets).mT, mask)
    for row in range(6):
        wanted = masked_lstsq(rows[0], targets[0, :, row], mask[0, row])
        torch.testing.assert_close(found[0, row], wanted)


def test_what_is_given_stays_as_it_is() -> None:
    rows, targets, mask = problem(5, 8)
    gram, right = rows.mT @ rows, (rows.mT @ targets).mT
    kept = gram.clone(), right.clone(), mask.clone()
    on_support(gram, right, mask)
    assert all(map(torch.equal, kept, (gram, right, mask)))
