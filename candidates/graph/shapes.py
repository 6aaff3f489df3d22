"""Shapes: a program run on tensors that have a shape and no values."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from candidates.errors import InvalidProgram
from candidates.graph.network import Frame, Step
from candidates.graph.program import Argument, Call, TensorOf, ValueOf

MAX_ITEMS = 2**38
"""Of one value, for a batch of a few hundred images."""


class Shapes:
    """Runs calls on tensors without values, so that every shape is known and none is absurd."""

    def __init__(
        self, tensors: Mapping[str, Tensor], values: Mapping[str, tuple[int, ...]]
    ) -> None:
        logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)
        self._mode = FakeTensorMode()
        self._tensors: dict[str, Tensor] = {
            name: self._mode.from_tensor(each) for name, each in tensors.items()
        }
        with self._mode:
            self._values: dict[str, Any] = {
                name: torch.empty(shape) for name, shape in values.items()
            }

    def run(self, call: Call) -> Any:
        """What a call gives; InvalidProgram if it does not fit its arguments."""
        frame = Frame(self._values, self._tensors, 0, False)
        try:
            with self._mode, torch.no_grad():
                result = Step.of(call).run(frame)
        except Exception as exc:  # operators document no error type
            first = next(iter(str(exc).strip().splitlines()), type(exc).__name__)
            raise InvalidProgram(
                f"Call '{call.name}' of '{call.operator}' does not fit its arguments: "
                f"{first[:300].rstrip('.')}. Export the network again."
            ) from exc
        for each in result if isinstance(result, list | tuple) else [result]:
            _refuse_absurd(call, each)
        self._values[call.name] = result
        return result

    def sides(self, argument: Argument) -> tuple[int, ...]:
        """The shape of a value or tensor; empty for a list of values."""
        match argument:
            case TensorOf():
                found = self._tensors[argument.tensor]
            case ValueOf():
                found = self._values[argument.value]
            case _:
                raise TypeError(f"{argument!r} has no shape")
        return tuple(found.shape) if isinstance(found, Tensor) else ()


def _refuse_absurd(call: Call, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise InvalidProgram(f"Call '{call.name}' of '{call.operator}' gives no tensor.")
    if value.numel() > MAX_ITEMS:
        raise InvalidProgram(
            f"Call '{call.name}' of '{call.operator}' gives {value.numel()} numbers; at most "
            f"{MAX_ITEMS} are computed. Export the network with fewer or smaller images."
        )
