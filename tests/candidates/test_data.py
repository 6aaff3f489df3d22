from pathlib import Path

import pytest
import torch

from candidates.data import Dataset, ImageSet, divide, normalised
from candidates.errors import InvalidDataset
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.allowed import check_images
from tests.candidates.builders import CLASSES, TINY, colour_recipe, dataset_of, images_of


def keys(images: ImageSet) -> set[bytes]:
    return {image.numpy().tobytes() for image in images.images}


def test_a_dataset_comes_back_from_its_file(tmp_path: Path) -> None:
    dataset = dataset_of(count=5)
    dataset.save(tmp_path / "images")
    again = Dataset.load(tmp_path / "images")
    for ours, theirs in zip(vars(again).values(), vars(dataset).values(), strict=True):
        assert torch.equal(ours.images, theirs.images)
        assert torch.equal(ours.labels, theirs.labels)
        assert ours.classes == CLASSES


def test_pixels_are_normalised_channel_by_channel() -> None:
    images = torch.tensor([0, 255, 51], dtype=torch.uint8).reshape(1, 3, 1, 1)
    found = normalised(images, Preprocessing(mean=(0.5, 0, 0.1), std=(0.5, 2, 0.1)))
    torch.testing.assert_close(found.flatten(), torch.tensor([-1.0, 0.5, 1.0]))
    assert found.dtype == torch.float32


def test_one_source_is_divided_in_60_20_and_20_percent() -> None:
    dataset = divide({"all": images_of(count=100)})
    assert [len(part) for part in vars(dataset).values()] == [60, 20, 20]


def test_a_test_set_is_halved_and_the_training_set_stays_whole() -> None:
    train, test = images_of(count=30), images_of(count=20, seed=1)
    dataset = divide({"train": train, "test": test})
    assert torch.equal(dataset.calibration.images, train.images)
    assert [len(dataset.scoring), len(dataset.reporting)] == [10, 10]
    assert keys(dataset.scoring) | keys(dataset.reporting) == keys(test)


def test_the_parts_are_disjoint_and_together_everything() -> None:
    whole = images_of(count=50)
    dataset = divide({"all": whole})
    parts = [keys(part) for part in vars(dataset).values()]
    assert set().union(*parts) == keys(whole)
    assert sum(map(len, parts)) == 50


@pytest.mark.parametrize("source", ["all", "test"])
def test_a_repeated_image_never_lies_on_two_sides(source: str) -> None:
    once = images_of(count=20)
    repeated = once.take(torch.arange(60) % 20)
    dataset = divide({source: repeated, "train": images_of(count=9, seed=3)})
    sides = [dataset.scoring, dataset.reporting]
    sides += [dataset.calibration] if source == "all" else []
    parts = [keys(part) for part in sides]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 20
    assert sum(map(len, sides)) == 60


def test_the_order_of_the_files_does_not_change_the_division() -> None:
    whole = images_of(count=40)
    shuffled = whole.take(torch.randperm(40))
    for ours, theirs in zip(
        vars(divide({"all": whole})).values(), vars(divide({"all": shuffled})).values(), strict=True
    ):
        assert keys(ours) == keys(theirs)


def test_labels_stay_with_their_images() -> None:
    whole = images_of(count=40)
    known = {
        image.numpy().tobytes(): int(label)
        for image, label in zip(whole.images, whole.labels, strict=True)
    }
    for part in vars(divide({"all": whole})).values():
        for image, label in zip(part.images, part.labels, strict=True):
            assert known[image.numpy().tobytes()] == int(label)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_different_images_are_refused(count: int) -> None:
    same = images_of(count=count).take(torch.zeros(50, dtype=torch.long))
    with pytest.raises(InvalidDataset, match="too few different images: none left for"):
        divide({"all": same})


def test_a_sample_has_no_image_twice_and_depends_on_its_seed_only() -> None:
    whole = images_of(count=30)
    sample = whole.sample(10, seed=4)
    assert len(keys(sample)) == 10
    assert torch.equal(sample.images, whole.sample(10, seed=4).images)
    assert not torch.equal(sample.images, whole.sample(10, seed=5).images)


def test_a_sample_larger_than_the_set_is_the_set() -> None:
    whole = images_of(count=5)
    assert keys(whole.sample(99, seed=0)) == keys(whole)


def test_images_have_the_shape_that_the_network_takes() -> None:
    assert normalised(images_of(count=2).images, TINY.preprocessing).shape == (2, 1, 8, 8)


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (TINY.model_copy(update={"input": (1, 9, 8)}), "1 × 8 × 8 but the network takes 1 × 9 × 8"),
        (colour_recipe("cifar_resnet20", 8), "1 × 8 × 8 but the network takes 3 × 8 × 8"),
    ],
)
def test_images_that_do_not_fit_a_recipe_are_refused(recipe: TeacherRecipe, sentence: str) -> None:
    images = images_of()
    check_images(TINY, 3, images.images.shape[1:], len(images.classes))
    with pytest.raises(InvalidDataset, match=sentence):
        check_images(recipe, 3, images.images.shape[1:], len(images.classes))


def test_more_classes_than_the_network_knows_are_refused() -> None:
    images = images_of()
    with pytest.raises(InvalidDataset, match="3 classes but the network knows 2"):
        check_images(TINY, 2, images.images.shape[1:], len(images.classes))
