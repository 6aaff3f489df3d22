"""Rebuild: a network from a student's file alone, measured on held-out images.

`python -m benchmarks.rebuild FILE IMAGES` prints one line of JSON. It knows nothing of the
service, of the library or of the teacher. IMAGES is what `Dataset.save` wrote, or a source that
can be ingested; only its reporting images are looked at.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import nn

from candidates.assembly import Description
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.images import ingest
from candidates.stream import Stream
from candidates.student import load_student

LIMIT_BYTES = 2**30


def main() -> None:
    """Print the accuracy in percent and the number of parameters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("images", type=Path)
    given = parser.parse_args()
    network = load_student(given.file).eval()
    accuracy = _accuracy(
        network, _dataset(given.images), Description.of(Checkpoint.read(given.file))
    )
    num_parameters = sum(weight.numel() for weight in network.parameters())
    print(json.dumps({"accuracy": accuracy, "parameters": num_parameters}))


def _dataset(source: Path) -> Dataset:
    return Dataset.load(source) if source.suffix == ".safetensors" else ingest(source)


def _accuracy(network: nn.Module, dataset: Dataset, description: Description) -> float:
    images = dataset.reporting
    batches = Stream(images, description.recipe.preprocessing, LIMIT_BYTES)
    with torch.inference_mode():
        guesses = torch.cat([network(batch).argmax(1) for batch in batches])
    return 100 * (guesses == images.labels).float().mean().item()


if __name__ == "__main__":
    main()
