"""Exports: students' files in other formats, made when they are first asked for."""

import json
from threading import Lock
from typing import Any

from candidates.export.facts import Facts
from candidates.export.formats import FormatName
from candidates.sources.sandbox import Limits, sandboxed
from service.artifacts import Artifacts
from service.records import StoredFile

WRITER = "candidates.export.convert:in_sandbox"
MODELS = "candidates.export.latency_models:in_sandbox"
LIMITS = Limits(cpu_seconds=300, wall_seconds=300)
MAX_REMEMBERED = 10_000
Key = tuple[str, FormatName, str]


class Exports:
    """What was written is an artifact, and equal students give equal files, so that what is
    remembered here may be forgotten. One file is written at a time, in a sandbox: a student's
    network is a stranger's, and what writes it is no part of this process.
    """

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._known: dict[Key, StoredFile] = {}
        self._lock = Lock()

    def file(self, source: StoredFile, format: FormatName, facts: Facts) -> StoredFile:
        """A student's safetensors file in another format.

        Raises NotExportable, InvalidCheckpoint, ArtifactMissing, ArtifactDamaged.
        """
        told = facts.model_dump_json() if format == "zip" else ""
        key = source.sha256, format, told
        with self._lock:
            if key not in self._known:
                if len(self._known) >= MAX_REMEMBERED:
                    self._known.clear()
                self._known[key] = self._written(source, format, facts)
            return self._known[key]

    def models(self, kit: dict[str, Any]) -> dict[str, Any]:
        """A latency kit with an ONNX model of each of its networks.

        Raises NotExportable, InvalidProgram.
        """
        with self._artifacts.scratch() as path, self._lock:
            path.write_text(json.dumps(kit))
            place = str(path.resolve())
            (found,) = sandboxed(MODELS, {"path": place}, LIMITS, [place]).tensors.values()
            made: dict[str, Any] = json.loads(bytes(found.data))
        return made

    def _written(self, source: StoredFile, format: FormatName, facts: Facts) -> StoredFile:
        path = str(self._artifacts.locate(source.sha256).resolve())
        order = {"path": path, "format": format, "facts": facts.model_dump(mode="json")}
        (found,) = sandboxed(WRITER, order, LIMITS, [path]).tensors.values()
        return self._artifacts.put(bytes(found.data))
