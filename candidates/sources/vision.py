"""The only door to torchvision.

Its wheel is linked against one build of torch; beside a CPU-only torch the compiled operators
cannot load and a plain `import torchvision` dies while it registers their shapes. Where that is
so, the schemas of the missing operators are declared first: models, transforms and datasets then
work, and the compiled operators (nms, roi_align) stay unavailable.
"""

from importlib.util import find_spec
from pathlib import Path

import torch

_MISSING_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def _compiled_operators_load() -> bool:
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    try:
        for library in Path(spec.origin).parent.glob("_C*.so"):
            torch.ops.load_library(library)
    except OSError:
        return False
    return hasattr(torch.ops.torchvision, "nms")


if not _compiled_operators_load():
    # The library object must outlive the module: its schemas vanish with it.
    _SCHEMAS = torch.library.Library("torchvision", "FRAGMENT")
    for _schema in _MISSING_SCHEMAS:
        _SCHEMAS.define(_schema)

from torchvision import datasets, models  # noqa: E402

__all__ = ["datasets", "models"]
