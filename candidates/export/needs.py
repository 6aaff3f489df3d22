"""Needs: packages that writing a format takes beside this one's own."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from candidates.export.formats import FORMATS, FormatName

NEEDS: Mapping[FormatName, str] = {"pt2": "torch", "onnx": "onnx"}


@cache
def lacking() -> Mapping[FormatName, str]:
    """Formats that cannot be written in this process's environment, each with its `why`; nothing
    is imported to find out.
    """
    return {name: why(name) for name, package in NEEDS.items() if find_spec(package) is None}


def why(format: FormatName) -> str:
    """A sentence for those who ask for a format where its package is missing."""
    return (
        f"To write '{FORMATS[format].suffix}' files {NEEDS[format]} has to be installed where they "
        "are written. Fetch the safetensors file and write it elsewhere, with student-search "
        f"export student.safetensors --format {format}; or take the student as 'python', which "
        "needs nothing."
    )
