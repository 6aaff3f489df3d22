"""From a posted file to a teacher."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from candidates.errors import InvalidProgram
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.intake import intake
from tests.candidates.exports import exported, seeded


class Flat(nn.Module):
    """Its head reads every pixel, so that it takes images of one size alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(256, 5)

    def forward(self, images: Tensor) -> Tensor:
        values = self.second(self.first(images).relu()).relu()
        logits: Tensor = self.head(torch.flatten(values, 1))
        return logits


def recipe(side: int) -> TeacherRecipe:
    preprocessing = Preprocessing(mean=(0.5,) * 3, std=(0.25,) * 3)
    return TeacherRecipe(input=(3, side, side), preprocessing=preprocessing)


def test_a_size_that_the_network_in_the_file_does_not_take_is_told(tmp_path: Path) -> None:
    teacher = intake(recipe(8), exported(seeded(Flat), tmp_path / "net.pt2"))
    (tmp_path / "own").write_bytes(teacher.checkpoint.to_bytes())
    assert intake(recipe(8), tmp_path / "own").split == teacher.split
    with pytest.raises(InvalidProgram) as caught:
        intake(recipe(16), tmp_path / "own")
    said = str(caught.value)
    assert "does not take images of 3 × 16 × 16 (channels × height × width)" in said
    assert "the file names 3 × 8 × 8: " in said
    assert said.endswith("Say the size that it was trained for.")
