from functools import partial

import pytest
import torch

from tests.candidates.refining import INNER, gap, recipe, refined, same, weights


def test_the_memory_layout_changes_nothing_else() -> None:
    ours, expected = (
        weights(recipe(channels_last=True, look_ahead=(1,))),
        weights(recipe(look_ahead=(1,))),
    )
    for name, values in expected.items():
        torch.testing.assert_close(ours[name], values, rtol=1e-4, atol=1e-5)
        assert ours[name].is_contiguous()


def test_bfloat16_ends_near_float32() -> None:
    ours, expected = refined(recipe(steps=60, precision="bfloat16")), refined(recipe(steps=60))
    assert ours[0].network.tensors()[INNER].dtype == torch.float32
    assert not same(ours[0].network.tensors(), expected[0].network.tensors())
    assert gap(ours[0].network) < 1.2 * gap(expected[0].network)


def test_compiling_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager", fullgraph=True))
    for name, values in weights(recipe(compiled=True)).items():
        torch.testing.assert_close(values, weights(recipe())[name], rtol=1e-4, atol=1e-5)
