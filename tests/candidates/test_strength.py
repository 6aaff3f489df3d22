import torch
from torch import nn

from candidates.strength import strengths
from tests.candidates.builders import only_neighbourhood, teacher_from


def test_the_strength_of_an_index_is_the_square_norm_of_what_produces_it() -> None:
    torch.manual_seed(0)
    first = nn.Conv2d(1, 6, 3)
    network = nn.Sequential(first, nn.ReLU(), nn.Conv2d(6, 3, 3), nn.Flatten(), nn.Linear(48, 3))
    teacher = teacher_from(network)
    neighbourhood = only_neighbourhood(teacher)
    width = next(each for each in neighbourhood.widths if each.name == "0")
    found = strengths(teacher.part(neighbourhood), teacher.layout, width)
    torch.testing.assert_close(found, first.weight.detach().double().square().sum((1, 2, 3)))


def test_all_producers_of_a_width_count() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(1, 5, 3), nn.Conv2d(1, 5, 3)
            self.last = nn.Conv2d(5, 3, 6)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            both = self.left(images) * self.right(images).sigmoid()
            result: torch.Tensor = self.last(both).flatten(1)
            return result

    network = Gated()
    teacher = teacher_from(network)
    neighbourhood = only_neighbourhood(teacher)
    (width,) = neighbourhood.widths
    expected = sum(
        each.weight.detach().double().square().sum((1, 2, 3))
        for each in (network.left, network.right)
    )
    found = strengths(teacher.part(neighbourhood), teacher.layout, width)
    torch.testing.assert_close(found, expected)
