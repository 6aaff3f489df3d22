import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from candidates.candidate import Estimate
from candidates.score import accuracy_of, compare, estimate, measured_accuracy, score


def logits_of(seed: int, count: int = 30) -> Tensor:
    return 3 * torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


LABELS = torch.randint(4, (30,), generator=torch.Generator().manual_seed(9))


def naive_divergence(ours: list[float], theirs: list[float]) -> float:
    def softmax(values: list[float]) -> list[float]:
        parts = [math.exp(value - max(values)) for value in values]
        return [part / sum(parts) for part in parts]

    p, q = softmax(theirs), softmax(ours)
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


def test_a_comparison_is_what_slow_loops_say() -> None:
    ours, theirs = logits_of(0), logits_of(1)
    drops, divergences, squares = [], [], []
    for mine, wanted, label in zip(ours.tolist(), theirs.tolist(), LABELS.tolist(), strict=True):
        right, teacher_right = (row.index(max(row)) == label for row in (mine, wanted))
        drops.append(100.0 * (teacher_right - right))
        divergences.append(naive_divergence(mine, wanted))
        squares.append(sum((a - b) ** 2 for a, b in zip(mine, wanted, strict=True)) / 4)
    found = compare(ours, theirs, LABELS)
    for values, result in (
        (drops, found.accuracy_drop), (divergences, found.kl), (squares, found.logit_mse),
    ):  # fmt: skip
        mean = sum(values) / 30
        variance = sum((value - mean) ** 2 for value in values) / 29
        assert result.value == pytest.approx(mean, rel=1e-5)
        assert result.standard_error == pytest.approx(math.sqrt(variance / 30), rel=1e-5)
    assert found.num_images == 30


def test_agreement_is_the_share_of_images_with_the_same_class_right_or_wrong() -> None:
    theirs = torch.eye(4)
    ours = theirs[[0, 1, 2, 2]]
    for labels in (torch.arange(4), torch.zeros(4, dtype=torch.long)):
        found = compare(ours, theirs, labels)
        assert found.agreement == Estimate(value=75, standard_error=25)


def test_drop_and_accuracy_add_up_to_the_teachers() -> None:
    ours, theirs = logits_of(0), logits_of(1)
    found = compare(ours, theirs, LABELS)
    teacher = accuracy_of(theirs, LABELS)
    assert found.accuracy.value + found.accuracy_drop.value == pytest.approx(teacher.value)


def test_the_teacher_itself_loses_nothing() -> None:
    found = compare(logits_of(0), logits_of(0), LABELS)
    for loss in (found.accuracy_drop, found.kl, found.logit_mse):
        assert (loss.value, loss.standard_error) == (0, 0)


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=8, max_size=8), st.floats(-1e-5, 1e-5))
def test_the_divergence_is_never_negative(values: list[float], noise: float) -> None:
    theirs = torch.tensor(values).reshape(2, 4)
    found = compare(theirs + noise, theirs, torch.zeros(2, dtype=torch.long))
    assert found.kl.value >= 0


def test_a_partial_model_is_scored_on_all_batches() -> None:
    partial = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4))
    batches = [torch.randn(20, 3), torch.randn(10, 3)]
    with torch.inference_mode():
        ours = partial(torch.cat(batches))
    found = score(partial, batches, logits_of(1), LABELS)
    expected = compare(ours, logits_of(1), LABELS)
    assert found.logit_mse.value == pytest.approx(expected.logit_mse.value, rel=1e-5)
    assert found.accuracy == expected.accuracy


def test_the_standard_error_of_one_image_is_zero() -> None:
    found = estimate(torch.tensor([3.0]))
    assert (found.value, found.standard_error) == (3, 0)


def test_accuracy_is_in_percent() -> None:
    logits = torch.eye(4)
    assert accuracy_of(logits, torch.tensor([0, 1, 2, 0])).value == 75
    assert measured_accuracy(nn.Identity(), [logits[:3], logits[3:]], torch.arange(4)).value == 100
