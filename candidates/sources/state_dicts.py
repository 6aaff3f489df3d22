"""State dicts in torch's own format (.pth, .pt), from which only plain tensors are taken.

torch's restricted unpickler reads them; it has had holes, so this is for the sandbox only.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from candidates.errors import InvalidCheckpoint
from candidates.sources.archive import Archive, is_archive, is_torch_script, names_in
from candidates.sources.exported_tensors import refuse_not_finite
from candidates.tensors import NAMES

NESTED = ("state_dict", "model_state_dict", "model", "ema")
"""Under which names training scripts keep the state dict in their checkpoints."""
PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""
SAVE = (
    "Load it where you trust it and save the tensors alone: "
    "torch.save(model.state_dict(), 'weights.pth')."
)
_KNOWN = (
    r"data\.pkl", r"data/\d+", r"version", r"byteorder", r"\.data/serialization_id",
    r"\.format_version", r"\.storage_alignment",
)  # fmt: skip
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files begin that torch wrote before version 1.6."""


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Tensors by the names that the network has for them.

    Raises InvalidCheckpoint for anything but plain finite tensors, with how to convert it.
    """
    tensors = _without_prefixes(_innermost(_loaded(path)))
    for name, value in tensors.items():
        _check(name, value)
    refuse_not_finite(tensors)
    return tensors


def _loaded(path: Path) -> Any:
    zipped = is_archive(path)
    if zipped:
        _check_archive(path)
    elif not _is_legacy(path):
        raise InvalidCheckpoint(f"The file is no state dict of torch.save. {SAVE}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as exc:
        raise InvalidCheckpoint(
            f"The file holds pickled Python objects beside tensors; nothing was run. {SAVE}"
        ) from exc
    except Exception as exc:  # torch documents no error type for damaged files
        first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)[:300].rstrip(".")
        raise InvalidCheckpoint(f"The file is damaged: {first}. {SAVE}") from exc


def _is_legacy(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_LEGACY)) == _LEGACY


def _check_archive(path: Path) -> None:
    if is_torch_script(names_in(path)):
        raise InvalidCheckpoint(
            "This is a TorchScript file; it was not opened. Export the network with "
            "torch.export.save, or send its state dict: "
            "torch.save(torch.jit.load(path).state_dict(), 'weights.pth')."
        )
    with Archive(path) as archive:
        archive.refuse_others(_KNOWN, "a state dict of torch.save")


def _innermost(value: Any) -> Mapping[str, Any]:
    """The mapping of names to tensors, wherever the training script put it."""
    while isinstance(value, Mapping):
        nested = [name for name in NESTED if isinstance(value.get(name), Mapping)]
        if not nested:
            return value
        value = value[nested[0]]
    raise InvalidCheckpoint(
        f"The file holds a {type(value).__name__} in the place of a state dict. {SAVE}"
    )


def _without_prefixes(named: Mapping[Any, Any]) -> dict[str, Any]:
    result = {str(name): value for name, value in named.items()}
    changed = True
    while changed:
        changed = False
        for prefix in PREFIXES:
            if result and all(name.startswith(prefix) for name in result):
                result = {name[len(prefix) :]: value for name, value in result.items()}
                changed = True
    return result


def _check(name: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise InvalidCheckpoint(
            f"'{name[:100]}' in the state dict is a {type(value).__name__}, no tensor. {SAVE}"
        )
    plain = type(value) in (Tensor, torch.nn.Parameter) and value.layout == torch.strided
    if not plain or value.is_quantized or value.dtype not in NAMES or not _fits(value):
        raise InvalidCheckpoint(
            f"Tensor '{name[:100]}' is of no plain kind ({value.dtype}, {value.layout}). "
            f"Convert it to a dense tensor of floats that has memory of its own. {SAVE}"
        )


def _fits(value: Tensor) -> bool:
    """Whether its memory holds each item once: a repeated one may stand for any number."""
    return value.nbytes <= value.untyped_storage().nbytes()
