import torch
from torch import Tensor

from candidates.objective import Objective
from candidates.recall import Recall
from tests.candidates.refining import at_cut, neighbourhood, recipe, teacher


class Counting:
    """An objective that counts how often the teacher is asked."""

    def __init__(self, objective: Objective) -> None:
        self.objective, self.asked = objective, 0

    def answers(self, index: Tensor, activations: Tensor) -> list[Tensor]:
        self.asked += 1
        return self.objective.answers(index, activations)

    def as_targets(self, answers: list[Tensor]) -> object:
        return self.objective.as_targets(answers)


def asked(steps: int, **changes: object) -> int:
    given = recipe(steps=steps, **changes)
    stream = at_cut()
    objective = Objective.of(teacher(), neighbourhood(), given)
    counting = Counting(objective)
    recall = Recall(counting, stream, given)  # type: ignore[arg-type]
    for index in (torch.arange(16), torch.arange(16), torch.arange(8, 24), torch.arange(24)):
        activations = stream.at(index)
        (found,), (wanted,) = (each.targets(index, activations) for each in (recall, objective))
        torch.testing.assert_close(found.values, wanted.values)
    return counting.asked


def test_the_teacher_is_asked_once_about_each_image() -> None:
    assert asked(steps=100) == 2


def test_nothing_is_kept_where_no_image_comes_again_or_there_is_no_room() -> None:
    assert asked(steps=3) == 4
    small = recipe(steps=100).model_copy(update={"memory_limit_mb": 0})
    stream = at_cut()
    recall = Recall(Objective.of(teacher(), neighbourhood(), small), stream, small)
    recall.targets(torch.arange(16), stream.at(torch.arange(16)))
    assert not recall._answers
