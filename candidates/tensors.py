"""Tensors: between torch and checkpoints."""

from collections.abc import Mapping

import torch

from candidates.checkpoint import Checkpoint, Tensor

DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "I32": torch.int32, "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16,
    "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def to_torch(tensor: Tensor) -> torch.Tensor:
    """A tensor of its own memory; KeyError for a dtype torch does not have."""
    dtype = DTYPES[tensor.dtype]
    if not tensor.data:
        return torch.empty(tensor.shape, dtype=dtype)
    return torch.frombuffer(bytearray(tensor.data), dtype=dtype).reshape(tensor.shape)


def shared_with(tensor: Tensor) -> torch.Tensor:
    """The tensor itself, in the memory of a mapped checkpoint, not a copy of it."""
    return torch.frombuffer(tensor.data, dtype=DTYPES[tensor.dtype]).reshape(tensor.shape)


def from_torch(tensor: torch.Tensor) -> Tensor:
    """The tensor's values as they would lie in a file, wherever it lives now."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return Tensor(NAMES[tensor.dtype], tuple(tensor.shape), data)


def state_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint, as for `load_state_dict`."""
    return {name: to_torch(tensor) for name, tensor in checkpoint.tensors.items()}


def checkpoint_of(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> Checkpoint:
    """A checkpoint of a state dict."""
    return Checkpoint({n: from_torch(t) for n, t in tensors.items()}, dict(metadata or {}))
