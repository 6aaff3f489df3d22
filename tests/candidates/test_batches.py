import torch

from candidates.batches import Batches
from candidates.data import normalised
from candidates.training_recipe import TrainingRecipe
from tests.candidates.builders import TINY, images_of

CPU = torch.device("cpu")


def test_every_epoch_shows_every_image_once_in_an_order_of_its_own() -> None:
    images = images_of(count=32)
    recipe = TrainingRecipe(batch_size=8, translation=0)
    batches = Batches(images, TINY.preprocessing, recipe, CPU)
    epochs = [torch.cat([batches.at(4 * epoch + n)[0] for n in range(4)]) for epoch in range(2)]
    expected = normalised(images.images, TINY.preprocessing).flatten(1).sum(1)
    for found in epochs:
        assert torch.allclose(found.flatten(1).sum(1).sort()[0], expected.sort()[0], atol=1e-4)
    assert not torch.equal(*epochs)


def test_a_step_gives_the_same_batch_however_often_and_in_whatever_order_it_is_asked() -> None:
    recipe = TrainingRecipe(batch_size=8, flip=True)
    one, other = (Batches(images_of(), TINY.preprocessing, recipe, CPU) for _ in range(2))
    first = [one.at(step) for step in (9, 2)]
    again = [other.at(step) for step in (2, 9)][::-1]
    for (left, names), (right, same_names) in zip(first, again, strict=True):
        assert torch.equal(left, right)
        assert torch.equal(names, same_names)


def test_labels_belong_to_their_images() -> None:
    images = images_of(count=32)
    recipe = TrainingRecipe(batch_size=8, translation=0)
    inputs, labels = Batches(images, TINY.preprocessing, recipe, CPU).at(1)
    known = {
        tuple(image.flatten().tolist()): int(label)
        for image, label in zip(
            normalised(images.images, TINY.preprocessing), images.labels, strict=True
        )
    }
    assert [known[tuple(image.flatten().tolist())] for image in inputs] == labels.tolist()


def test_channels_may_lie_last() -> None:
    recipe = TrainingRecipe(batch_size=8, channels_last=True)
    images = images_of(TINY.model_copy(update={"input": (3, 8, 8)}))
    colours = TINY.preprocessing.model_copy(update={"mean": (0.5,) * 3, "std": (0.2,) * 3})
    inputs, _ = Batches(images, colours, recipe, CPU).at(0)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
