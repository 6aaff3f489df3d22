"""Kinds: what sort of file a teacher came as, told without reading what it holds."""

from pathlib import Path
from typing import Literal

from candidates.checkpoint import MAX_HEADER_BYTES
from candidates.errors import InvalidCheckpoint, InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources.archive import Archive, is_archive, is_torch_script, names_in
from candidates.sources.pickled import foreign_class

Kind = Literal["safetensors", "state_dict", "exported"]
BEFORE_ZIP = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"
"""How torch.save began its files before version 1.6."""
EXPORT = (
    "Export the network with torch.export.save(torch.export.export(model.eval(), (images,), "
    "dynamic_shapes=({0: torch.export.Dim('batch')},)), 'teacher.pt2'), or send its state dict "
    "with the name of its architecture."
)


def kind_of(path: Path) -> Kind:
    """Raises InvalidCheckpoint, with the way to convert it, for a file that cannot be taken."""
    if is_archive(path):
        return _kind_of_archive(path)
    with path.open("rb") as file:
        first = file.read(16)
    is_no_header = int.from_bytes(first[:8], "little") > MAX_HEADER_BYTES
    if first.startswith(BEFORE_ZIP):
        _refuse_objects(path)
        return "state_dict"
    if first[:1] == b"\x80" and first[1:2] in b"\x02\x03\x04\x05" and is_no_header:
        raise InvalidCheckpoint(
            "This is a plain Python pickle; it was not opened. Load it where you trust it and save "
            "its state dict with torch.save(model.state_dict(), 'weights.pth')."
        )
    return "safetensors"


def check_architecture(recipe: TeacherRecipe, kind: Kind, brings_program: bool) -> None:
    """Raises InvalidRecipe unless the network comes either from the file or from the recipe."""
    if brings_program and recipe.architecture is not None:
        raise InvalidRecipe(
            f"The file brings its own network, so the recipe's architecture, "
            f"'{recipe.architecture}', would not be used. Leave it out."
        )
    if not brings_program and recipe.architecture is None:
        raise InvalidRecipe(
            f"The file holds weights alone ({kind}), so the recipe must name their architecture; "
            "a network of your own comes as a .pt2 file of torch.export.save."
        )


def _kind_of_archive(path: Path) -> Kind:
    names = names_in(path)
    is_exported = any(name.startswith("models/") for name in names)
    if is_torch_script(names) and not is_exported:
        raise InvalidCheckpoint(f"This is a TorchScript file; it was not opened. {EXPORT}")
    with Archive(path):
        pass  # whatever else it is, it must be as torch writes it
    if is_exported:
        return "exported"
    if "data.pkl" in names:
        _refuse_objects(path)
        return "state_dict"
    raise InvalidCheckpoint(
        "This zip archive is neither an exported program (.pt2) nor a state dict (.pth, .pt). "
        + EXPORT
    )


def _refuse_objects(path: Path) -> None:
    found = foreign_class(path)
    if found is not None:
        raise InvalidCheckpoint(
            f"The file holds a pickled object of the class {found[:200]!r}, not tensors alone: the "
            "whole network, or something beside its weights. It was not opened. "
            f"{EXPORT} From the process where the network lives, student_search.push sends it as "
            "it is."
        )
