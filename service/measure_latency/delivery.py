"""Delivery: kits that are fetched, and results that are written or posted."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from service.measure_latency.refused import Refused


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
