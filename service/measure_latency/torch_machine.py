"""Torch machine: this machine's torch on one of its devices."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.measure_latency.machine import Run
from service.measure_latency.network import Network
from service.measure_latency.pools import Pools
from service.measure_latency.refused import Refused
from service.measure_latency.timing import wall_seconds

MAX_HEADER_BYTES = 16 * 2**20


class TorchMachine:
    """This machine's torch on one of its devices."""

    def __init__(self, options: argparse.Namespace) -> None:
        try:
            import torch
        except ImportError as exc:
            raise Refused("torch is needed to measure; install it from pytorch.org.") from exc
        self.torch = torch
        if options.threads:
            torch.set_num_threads(options.threads)
        try:
            self.device = torch.device(options.device)
            self.pools = Pools(torch, self.device)
            self.values([1])
        except (RuntimeError, AssertionError) as exc:
            raise Refused(f"The device '{options.device}' cannot be used: {exc}.") from exc

    def setting(self, options: argparse.Namespace) -> dict[str, Any]:
        """How this measures."""
        on_gpu = self.device.type == "cuda"
        hardware = self.torch.cuda.get_device_name(self.device) if on_gpu else platform.processor()
        return {
            "backend": f"torch {self.torch.__version__}"[:200], "hardware": hardware[:200],
            "batch": options.batch, "threads": self.torch.get_num_threads(),
            "repeats": options.repeats,
        }  # fmt: skip

    def network(self, description: dict[str, Any]) -> Network:
        """A network of the kit."""
        return Network(description, self.pools)

    def values(self, shape: Iterable[int]) -> Any:
        """Values to run a network on."""
        return self.torch.rand(*shape, device=self.device)

    def run(self, network: Network, shape: Iterable[int]) -> Run:
        """What runs a network once on one batch."""
        values = self.values(shape)
        return lambda: network(values)

    def runs(self, kit: dict[str, Any], batch: int) -> tuple[dict[Any, Run], list[Any]]:
        """What runs the teacher and every network of a kit once; and which of them each part is."""
        shape = [batch, *kit["input"]]
        teacher = self.network(kit["teacher"])
        shapes = teacher.shapes(self.values(shape), {part["enters"] for part in kit["parts"]})
        runs: dict[Any, Run] = {"teacher": self.run(teacher, shape)}
        keys = [(part["network"], shapes[part["enters"]]) for part in kit["parts"]]
        for key in keys:
            if key not in runs:
                runs[key] = self.run(self.network(kit["networks"][key[0]]), key[1])
        return runs, keys

    def student(self, path: str, batch: int) -> Run:
        """What runs a student once."""
        network, shape = student_of(path)
        return self.run(self.network(network), [batch, *shape])

    def quiet(self) -> Any:
        """A context in which nothing is remembered for gradients."""
        return self.torch.inference_mode()

    def seconds(self, run: Run, loops: int) -> float:
        """The mean of some runs one after the other, on a GPU by its own clock."""
        if self.device.type != "cuda":
            return wall_seconds(run, loops)
        cuda = self.torch.cuda
        start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
        cuda.synchronize(self.device)
        start.record()
        for _ in range(loops):
            run()
        end.record()
        cuda.synchronize(self.device)
        return float(start.elapsed_time(end)) / 1000 / loops


def student_of(path: str) -> tuple[dict[str, Any], list[int]]:
    """Program and shapes in a safetensors file's header, and the shape of an image."""
    with Path(path).open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise Refused(f"'{path}' is no safetensors file of a student: its header is too long.")
        try:
            header = json.loads(file.read(length))
            metadata = header.pop("__metadata__")
            program = json.loads(metadata["program"])
            shape = json.loads(metadata["student_search"])["recipe"]["input"]
        except (ValueError, KeyError, AttributeError) as exc:
            raise Refused(f"'{path}' is no file of a student: {exc!r} is wrong in it.") from exc
    tensors = {name: [entry["dtype"], entry["shape"]] for name, entry in header.items()}
    return {"program": program, "tensors": tensors}, shape
