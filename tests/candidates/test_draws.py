import torch

from candidates.draws import Draws


def test_every_image_is_seen_once_before_any_is_seen_again() -> None:
    seen = torch.cat([Draws(12, 8, seed=0).at(step) for step in range(6)])
    for start in range(0, 48, 12):
        assert seen[start : start + 12].sort().values.tolist() == list(range(12))
    assert not torch.equal(seen[:12], seen[12:24])


def test_a_step_does_not_depend_on_those_asked_for_before() -> None:
    draws = Draws(12, 8, seed=3)
    steps = [draws.at(step) for step in range(5)]
    assert torch.equal(Draws(12, 8, seed=3).at(4), steps[4])
    assert not torch.equal(Draws(12, 8, seed=4).at(4), steps[4])


def test_a_batch_may_be_larger_than_all_images() -> None:
    assert Draws(3, 8, seed=0).at(1).shape == (8,)
