import pytest

from candidates.candidate import Estimate
from service.ci.gate import judged
from service.ci.outcome import Made, Outcome


def outcome(dataset: str = "dataset_1", **accuracies: float) -> Outcome:
    return Outcome(
        name="net", teacher="teacher_1", library="library_1", dataset=dataset,
        students={name: _made(value) for name, value in accuracies.items()},
    )  # fmt: skip


def _made(accuracy: float) -> Made:
    estimate = Estimate(value=accuracy, standard_error=0.3)
    return Made(
        student="student_1", parameters=10, predicted=estimate, accuracy=estimate, teacher=estimate
    )


def test_a_first_teacher_passes() -> None:
    assert judged(outcome(half=90), None, 0.5).passed


@pytest.mark.parametrize(("accuracy", "passes"), [(91, True), (89.5, True), (89.49, False)])
def test_a_fall_up_to_the_most_passes(accuracy: float, passes: bool) -> None:
    assert judged(outcome(half=accuracy), outcome(half=90), 0.5).passed is passes


def test_the_sentence_names_the_furthest_fall_with_its_error() -> None:
    verdict = judged(outcome(half=89, third=85), outcome(half=90, third=88), 0.5)
    assert verdict.sentence == (
        "Failed: accuracy within third fell by 3.00 ± 0.42 points against the last accepted "
        "teacher 'teacher_1'; at most 0.5 points are allowed."
    )


def test_a_rise_is_called_one() -> None:
    verdict = judged(outcome(half=91), outcome(half=90), 0.5)
    assert "rose by 1.00" in verdict.sentence


def test_new_budgets_have_nothing_to_fall_from() -> None:
    verdict = judged(outcome(third=10), outcome(half=90), 0.5)
    assert verdict.passed
    assert "nothing to compare with" in verdict.sentence


def test_accuracies_on_other_images_are_not_compared() -> None:
    verdict = judged(outcome("dataset_2", half=90), outcome(half=90), 0.5)
    assert not verdict.passed
    assert "cannot be compared" in verdict.sentence
