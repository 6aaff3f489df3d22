"""The job that `make demo` and `make cifar` do, on a network of a few channels."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.main_job import MainJob, run
from tests.service import tiny
from tests.service.serving import serving


@pytest.mark.slow
def test_it_ends_in_a_table_and_a_picture(tmp_path: Path) -> None:
    images, weights = tmp_path / "noise.tar", tmp_path / "net.safetensors"
    tiny.write_archive(images)
    tiny.write_weights(weights)
    job = MainJob("Noise", tiny.RECIPE, weights, images, tiny.LIBRARY, (0.8,), tmp_path)
    printed = io.StringIO()
    with serving(tmp_path / "var") as client:
        outcomes = run(
            job, client, lambda c: c.post_dataset("noise", images), Console(file=printed, width=80)
        )
    exact, uniform = outcomes
    assert (exact.strategy, uniform.strategy) == ("exact", "uniform")
    assert exact.rebuilt is not None
    assert exact.rebuilt.assembled == pytest.approx(exact.measured.assembled.value)
    assert exact.rebuilt.refitted == pytest.approx(exact.measured.refitted.value)
    predicted = exact.predicted
    told = f"{predicted.value:.1f} ± {predicted.standard_error:.1f}"
    assert f"80% {exact.cost.parameters:,}" in " ".join(printed.getvalue().split())
    assert told in printed.getvalue()
    assert (tmp_path / "trade-off-curve.png").stat().st_size > 10_000
