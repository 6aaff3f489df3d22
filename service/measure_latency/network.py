"""Network: a program that is run call by call."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from service.measure_latency.operators import CONSTANTS, DTYPES, MAKERS, OPERATORS
from service.measure_latency.pools import Pools
from service.measure_latency.refused import Refused

Getter = Callable[[dict[str, Any]], Any]
Step = tuple[str, Any, list[Getter], list[tuple[str, Getter]], list[str]]


class Network:
    """Runs a program: a list of calls of pure operators."""

    def __init__(self, description: dict[str, Any], pools: Pools) -> None:
        torch, self.torch, self.device = pools.torch, pools.torch, pools.device
        program = description["program"]
        places: dict[Any, int] = {}
        self.tensors: dict[str, Any] = {}
        for name, (code, shape) in description["tensors"].items():
            if code not in DTYPES:
                raise Refused(f"The tensor '{name}' has the unknown dtype '{code}'.")
            kind, dtype = "matrix" if len(shape) > 1 else "vector", getattr(torch, DTYPES[code])
            start = places.get((kind, dtype), 0)
            self.tensors[name], places[kind, dtype] = pools.take(kind, dtype, start, shape)
        self.input, self.output, self.calls = program["input"], program["output"], program["calls"]
        for each in self.calls:
            self.function(each["operator"])
        self.steps: dict[int, list[Step]] = {}

    def __call__(self, inputs: Any) -> Any:
        """The output; values are freed after their last use."""
        if len(inputs) not in self.steps:
            self.steps[len(inputs)] = self.compiled(len(inputs))
        values = {self.input: inputs}
        for name, function, arguments, keywords, ended in self.steps[len(inputs)]:
            values[name] = function(
                *[get(values) for get in arguments], **{key: get(values) for key, get in keywords}
            )
            for old in ended:
                del values[old]
        return values[self.output]

    def shapes(self, inputs: Any, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The shapes of some values."""
        found = {self.input: inputs}
        with self.torch.inference_mode():
            for name, function, arguments, keywords, _ in self.compiled(len(inputs)):
                found[name] = function(
                    *[get(found) for get in arguments], **{key: get(found) for key, get in keywords}
                )
        return {name: tuple(found[name].shape) for name in names}

    def function(self, name: str) -> Any:
        """What an operator's name stands for."""
        if name not in OPERATORS:
            raise Refused(f"The program calls '{name}', which is not on the list of operators.")
        if name == "getitem":
            return operator.getitem
        base, _, overload = name.partition(".")
        found = getattr(getattr(self.torch.ops.aten, base, None), overload, None)
        if found is None:
            raise Refused(f"This version of torch has no operator '{name}'.")
        return found

    def compiled(self, batch: int) -> list[Step]:
        """For every call its name, function, getters of its arguments, and what ends with it."""
        later = {self.output}
        steps: list[Step] = []
        for each in reversed(self.calls):
            function = self.function(each["operator"])
            read: set[str] = set()
            arguments = [self.getter(item, batch, read) for item in each.get("arguments", ())]
            keywords = [
                (key, self.getter(item, batch, read))
                for key, item in each.get("keywords", {}).items()
            ]
            if each["operator"] in MAKERS:
                keywords.append(("device", lambda values: self.device))
            ended = sorted(({each["name"]} | read) - later)
            later |= read
            steps.append((each["name"], function, arguments, keywords, ended))
        return steps[::-1]

    def getter(self, item: Any, batch: int, read: set[str]) -> Getter:
        """What gives an argument from the values so far; notes the values that it reads."""
        if isinstance(item, list):
            getters = [self.getter(each, batch, read) for each in item]
            return lambda values: [get(values) for get in getters]
        if isinstance(item, dict) and "value" in item:
            read.add(item["value"])
            return operator.itemgetter(item["value"])
        fixed = self.meaning(item, batch) if isinstance(item, dict) else item
        return lambda values: fixed

    def meaning(self, item: dict[str, Any], batch: int) -> Any:
        """What an argument that no call gives stands for; {} says whether the network trains."""
        if "tensor" in item:
            return self.tensors[item["tensor"]]
        if "batch" in item:
            return item["batch"] * batch
        if "constant" in item:
            name = item["constant"]
            return getattr(self.torch, name) if name in CONSTANTS else float(name)
        return False
