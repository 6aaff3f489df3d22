"""Widths speed: why inner widths are rounded; the latency of residual branches at every width.

`python -m benchmarks.widths_speed`. Two 3×3 convolutions, C → w → C, at the sizes that ResNet-20
has on 32 × 32 images, on one thread; in processor time, to which other processes add little. A
width that is no multiple of eight is compared with the next one that is: a ratio near one says that
the channels which were removed in between saved nothing, above one that fewer took longer.
"""

import argparse
import statistics
import time

import torch
from torch import Tensor, nn

from benchmarks.report import publish, spread

STAGES = {16: 32, 32: 16, 64: 8}
"""Channels of a stage -> height and width of its values."""
MULTIPLE = 8


def main() -> None:
    """Repetitions go round all widths, so that a busy moment hits them alike."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--batch-size", type=int, default=32)
    options.add_argument("--repetitions", type=int, default=15)
    given = options.parse_args()
    torch.set_num_threads(1)
    figures = {
        f"{channels} channels, {side} x {side}": _figures(
            _latencies(channels, side, given.batch_size, given.repetitions)
        )
        for channels, side in STAGES.items()
    }
    publish("widths_speed", vars(given), figures)


def _latencies(channels: int, side: int, batch_size: int, repetitions: int) -> dict[int, float]:
    """Median milliseconds of a batch by inner width, 1 … channels."""
    images = torch.randn(batch_size, channels, side, side)
    branches = {width: _branch(channels, width) for width in range(1, channels + 1)}
    times: dict[int, list[float]] = {width: [] for width in branches}
    with torch.inference_mode():
        for _ in range(repetitions):
            for width, branch in branches.items():
                times[width].append(_milliseconds(branch, images))
    return {width: statistics.median(each[1:] or each) for width, each in times.items()}


def _branch(channels: int, width: int) -> nn.Module:
    first, last = nn.Conv2d(channels, width, 3, padding=1), nn.Conv2d(width, channels, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), last).eval()


def _milliseconds(branch: nn.Module, images: Tensor) -> float:
    begun = time.process_time()
    branch(images)
    return 1000 * (time.process_time() - begun)


def _figures(latencies: dict[int, float]) -> dict[str, object]:
    """Of the widths that are no multiples: latency over that of the next multiple, and latency for
    each channel over that of the next multiple for each of its channels.
    """
    odd = [width for width in latencies if width % MULTIPLE]
    above = {width: -(-width // MULTIPLE) * MULTIPLE for width in odd}
    ratios = [latencies[width] / latencies[above[width]] for width in odd]
    per_channel = [ratio * above[width] / width for ratio, width in zip(ratios, odd, strict=True)]
    return {
        "latency_ms": {width: round(value, 3) for width, value in latencies.items()},
        "ratio_to_next_multiple": {"median": statistics.median(ratios), **spread(ratios)},
        "ratio_for_each_channel": {"median": statistics.median(per_channel), **spread(per_channel)},
        "slower_than_next_multiple_percent": 100 * sum(r > 1 for r in ratios) / len(ratios),
    }


if __name__ == "__main__":
    main()
