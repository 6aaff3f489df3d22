import errno
import os
from pathlib import Path

import pytest
import torch

from candidates.spill import Spill

ROWS = torch.arange(60, dtype=torch.float32).reshape(10, 2, 3)


def spilled(folder: Path) -> Spill:
    spill = Spill(folder, ROWS.shape, ROWS.dtype)
    spill.write(4, ROWS[4:])
    spill.write(0, ROWS[:4])
    return spill


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    spill = spilled(tmp_path)
    assert torch.equal(spill[0:10], ROWS)
    assert torch.equal(spill[3:7], ROWS[3:7])
    assert torch.equal(spill[8:20], ROWS[8:])
    assert torch.equal(spill[4:4], ROWS[4:4])


def test_rows_come_back_in_any_order_and_more_than_once(tmp_path: Path) -> None:
    index = torch.tensor([9, 0, 0, 5])
    assert torch.equal(spilled(tmp_path)[index], ROWS[index])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.uint8])
def test_any_dtype_and_layout_is_kept(tmp_path: Path, dtype: torch.dtype) -> None:
    rows = ROWS.to(dtype).transpose(1, 2)
    spill = Spill(tmp_path, rows.shape, dtype)
    spill.write(0, rows)
    assert torch.equal(spill[0:10], rows)


def test_vectors_are_rows_too(tmp_path: Path) -> None:
    spill = Spill(tmp_path, (10,), torch.float32)
    spill.write(0, ROWS[:, 0, 0])
    assert torch.equal(spill[torch.tensor([2])], ROWS[2:3, 0, 0])


def test_what_was_read_is_the_readers_own(tmp_path: Path) -> None:
    spill = spilled(tmp_path)
    spill[0:10].zero_()
    assert torch.equal(spill[0:10], ROWS)


def test_the_folder_shows_no_file(tmp_path: Path) -> None:
    spill = spilled(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert spill.nbytes == 240


def test_a_full_disk_is_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"no room for 0 MiB of activations .* lower spill_mb"):
        Spill(tmp_path, ROWS.shape, ROWS.dtype)
