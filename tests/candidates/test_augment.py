import pytest
import torch

from candidates.augment import augmented, seeded


def slowly(pixels: torch.Tensor, translation: int, flip: bool, seed: int) -> torch.Tensor:
    """The same draws, applied pixel by pixel."""
    generator = seeded(seed)
    count, _, height, width = pixels.shape
    mirrored = [False] * count
    if flip:
        mirrored = (torch.rand(count, generator=generator) < 0.5).tolist()
    shifts = torch.randint(2 * translation + 1, (2, count, 1), generator=generator)
    result = torch.zeros_like(pixels)
    for image in range(count):
        down, right = (int(shift) - translation for shift in shifts[:, image, 0])
        for row in range(height):
            for column in range(width):
                source_row, source_column = row + down, column + right
                if not (0 <= source_row < height and 0 <= source_column < width):
                    continue
                if mirrored[image]:
                    source_column = width - 1 - source_column
                result[image, :, row, column] = pixels[image, :, source_row, source_column]
    return result


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("translation", [1, 4])
def test_images_are_shifted_and_mirrored_as_a_slow_loop_does(flip: bool, translation: int) -> None:
    pixels = torch.randn(9, 2, 6, 5)
    found = augmented(pixels, translation, flip, seeded(3))
    assert torch.equal(found, slowly(pixels, translation, flip, 3))


def test_without_shift_and_mirroring_images_stay_as_they_are() -> None:
    pixels = torch.randn(2, 1, 4, 4)
    assert augmented(pixels, 0, False, seeded(0)) is pixels


def test_about_half_of_the_images_are_mirrored() -> None:
    pixels = torch.arange(4.0).expand(400, 1, 4, 4)
    found = augmented(pixels, 0, True, seeded(0))
    assert 150 < (found[:, 0, 0, 0] == 3).sum() < 250


def test_the_images_themselves_are_not_changed() -> None:
    pixels = torch.randn(4, 1, 6, 6)
    before = pixels.clone()
    augmented(pixels, 2, True, seeded(0))
    assert torch.equal(pixels, before)


def test_every_number_of_a_seed_counts_in_its_place() -> None:
    draws = {
        float(torch.rand(1, generator=seeded(*numbers)))
        for numbers in [(0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1), (0, 0, 0)]
    }
    assert len(draws) == 7
    assert torch.equal(torch.rand(3, generator=seeded(1, 2)), torch.rand(3, generator=seeded(1, 2)))
