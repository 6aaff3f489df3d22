from pathlib import Path

import pytest

from tests import audit

SOUND = {"name": "sound", "version": "1.0", "vulns": []}
WEAK = {
    "name": "weak",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
SKIPPED = {"name": "unknown", "skip_reason": "not found"}


def test_a_weak_package_is_named_with_the_version_to_take() -> None:
    verdict = audit.verdict_of({"dependencies": [SOUND, WEAK, SKIPPED]})
    assert verdict.is_weak
    assert verdict.lines == (
        "2 of 3 pinned packages were audited; 1 have weaknesses.",
        "weak 0.1: PYSEC-1 (fixed in 0.2), PYSEC-2 (fixed in no version yet)",
    )


def test_sound_packages_pass() -> None:
    assert not audit.verdict_of({"dependencies": [SOUND]}).is_weak


@pytest.mark.parametrize("report", [None, {"dependencies": [SKIPPED, SKIPPED]}])
def test_without_reports_it_says_that_nothing_was_audited(report: dict[str, object] | None) -> None:
    verdict = audit.verdict_of(report)
    assert not verdict.is_weak
    assert verdict.lines[0].startswith("The packages were not audited")


def test_a_tool_that_fails_leaves_no_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(audit.sys, "executable", "/bin/false")
    assert audit._report(tmp_path / "constraints.txt") is None
