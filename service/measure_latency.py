"""Measure how long a library's parts, or a student, take on this machine.

Needs Python 3.9 and torch, or ONNX Runtime; imports nothing else and unpickles nothing. Latency
depends on shapes, not on values, so weights are made up here and only programs and shapes travel.

  python measure_latency.py --url http://server:8000 --library library_… --name my-phone
  python measure_latency.py --kit kit.json --name my-phone --out table.json
  python measure_latency.py --runtime onnxruntime --url http://server:8000 --library library_… …
  python measure_latency.py --student student.safetensors --url … --id student_… --name my-phone

With --runtime onnxruntime the kit is that of /v1/libraries/…/latency-kit?runtime=onnxruntime, and
the student's file is its ONNX file.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import math
import operator
import os
import platform
import random
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

MAX_HEADER_BYTES = 16 * 2**20
SAMPLE_SECONDS = 0.005
MAX_LOOPS = 1000
WARM_UP = 3
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
}  # fmt: skip
CONSTANTS = {
    "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "strided",
    "contiguous_format", "preserve_format", "channels_last",
}  # fmt: skip
MAKERS = {
    "zeros.default", "ones.default", "full.default", "arange.default", "arange.start",
    "arange.start_step", "linspace.default", "eye.default", "scalar_tensor.default",
}  # fmt: skip
PURE = """
    _softmax _to_copy _unsafe_view _upsample_bicubic2d_aa:vec _upsample_bilinear2d_aa:vec abs
    acos adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d add:Scalar,Tensor addcmul
    addmm alias all:dim alpha_dropout amax amin any:dim arange:default,start,start_step argmax
    argsort asin atan atan2 avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm bilinear
    bitwise_and:Tensor bitwise_not bitwise_or:Tensor bmm broadcast_to cat ceil celu
    channel_shuffle chunk clamp:Tensor,default clamp_max:Tensor,default clamp_min:Tensor,default
    clone col2im constant_pad_nd contiguous conv1d:default,padding conv2d:default,padding conv3d
    conv_transpose2d:input copy cos cumsum detach diagonal div:Scalar,Tensor,Tensor_mode dot
    dropout einsum elu embedding eq:Scalar,Tensor erf exp expand expand_as expm1 eye
    feature_dropout fill:Scalar,Tensor flatten:using_ints flip floor floor_divide full full_like
    gather ge:Scalar,Tensor gelu glu grid_sampler group_norm gru:input gt:Scalar,Tensor
    hardshrink hardsigmoid hardswish hardtanh im2col index:Tensor index_select instance_norm
    layer_norm le:Scalar,Tensor leaky_relu lerp:Scalar,Tensor lift_fresh_copy linalg_vector_norm
    linear linspace log log1p log2 log_sigmoid log_softmax:int logical_and logical_not
    logical_or logit logsumexp lstm:input lt:Scalar,Tensor mT masked_fill:Scalar,Tensor matmul
    max:default,dim max_pool1d max_pool2d max_pool2d_with_indices maximum mean:default,dim
    meshgrid:default,indexing min:default,dim minimum mish mm movedim:int,intlist
    mul:Scalar,Tensor nan_to_num narrow ne:Scalar,Tensor neg new_empty new_full new_ones
    new_zeros norm:Scalar,ScalarOpt_dim numpy_T one_hot ones ones_like pad permute pixel_shuffle
    pixel_unshuffle positive pow:Tensor_Scalar,Tensor_Tensor prelu prod:dim_int reciprocal
    reflection_pad2d relu relu6 remainder:Scalar repeat repeat_interleave:self_int
    replication_pad2d reshape reshape_as rms_norm roll rot90 round rsqrt rsub:Scalar
    scalar_tensor scaled_dot_product_attention select:int select_scatter selu sigmoid sign silu
    sin slice:Tensor slice_scatter softmax:int softplus softshrink sort split:Tensor,sizes
    split_with_sizes sqrt square squeeze:default,dim,dims stack std:correction,default,dim
    sub:Scalar,Tensor sum:default,dim_IntList swapaxes t tan tanh threshold tile
    to:dtype,dtype_layout,other topk transpose:int tril triu type_as unbind:int unflatten:int
    unfold unsafe_chunk unsafe_split:Tensor unsqueeze upsample_bicubic2d:default,vec
    upsample_bilinear2d:default,vec upsample_nearest2d:default,vec var:correction,default,dim
    var_mean:correction view view_as where:Scalar,ScalarOther,ScalarSelf,self zero zeros
    zeros_like
