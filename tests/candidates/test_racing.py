from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from candidates.candidate import Cost, Score
from candidates.errors import NonFiniteActivation
from candidates.racing import ABSOLUTE_ERROR, FIRST_LOOK, RELATIVE_ERROR, race
from candidates.score import divergences, score

NUM_IMAGES = 4096
BATCH = 128


class Fixed(nn.Module):
    """A partial model whose logits of image i are given; its input is the image's number."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits
        self.num_images = 0

    def forward(self, images: Tensor) -> Tensor:
        self.num_images += len(images)
        return self.logits[images]


def batches(count: int = NUM_IMAGES) -> Iterator[Tensor]:
    yield from torch.arange(count).split(BATCH)


def costs(count: int) -> list[Cost]:
    return [Cost(parameters=n + 1, macs=n + 1, bytes=n + 1) for n in range(count)]


def simulated(means: list[float], seed: int, count: int = NUM_IMAGES) -> tuple[list[Fixed], Tensor]:
    """Candidates whose logits of two classes stray from the teacher's by more the worse they are,
    all of them most on the same hard images; heavy tails.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal() -> Tensor:
        return torch.randn(count, generator=generator)

    teacher = torch.stack([2 * normal(), torch.zeros(count)], 1)
    hardness = normal().mul(0.7).exp()
    partials = []
    for mean in means:
        stray = mean**0.5 * hardness * (normal() + normal().mul(0.3).exp())
        partials.append(Fixed(teacher + torch.stack([stray, torch.zeros(count)], 1)))
    return partials, teacher


def raced(partials: list[Fixed], teacher: Tensor, confidence: float = 0.95) -> list[Score]:
    labels = teacher.argmax(1)
    stream = batches(len(teacher))
    return race(partials, stream, teacher, labels, costs(len(partials)), confidence)


def signs(losses: list[float]) -> list[bool]:
    return [first < second for first, second in pairwise(losses)]


@pytest.mark.parametrize(
    "means", [[0.4, 0.2, 0.1, 0.05, 0.02, 0.005], [0.1, 0.08, 0.06], [0.2, 0.19], [0.05, 0.051]]
)
def test_the_order_found_is_that_on_all_images_as_often_as_was_asked(
    means: list[float], record_property: Callable[[str, object], None]
) -> None:
    """The share of images that this saved goes into the report."""
    wrong, used, runs = 0, 0, 60
    for seed in range(runs):
        partials, teacher = simulated(means, seed)
        found = raced(partials, teacher, confidence=0.9)
        whole = [float(divergences(each.logits, teacher).mean()) for each in partials]
        wrong += signs([each.kl.value for each in found]) != signs(whole)
        used += sum(each.num_images for each in found)
    record_property("images_saved_percent", 100 - 100 * used / (runs * len(means) * NUM_IMAGES))
    assert wrong <= 0.1 * runs


def test_images_are_saved_where_losses_are_far_apart() -> None:
    partials, teacher = simulated([0.4, 0.1, 0.02, 0.002], 0)
    found = raced(partials, teacher)
    assert sum(each.num_images for each in found) < 0.7 * 4 * NUM_IMAGES
    assert [each.num_images for each in found] == [each.num_images for each in partials]


def test_candidates_that_cannot_be_told_apart_see_all_images() -> None:
    partials, teacher = simulated([0.3, 0.3], 0)
    found = raced(partials, teacher, confidence=0.999)
    assert [each.num_images for each in found] == [NUM_IMAGES] * 2


def test_a_candidate_that_has_seen_all_images_has_its_usual_score() -> None:
    partials, teacher = simulated([0.3, 0.3], 0)
    for partial, found in zip(partials, raced(partials, teacher, 0.999), strict=True):
        assert found == score(partial, batches(), teacher, teacher.argmax(1))


def test_the_score_of_one_that_stopped_is_that_of_the_images_it_saw() -> None:
    partials, teacher = simulated([0.4, 0.1, 0.02, 0.002], 0)
    labels = teacher.argmax(1)
    for partial, found in zip(partials, raced(partials, teacher), strict=True):
        seen = found.num_images
        assert found == score(partial, batches(seen), teacher[:seen], labels[:seen])


def test_the_error_of_one_that_stopped_is_within_the_tolerance() -> None:
    for found in raced(*simulated([0.4, 0.1, 0.02, 0.002], 0)):
        tolerance = max(ABSOLUTE_ERROR, RELATIVE_ERROR * found.kl.value)
        assert found.num_images == NUM_IMAGES or found.kl.standard_error <= tolerance


def test_the_standard_error_covers_the_mean_of_all_images() -> None:
    """Stopping early for being certain must not make the errors too small."""
    inside = total = 0
    for seed in range(40):
        partials, teacher = simulated([0.4, 0.1, 0.02], seed)
        for partial, found in zip(partials, raced(partials, teacher), strict=True):
            whole = float(divergences(partial.logits, teacher).mean())
            inside += abs(found.kl.value - whole) <= 2 * found.kl.standard_error
            total += 1
    assert inside >= 0.93 * total


def test_twins_that_compute_the_same_do_not_wait_for_each_other() -> None:
    (partial,), teacher = simulated([0.0001], 0)
    found = raced([partial, Fixed(partial.logits)], teacher)
    assert found[0] == found[1]
    assert found[0].num_images < NUM_IMAGES


def test_the_teacher_itself_stops_at_the_first_look() -> None:
    (other,), teacher = simulated([0.4], 0)
    assert raced([other, Fixed(teacher)], teacher)[1].num_images == FIRST_LOOK


def test_neighbours_on_every_axis_of_cost_are_told_apart() -> None:
    """Two that are alike lie far from each other in parameters, but not in multiplications."""
    partials, teacher = simulated([0.0005, 0.3, 0.0005], 0)
    apart = costs(3)
    beside = [cost.model_copy(update={"macs": 9 - i % 2}) for i, cost in enumerate(apart)]
    labels = teacher.argmax(1)
    used = [
        sum(each.num_images for each in race(partials, batches(), teacher, labels, given, 0.999))
        for given in (apart, beside)
    ]
    assert used[0] < used[1]


def test_fewer_images_than_a_first_look_are_all_used() -> None:
    partials, teacher = simulated([0.4, 0.002], 0, count=100)
    assert [each.num_images for each in raced(partials, teacher)] == [100, 100]


def test_one_candidate_alone_stops_when_it_is_precise() -> None:
    partials, teacher = simulated([0.0001], 0)
    assert raced(partials, teacher)[0].num_images < NUM_IMAGES


def test_nan_in_a_partial_model_is_an_error() -> None:
    (partial,), teacher = simulated([0.1], 0)
    partial.logits[3] = torch.nan
    with pytest.raises(NonFiniteActivation, match="NaN or Inf"):
        raced([partial], teacher)
