from pathlib import Path

import pytest

from candidates.errors import NotExportable
from candidates.export.facts import Facts
from candidates.export.formats import FormatName
from candidates.export.to_onnx.model import onnx_bytes
from candidates.export.to_pt2 import pt2_bytes
from service.artifacts import Artifacts
from service.exports import Exports
from service.stores.disk import Disk
from tests.candidates.export.students import student_of
from tests.candidates.graph.rules.harness import Classifier, conv, pooled

CHECKPOINT, _ = student_of(Classifier(lambda net, x: pooled(net.conv(x)), conv=conv(3, 4)))


@pytest.mark.parametrize(
    ("format", "expected"), [("onnx", onnx_bytes), ("pt2", pt2_bytes)], ids=["onnx", "pt2"]
)
def test_the_sandbox_hands_over_what_is_written_here(
    tmp_path: Path, format: FormatName, expected: object
) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    made = Exports(artifacts).file(artifacts.put(CHECKPOINT.to_bytes()), format, Facts())
    assert callable(expected)
    assert artifacts.read(made.sha256) == expected(CHECKPOINT)


def test_a_file_is_written_once_for_each_card(tmp_path: Path) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    exports, source = Exports(artifacts), artifacts.put(CHECKPOINT.to_bytes())
    first = exports.file(source, "zip", Facts(title="first"))
    artifacts.locate(source.sha256).unlink()
    assert exports.file(source, "zip", Facts(title="first")) == first
    artifacts.put(CHECKPOINT.to_bytes())
    assert exports.file(source, "zip", Facts(title="second")) != first


def test_what_has_no_translation_is_refused_from_within_the_sandbox(tmp_path: Path) -> None:
    artifacts = Artifacts(Disk(tmp_path))
    flat = Classifier(lambda net, x: pooled(x.sigmoid().logit(1e-3)))
    source = artifacts.put(student_of(flat)[0].to_bytes())
    with pytest.raises(NotExportable, match=r"The student calls 'logit\.default'"):
        Exports(artifacts).file(source, "onnx", Facts())
