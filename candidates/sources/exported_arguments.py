"""Arguments of the calls in a `.pt2` archive: torch's unions as the arguments of a program."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from candidates.errors import InvalidProgram
from candidates.graph.program import Argument, Constant, TensorOf, ValueOf
from candidates.sources.exported_tensors import SCALARS

MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 4: "preserve_format"}
LAYOUTS = {7: "strided"}
INTEGERS: Mapping[str, Callable[..., int]] = {
    "_operator.add": operator.add, "_operator.sub": operator.sub, "_operator.mul": operator.mul,
    "_operator.floordiv": operator.floordiv, "_operator.mod": operator.mod,
    "_operator.neg": operator.neg, "_operator.eq": operator.eq, "_operator.ne": operator.ne,
    "_operator.le": operator.le, "_operator.ge": operator.ge, "_operator.lt": operator.lt,
    "_operator.gt": operator.gt, "_operator.and_": operator.and_, "_operator.or_": operator.or_,
}  # fmt: skip
"""What may be computed with sizes."""
LARGEST = 2**63 - 1


class Names(NamedTuple):
    """What the names in the arguments stand for, so far."""

    tensors: dict[str, str]
    values: dict[str, str]
    numbers: dict[str, int]

    def argument(self, tagged: Mapping[str, Any], where: str) -> Argument:
        """A union as an argument; InvalidProgram if it is of a kind that no program has, or names
        what nothing gives.
        """
        ((kind, value),) = tagged.items()
        try:
            return _KINDS[kind](self, value)
        except (KeyError, TypeError, ValueError) as exc:
            raise InvalidProgram(
                f"Call '{where}' has an argument '{kind}' that cannot be read ({_shortly(exc)}). "
                "It must be a tensor that an earlier call gives, a plain number, or a size "
                "computed from the number of images; export the network again with torch.export."
            ) from exc

    def _tensor(self, value: Mapping[str, Any]) -> Argument:
        name = value["name"]
        if name in self.tensors:
            return TensorOf(tensor=self.tensors[name])
        return ValueOf(value=self.values[name])

    def _optional_tensor(self, value: Mapping[str, Any]) -> Argument:
        return None if "as_none" in value else self._tensor(value["as_tensor"])

    def _size(self, value: Mapping[str, Any]) -> Argument:
        return self.numbers[value["as_name"]] if "as_name" in value else _int(value["as_int"])

    def _bool_size(self, value: Mapping[str, Any]) -> Argument:
        return bool(self.numbers[value["as_name"]]) if "as_name" in value else value["as_bool"]


def _shortly(exc: Exception) -> str:
    missing = isinstance(exc, KeyError)
    return f"unknown: {str(exc)[:100]}" if missing else str(exc)[:100]


def _int(value: Any) -> int:
    if type(value) is not int or abs(value) > LARGEST:
        raise ValueError(f"{str(value)[:40]} is no 64-bit number")
    return value


def _float(value: Any) -> Argument:
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        return Constant(constant=str(number))
    return number


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{str(value)[:40]} is not true or false")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise TypeError("it is no short text")
    return value


def _scalar_type(value: Any) -> Argument:
    return Constant(constant=str(SCALARS[value]).removeprefix("torch."))


def _plain(read: Callable[[Any], Argument]) -> Callable[[Names, Any], Argument]:
    return lambda _names, value: read(value)


def _several(
    read: Callable[[Names, Any], Argument],
) -> Callable[[Names, Any], Argument]:
    return lambda names, value: tuple(read(names, item) for item in value)


_KINDS: Mapping[str, Callable[[Names, Any], Argument]] = {
    "as_none": _plain(lambda _: None),
    "as_device": _plain(lambda _: None),
    "as_tensor": Names._tensor,
    "as_tensors": _several(Names._tensor),
    "as_optional_tensor": Names._optional_tensor,
    "as_optional_tensors": _several(Names._optional_tensor),
    "as_int": _plain(_int),
    "as_ints": _several(_plain(_int)),
    "as_sym_int": Names._size,
    "as_sym_ints": _several(Names._size),
    "as_float": _plain(_float),
    "as_floats": _several(_plain(_float)),
    "as_bool": _plain(_bool),
    "as_bools": _several(_plain(_bool)),
    "as_sym_bool": Names._bool_size,
    "as_string": _plain(_string),
    "as_scalar_type": _plain(_scalar_type),
    "as_memory_format": _plain(lambda value: Constant(constant=MEMORY_FORMATS[value])),
    "as_layout": _plain(lambda value: Constant(constant=LAYOUTS[value])),
}
