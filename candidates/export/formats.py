"""Formats: the files in which a student can be taken along."""

from typing import Literal

from candidates.value import Value

FORMAT = 1
"""The version of what this package writes; in every file's own metadata."""
METADATA_KEY = "student_search"
FormatName = Literal["safetensors", "pt2", "onnx", "python", "zip"]


class Format(Value):
    """How a file of a format is called, and what it is."""

    suffix: str
    media_type: str
    says: str


FORMATS: dict[FormatName, Format] = {
    "safetensors": Format(
        suffix=".safetensors", media_type="application/octet-stream",
        says="Weights, and the network as a list of operators; what the service works with.",
    ),
    "pt2": Format(
        suffix=".pt2", media_type="application/octet-stream",
        says="A torch.export archive, which torch.export.load reads without any other code.",
    ),
    "onnx": Format(
        suffix=".onnx", media_type="application/octet-stream",
        says="An ONNX model for any number of images.",
    ),
    "python": Format(
        suffix=".py", media_type="text/x-python",
        says="A torch module in plain Python, which loads the safetensors file beside it.",
    ),
    "zip": Format(
        suffix=".zip", media_type="application/zip",
        says="The safetensors file, the Python file and a model card; also the ONNX file if the "
        "network can be written as one.",
    ),
}  # fmt: skip
