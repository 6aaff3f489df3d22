"""Exported: a network that came as a `.pt2` file of `torch.export.save`, without its source.

Nothing in the file is executed, evaluated or unpickled: of its JSON the calls of known operators
are read, of its records the raw bytes of tensors. All else is left where it is.
"""

import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from candidates.errors import InvalidCheckpoint, InvalidProgram, UnsplittableTeacher
from candidates.graph.canonical import canonical
from candidates.graph.program import Program
from candidates.graph.shapes import Shapes
from candidates.graph.trace import BATCH_SIZE, INPUT, Traced
from candidates.sources.archive import Archive, is_archive
from candidates.sources.exported_arguments import Names
from candidates.sources.exported_graph import GraphReader
from candidates.sources.exported_schema import MAJOR, ExportedJson, GraphModule, TensorMeta, parse
from candidates.sources.exported_signature import Meanings
from candidates.sources.exported_tensors import plain_ints, read_tensors
from candidates.sources.rebatch import Rebatching, resized
from candidates.sources.same_function import compute_the_same

DYNAMIC = (
    "Export it with any number of images: torch.export.export(model.eval(), (images,), "
    'dynamic_shapes=({0: torch.export.Dim("batch")},)) with at least 2 images.'
)
_KNOWN = (
    r"data/weights/weight_\d+", r"data/weights/\w+_weights_config\.json",
    r"data/constants/tensor_\d+", r"data/constants/\w+_constants_config\.json",
    r"models/\w+\.json", r"data/sample_inputs/\w+\.pt", r"archive_format", r"archive_version",
    r"byteorder", r"\.data/version", r"\.data/serialization_id", r"version", r"extra/.+",
)  # fmt: skip


_NEVER = 2**62
"""A batch that no size is a multiple of."""
_FEW = 13
"""Images on which a program of another batch is held to the exported one."""

_MOST_SOLUTIONS = 4


class Exported(NamedTuple):
    """A network as it was exported: calls may write in place, and its sizes are those of
    `batch_size` images. `nameless` names the tensors that its state dict lacks.
    """

    program: Program
    tensors: dict[str, Tensor]
    nameless: frozenset[str]
    batch_size: int


def program_of(path: Path, shape: tuple[int, ...]) -> Traced:
    """The program of a `.pt2` file for images of a shape [C, H, W], just as a trace gives it.

    Parameters keep their names. Raises InvalidCheckpoint for a damaged file, InvalidProgram for a
    call that may not be run, UnsplittableTeacher for a network that cannot be followed.
    """
    exported = read_exported(path, shape)
    if exported.batch_size == BATCH_SIZE:
        return _canonical(exported, BATCH_SIZE)
    program = _for_other_batch(exported, shape)
    if program is not None:
        return _canonical(exported._replace(program=program), BATCH_SIZE)
    raise UnsplittableTeacher(
        f"The network was exported for {exported.batch_size} images at a time, and its sizes do "
        f"not show how it would run on any other number. {DYNAMIC}"
    )


def read_exported(path: Path, shape: tuple[int, ...]) -> Exported:
    """Like `program_of`, but the network as it was exported; a batch of any size is read for
    `BATCH_SIZE` images.
    """
    if not is_archive(path):
        raise InvalidCheckpoint(
            "The file is no zip archive, as torch.export.save writes it. Send a file that was "
            "written by torch.export.save(torch.export.export(model.eval(), (images,)), 'x.pt2')."
        )
    with Archive(path) as archive:
        archive.refuse_others(_KNOWN, "a .pt2 file of torch.export.save")
        model = _model_of(archive)
        entry = f"models/{model}.json"
        module = _checked(parse(ExportedJson, archive.text_of(entry), entry))
        state = read_tensors(archive, "weights", model)
        constants = read_tensors(archive, "constants", model)
    return _read(module, {**constants, **state}, frozenset(constants.keys() - state.keys()), shape)


def _for_other_batch(exported: Exported, shape: tuple[int, ...]) -> Program | None:
    """The program for `BATCH_SIZE` images, if for a few it is found to compute the same."""
    old = exported.batch_size
    fixed = (*_canonical(exported, _NEVER), old)
    rebatching = Rebatching(exported.program, exported.tensors, shape, old)
    for resizes in islice(rebatching.solutions(_FEW), _MOST_SOLUTIONS):
        few = resized(exported.program, resizes, old, _FEW)
        traced = _canonical(exported._replace(program=few), _FEW)
        if compute_the_same(fixed, (*traced, _FEW), shape):
            return resized(exported.program, resizes, old, BATCH_SIZE)
    return None


def _canonical(exported: Exported, batch_size: int) -> Traced:
    program, tensors, nameless, _ = exported
    return Traced(*canonical(program, tensors, nameless, batch_size))


def _model_of(archive: Archive) -> str:
    names = [name for name in archive.names if name.startswith("models/")]
    if len(names) != 1:
        raise InvalidCheckpoint(
            f"The archive holds {len(names)} exported networks; it must hold one. "
            "Send a file of torch.export.save."
        )
    if archive.bytes_of("byteorder", 16).strip() != b"little":
        raise InvalidCheckpoint(
            "The archive's tensors are not in little-endian order. Export it on another machine."
        )
    return re.sub(r"models/(\w+)\.json", r"\1", names[0])


def _checked(exported: ExportedJson) -> GraphModule:
    if exported.schema_version.major != MAJOR:
        raise InvalidProgram(
            f"The file has version {exported.schema_version.major} of torch's schema; version "
            f"{MAJOR} is read. Export the network with torch 2.9 or newer."
        )
    return exported.graph_module


def _read(
    module: GraphModule,
    tensors: dict[str, Tensor],
    nameless: frozenset[str],
    shape: tuple[int, ...],
) -> Exported:
    signature = Meanings.of(module.signature, tensors)
    images, output = signature.images, signature.output
    batch_size = _batch_size(images, module.graph.tensor_values.get(images), shape)
    names = Names(signature.tensors, {images: INPUT}, {})
    reader = GraphReader(names, Shapes(tensors, {INPUT: (batch_size, *shape)}))
    for node in module.graph.nodes:
        reader.read(node)
    if output not in names.values:
        raise InvalidProgram(
            f"The output '{output}' is given by no call. Export the network again."
        )
    program = Program.model_construct(
        input=INPUT, calls=tuple(reader.calls), output=names.values[output],
        buffers=tuple(name for name in tensors if name not in signature.parameters),
    )  # fmt: skip
    return Exported(program, tensors, nameless, batch_size)


def _batch_size(images: str, meta: TensorMeta | None, shape: tuple[int, ...]) -> int:
    """The number of images in the export; `BATCH_SIZE` when it was left open."""
    if meta is None or not meta.sizes:
        raise InvalidProgram(f"The file does not say the shape of its input '{images}'.")
    sides = [plain_ints([side]) for side in meta.sizes]
    fits = len(sides) == 1 + len(shape)
    for side, wanted in zip(sides[1:], shape, strict=False):
        fits = fits and side in (None, [wanted])
    if not fits:
        shown = ["any" if side is None else side[0] for side in sides]
        raise InvalidProgram(
            f"The network was exported for images of shape {shown}, the first being their number, "
            f"which does not fit {list(shape)}. Say the right shape, or export the network for it."
        )
    return BATCH_SIZE if sides[0] is None else sides[0][0]
