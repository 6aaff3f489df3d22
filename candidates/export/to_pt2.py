"""`.pt2`: a student as an archive of torch.export, which needs none of this project's code."""

import io
import json
import logging

import torch

from candidates.assembly import description_of
from candidates.checkpoint import Checkpoint
from candidates.errors import NotExportable
from candidates.export.formats import FORMAT, METADATA_KEY
from candidates.student import build_student

NUM_EXAMPLES = 2
"""Images in the trace; with one the batch would count as fixed."""


def pt2_bytes(checkpoint: Checkpoint) -> bytes:
    """For any number of images, in eval mode, the tensors under the student's names.

    Raises InvalidCheckpoint, InvalidProgram, NotExportable with the reason that torch gives.
    """
    network, recipe = build_student(checkpoint), description_of(checkpoint).recipe
    logging.getLogger("torch.export").setLevel(logging.ERROR)
    example = torch.zeros(NUM_EXAMPLES, *recipe.input)
    shapes = ({0: torch.export.Dim("batch", min=1)},)
    try:
        with torch.no_grad():
            exported = torch.export.export(network, (example,), dynamic_shapes=shapes, strict=False)
    except Exception as exc:  # the export runs the network and documents no error type
        first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)
        raise NotExportable(
            f"torch.export cannot write the student: {first} Take it as 'python'."
        ) from exc
    _forget_places(exported)
    file = io.BytesIO()
    about = {"format": FORMAT, "recipe": recipe.model_dump(mode="json")}
    torch.export.save(exported, file, extra_files={METADATA_KEY: json.dumps(about)})
    return file.getvalue()


def _forget_places(exported: torch.export.ExportedProgram) -> None:
    """Where our code lies on this machine is nobody's business, and equal students have equal
    files wherever they are exported.
    """
    for module in exported.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                node.meta.pop("stack_trace", None)
