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
import sys
from collections.abc import Callable
from typing import Any

from service.measure_latency.delivery import call, deliver, loaded
from service.measure_latency.machine import Machine
from service.measure_latency.onnx_machine import OnnxMachine
from service.measure_latency.refused import Refused
from service.measure_latency.timing import latencies
from service.measure_latency.torch_machine import TorchMachine

RUNTIMES: dict[str, Callable[[argparse.Namespace], Machine]] = {
    "torch": TorchMachine,
    "onnxruntime": OnnxMachine,
}


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


def table(machine: Machine, options: argparse.Namespace) -> dict[str, Any]:
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


def student_table(machine: Machine, options: argparse.Namespace) -> dict[str, Any]:
    """The latency of a whole student."""
    run = machine.student(options.student, options.batch)
    latency = latencies(machine, {"student": run}, options.repeats)["student"]
    return {"student": options.id, "latency": latency, "setting": machine.setting(options)}


if __name__ == "__main__":
    main()
