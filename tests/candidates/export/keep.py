"""Writes the files of `kept`, once for each version of a format: `python -m
tests.candidates.export.keep`. Never run it to make a test pass: what it wrote is out in the world.
"""

from pathlib import Path

import torch
from torch import nn

from candidates.export.convert import converted
from candidates.export.facts import Facts
from candidates.export.formats import FORMATS
from candidates.tensors import checkpoint_of
from tests.candidates.export.students import images, student_of
from tests.candidates.graph.rules.harness import Classifier, conv

KEPT = Path(__file__).parent / "kept"
SHAPE = (3, 8, 8)


def main() -> None:
    layers = {"conv": conv(3, 4), "norm": nn.BatchNorm2d(4), "drop": nn.Dropout(0.1)}
    body = Classifier(lambda net, x: net.drop(net.norm(net.conv(x)).relu().mean((2, 3))), **layers)
    checkpoint, network = student_of(body, SHAPE)
    values = images(SHAPE, 2)
    with torch.no_grad():
        expected = checkpoint_of({"images": values, "logits": network(values)})
    (KEPT / "expected.safetensors").write_bytes(expected.to_bytes())
    for name, format in FORMATS.items():
        if name != "zip":
            data = converted(checkpoint, name, Facts())
            (KEPT / f"student{format.suffix}").write_bytes(data)


if __name__ == "__main__":
    main()
