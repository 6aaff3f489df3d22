"""ONNX machine: this machine's ONNX Runtime on its processor or its GPU."""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import platform
from pathlib import Path
from typing import Any

from service.measure_latency.machine import Run
from service.measure_latency.refused import Refused
from service.measure_latency.timing import wall_seconds


class OnnxMachine:
    """This machine's ONNX Runtime on its processor or its GPU."""

    def __init__(self, options: argparse.Namespace) -> None:
        try:
            import numpy
            import onnxruntime
        except ImportError as exc:
            raise Refused(
                "onnxruntime is needed to measure; pip install onnxruntime, or -gpu."
            ) from exc
        self.numpy, self.runtime = numpy, onnxruntime
        kind, _, number = options.device.partition(":")
        name = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}.get(kind)
        if name not in onnxruntime.get_available_providers():
            raise Refused(f"The device '{options.device}' cannot be used by this ONNX Runtime.")
        self.provider = (name, {"device_id": number or "0"} if kind == "cuda" else {})
        self.settings = onnxruntime.SessionOptions()
        self.settings.log_severity_level = 3
        if options.threads:
            self.settings.intra_op_num_threads = options.threads

    def setting(self, options: argparse.Namespace) -> dict[str, Any]:
        """How this measures; without a number of threads ONNX Runtime takes one for each core."""
        return {
            "backend": f"onnxruntime {self.runtime.__version__}"[:200],
            "hardware": (platform.processor() or platform.machine())[:200],
            "batch": options.batch, "threads": options.threads or os.cpu_count() or 1,
            "repeats": options.repeats,
        }  # fmt: skip

    def runs(self, kit: dict[str, Any], batch: int) -> tuple[dict[Any, Run], list[Any]]:
        """What runs the teacher and every model of a kit once; and which of them each part is."""
        if "models" not in kit:
            raise Refused("The kit has no ONNX models. Fetch it with ?runtime=onnxruntime.")
        files = [base64.b64decode(each) for each in kit["models"]]
        runs: dict[Any, Run] = {"teacher": self.run(files[kit["teacher"]["model"]], batch)}
        keys = [part["model"] for part in kit["parts"]]
        for key in keys:
            if key not in runs:
                runs[key] = self.run(files[key], batch)
        return runs, keys

    def student(self, path: str, batch: int) -> Run:
        """What runs a student once, from its ONNX file."""
        return self.run(Path(path).read_bytes(), batch)

    def run(self, model: bytes, batch: int) -> Run:
        """What runs a model once on one batch."""
        try:
            session = self.runtime.InferenceSession(model, self.settings, providers=[self.provider])
        except Exception as exc:  # of its own types, which are not documented
            raise Refused(f"ONNX Runtime cannot load a model: {exc}".splitlines()[0]) from exc
        (given,) = session.get_inputs()
        shape = [batch, *given.shape[1:]]
        values = {given.name: self.numpy.random.default_rng(0).random(shape, "float32")}
        return lambda: session.run(None, values)

    def quiet(self) -> Any:
        """A context that changes nothing."""
        return contextlib.nullcontext()

    def seconds(self, run: Run, loops: int) -> float:
        """The mean of some runs one after the other; each ends when its result is there."""
        return wall_seconds(run, loops)
