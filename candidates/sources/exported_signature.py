"""The signature of a `.pt2` archive: what the names in its graph mean."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from candidates.errors import InvalidCheckpoint, InvalidProgram, UnsplittableTeacher
from candidates.sources.exported_schema import Signature

_TENSORS = {
    "parameter": "parameter_name",
    "buffer": "buffer_name",
    "tensor_constant": "tensor_constant_name",
}
"""Kinds of inputs that are tensors of the network, and the field that has their own name."""


class Meanings(NamedTuple):
    """For every name in the graph that is a tensor its own name; the graph's names of the images
    and of the output; the own names of the parameters.
    """

    tensors: dict[str, str]
    images: str
    output: str
    parameters: frozenset[str]

    @classmethod
    def of(cls, signature: Signature, tensors: Mapping[str, Tensor]) -> "Meanings":
        """Raises UnsplittableTeacher unless one tensor goes in and one comes out, and
        InvalidCheckpoint naming the first tensor that is missing.
        """
        inputs = signature.input_specs
        named = dict(_named(spec) for spec in inputs if _kind(spec) in _TENSORS)
        for name in named.values():
            if name not in tensors:
                raise InvalidCheckpoint(
                    f"Key '{name}' is read by the network but missing in the archive. "
                    "Export the network again."
                )
        parameters = (_named(spec)[1] for spec in inputs if _kind(spec) == "parameter")
        images = _images([spec for spec in inputs if _kind(spec) not in _TENSORS])
        return cls(named, images, _output(signature.output_specs), frozenset(parameters))


def _kind(spec: Mapping[str, Any]) -> str:
    return next(iter(spec))


def _named(spec: Mapping[str, Any]) -> tuple[str, str]:
    kind = _kind(spec)
    match spec[kind]:
        case {"arg": {"name": str(name)}, **fields}:
            own = fields.get(_TENSORS[kind])
            if isinstance(own, str):
                return name, own
    raise InvalidProgram(f"The archive describes a {kind} without a name. Export it again.")


def _images(specs: Sequence[Mapping[str, Any]]) -> str:
    match specs:
        case [{"user_input": {"arg": {"as_tensor": {"name": str(name)}}}}]:
            return name
    kinds = ", ".join(map(_kind, specs)) or "nothing"
    raise UnsplittableTeacher(
        f"The network takes {kinds[:200]}; a classifier takes one tensor of images. "
        "Wrap it in a module that does and export that."
    )


def _output(specs: Sequence[Mapping[str, Any]]) -> str:
    match specs:
        case [{"user_output": {"arg": {"as_tensor": {"name": str(name)}}}}]:
            return name
    kinds = ", ".join(sorted(set(map(_kind, specs)))) or "nothing"
    if "mutation" in kinds:
        raise UnsplittableTeacher(
            f"The network changes its own state while it runs ({kinds}): it was exported in train "
            "mode. Call model.eval() before torch.export.export and send the new file."
        )
    raise UnsplittableTeacher(
        f"The network gives {len(specs)} outputs ({kinds}); a classifier gives its logits alone. "
        "Wrap it in a module that returns only these and export that."
    )