"""
OPERATORS = {"getitem"} | {
    f"{base}.{overload}"
    for base, _, overloads in (word.partition(":") for word in PURE.split())
    for overload in (overloads or "default").split(",")
}
"""Everything that a program may call: operators of ATen that write to nothing."""


Run = Callable[[], Any]
Getter = Callable[[dict[str, Any]], Any]
Step = tuple[str, Any, list[Getter], list[tuple[str, Getter]], list[str]]


class Refused(Exception):
    """What cannot be done, as a sentence."""


def main() -> None:
    """Measure what was asked for, then write it or post it."""
    options = parsed()
    try:
        machine = RUNTIMES[options.runtime](options)
        body = student_table(machine, options) if options.student else table(machine, options)
        deliver(body, options)
    except Refused as exc:
        sys.exit(str(exc))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--library", help="id of a library of the service at --url")
    what.add_argument("--kit", help="file of a library's latency kit")
    what.add_argument("--student", help="file of a student")
    parser.add_argument("--runtime", choices=sorted(RUNTIMES), default="torch")
    parser.add_argument("--id", help="id of the student in the file, to post its latency")
    parser.add_argument("--url", help="where the service is; without --out the result goes there")
    parser.add_argument("--out", help="write the result to this file as JSON")
    parser.add_argument("--name", required=True, help="what budgets call this device")
    parser.add_argument("--description", default="")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1 (default: cpu)")
    parser.add_argument("--batch", type=int, default=1, help="images at a time (default: 1)")
    parser.add_argument("--threads", type=int, help="of the processor (default: torch's own)")
    parser.add_argument("--repeats", type=int, default=30, help="samples of each (default: 30)")
    options = parser.parse_args()
    if min(options.batch, options.threads or 1) < 1 or options.repeats < 2:
        parser.error("--batch and --threads are at least 1, --repeats at least 2.")
    if options.library and not options.url:
        parser.error("--library needs --url.")
    if not options.out and (not options.url or (options.student and not options.id)):
        parser.error("Give --out FILE, or --url to post the result (a student's with --id).")
    return options


def table(machine: Machine | OnnxMachine, options: argparse.Namespace) -> dict[str, Any]:
    """Latencies of the teacher, of its own parts and of all candidates."""
    kit = (
        call(options.url, f"/v1/libraries/{options.library}/latency-kit?runtime={options.runtime}")
        if options.library
        else loaded(options.kit)
    )
    if kit.get("format") != 1:
        raise Refused("The kit has another format than 1. Fetch this script from the same service.")
    runs, keys = machine.runs(kit, options.batch)
    found = latencies(machine, runs, options.repeats)
    result: dict[str, dict[str, Any]] = {"parts": {}, "candidates": {}}
    for index, part in enumerate(kit["parts"]):
        latency = found[keys[index]]
        if "neighbourhood" in part:
            result["parts"][part["neighbourhood"]] = latency
        for candidate in part.get("candidates", ()):
            result["candidates"][candidate] = latency
    return {
        "name": options.name, "description": options.description, "library": kit["library"],
        "setting": machine.setting(options), "teacher": found["teacher"], **result,
    }  # fmt: skip


def student_table(machine: Machine | OnnxMachine, options: argparse.Namespace) -> dict[str, Any]:
    """The latency of a whole student."""
    run = machine.student(options.student, options.batch)
    latency = latencies(machine, {"student": run}, options.repeats)["student"]
    return {"student": options.id, "latency": latency, "setting": machine.setting(options)}


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


class Machine:
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


RUNTIMES: dict[str, Callable[[argparse.Namespace], Machine | OnnxMachine]] = {
    "torch": Machine,
    "onnxruntime": OnnxMachine,
}


class Pools:
    """Made-up weights: every network takes its own from the start of the same numbers."""

    def __init__(self, torch: Any, device: Any) -> None:
        self.torch, self.device = torch, device
        self.kept: dict[Any, Any] = {}

    def take(self, kind: str, dtype: Any, start: int, shape: list[int]) -> tuple[Any, int]:
        """A tensor from a place in a pool; vectors are positive, as variances have to be."""
        size = math.prod(shape)
        return self.pool(kind, dtype, start + size)[start : start + size].view(shape), start + size

    def pool(self, kind: str, dtype: Any, size: int) -> Any:
        """At least so many numbers, and integers that are 0, valid as any index."""
        if (kind, dtype) not in self.kept or len(self.kept[kind, dtype]) < size:
            generator = self.torch.Generator().manual_seed(0)
            if not dtype.is_floating_point:
                values = self.torch.zeros(size)
            elif kind == "vector":
                values = self.torch.rand(size, generator=generator) + 0.5
            else:
                values = self.torch.randn(size, generator=generator) * 0.05
            self.kept[kind, dtype] = values.to(self.device, dtype)
        return self.kept[kind, dtype]


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


def latencies(
    machine: Machine | OnnxMachine, runs: dict[Any, Run], repeats: int
) -> dict[Any, dict[str, float]]:
    """Of several runs, the median and half the distance between the quartiles.

    Warmed up, then repeated in turns in a random order, so that a disturbance hits all.
    """
    with machine.quiet():
        often = {name: loops_of(machine, run) for name, run in runs.items()}
        samples: dict[Any, list[float]] = {name: [] for name in runs}
        order, shuffle = list(runs), random.Random(0).shuffle
        for done in range(repeats):
            shuffle(order)
            for name in order:
                samples[name].append(1000 * machine.seconds(runs[name], often[name]))
            progress(done + 1, repeats, len(runs))
    return {name: latency(values) for name, values in samples.items()}


def loops_of(machine: Machine | OnnxMachine, run: Run) -> int:
    """How often to run so that the clock can be read; warms up on the way."""
    for _ in range(WARM_UP):
        seconds = machine.seconds(run, 1)
    return max(1, min(MAX_LOOPS, round(SAMPLE_SECONDS / max(seconds, 1e-9))))


def wall_seconds(run: Run, loops: int) -> float:
    """The mean of some runs one after the other."""
    start = time.perf_counter()
    for _ in range(loops):
        run()
    return (time.perf_counter() - start) / loops


def latency(samples: list[float]) -> dict[str, float]:
    """Median and half the distance between the quartiles, in milliseconds."""
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return {"latency_ms": statistics.median(samples), "spread_ms": (high - low) / 2}


def progress(done: int, total: int, num_networks: int) -> None:
    """A line that overwrites itself."""
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{num_networks} networks, round {done} of {total}{end}")
    sys.stderr.flush()


def loaded(path: str) -> Any:
    """A JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def deliver(body: dict[str, Any], options: argparse.Namespace) -> None:
    """Write the result, or post it to the service."""
    if options.out:
        Path(options.out).write_text(json.dumps(body, indent=1), encoding="utf-8")
        return
    path = "/v1/devices" + (f"/{options.name}/students" if options.student else "")
    sys.stdout.write(call(options.url, path, body)["id"] + "\n")


def call(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The service's answer; its own sentence where it refuses."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if os.environ.get("STUDENT_SEARCH_TOKEN"):
        headers["Authorization"] = f"Bearer {os.environ['STUDENT_SEARCH_TOKEN']}"
    request = urllib.request.Request(url.rstrip("/") + path, data, headers)  # noqa: S310 - one's own
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as exc:
        problem = json.loads(exc.read() or b"{}")
        raise Refused(problem.get("detail", str(exc))) from exc
    except urllib.error.URLError as exc:
        raise Refused(f"The service at {url} does not answer: {exc.reason}.") from exc


if __name__ == "__main__":
    main()
