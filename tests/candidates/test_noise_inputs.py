import torch

from candidates.noise_inputs import NoiseInputs
from tests.candidates.builders import teacher_of

NOISE = NoiseInputs((4, 6, 6), count=300, seed=3)


def test_it_is_standard_normal_noise_of_the_inputs_shape() -> None:
    values = torch.cat(list(NOISE))
    assert values.shape == (300, 4, 6, 6)
    assert abs(float(values.mean())) < 0.02
    assert abs(float(values.std()) - 1) < 0.02


def test_any_batch_may_be_asked_for_again() -> None:
    whole = torch.cat(list(NOISE))
    index = torch.tensor([299, 5, 5])
    assert torch.equal(NOISE.at(index), whole[index])
    assert torch.equal(NOISE.at(slice(290, 400)), whole[290:])
    assert torch.equal(torch.cat(list(NOISE.first(200))), whole[:200])


def test_no_two_numbers_seeds_or_neighbourhoods_share_their_noise() -> None:
    drawn = [
        NoiseInputs((8,), 2, seed, index).at(slice(0, 2)) for seed in (0, 1) for index in (0, 1)
    ]
    assert len({row.tolist()[0] for row in torch.cat(drawn)}) == 8


def test_large_activations_come_in_small_batches() -> None:
    assert NoiseInputs((256, 56, 56), 100, 0).batch_size == 2


def test_it_fits_the_neighbourhood() -> None:
    teacher = teacher_of()
    for each in teacher.split.neighbourhoods:
        noise = NoiseInputs.of(teacher, each, count=3, seed=0)
        assert len(teacher.part(each)(noise.at(slice(0, 3)))) == 3
