"""Audit: whether a known weakness is reported of any pinned package (`make audit`).

    python -m tests.audit constraints.txt

Ends with 1 if there is one. Where the reports cannot be reached, it says so and ends with 0: the
pins have not changed, and a check of style must work without a network.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 300


class Verdict(NamedTuple):
    """What to print, and whether a weakness was found."""

    lines: tuple[str, ...]
    is_weak: bool


def main() -> int:
    """The command."""
    verdict = verdict_of(_report(Path(sys.argv[1])))
    sys.stdout.write("\n".join(verdict.lines) + "\n")
    return int(verdict.is_weak)


def verdict_of(report: dict[str, Any] | None) -> Verdict:
    """Of what pip-audit reported; None where it reported nothing."""
    if report is None:
        return Verdict(("The packages were not audited: no report could be had.",), False)
    packages = report["dependencies"]
    skipped = [each for each in packages if "skip_reason" in each]
    weak = [each for each in packages if each.get("vulns")]
    if len(skipped) == len(packages):
        line = "The packages were not audited: none is known where reports are asked for."
        return Verdict((line,), False)
    done = len(packages) - len(skipped)
    lines = [
        f"{done} of {len(packages)} pinned packages were audited; {len(weak)} have weaknesses."
    ]
    return Verdict((*lines, *map(_line, weak)), bool(weak))


def _line(package: dict[str, Any]) -> str:
    known = ", ".join(
        f"{each['id']} (fixed in {' or '.join(each['fix_versions']) or 'no version yet'})"
        for each in package["vulns"]
    )
    return f"{package['name']} {package['version']}: {known}"


def _report(pins: Path) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps",
            "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(out),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS)
            report: dict[str, Any] = json.loads(out.read_text())
        except (OSError, subprocess.TimeoutExpired, ValueError):
            return None
    return report


if __name__ == "__main__":
    sys.exit(main())
