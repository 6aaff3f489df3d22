"""Pages: a report as Markdown with a drawn curve, as HTML with the picture in it, and as JUnit XML.

GitHub shows no picture in a summary that is not on the web, but draws Mermaid's charts; GitLab
shows JUnit reports with attached pictures, and HTML files of a job.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from service.bodies.curves import TradeOffCurve
from service.ci.report import HEADS, Report

SHARES = range(10, 101, 10)
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "td,th{padding:.2rem .8rem;text-align:left}img{max-width:100%}"
)


def markdown(report: Report) -> str:
    """For a summary, where Mermaid is drawn."""
    rows = ["| " + " | ".join(row) + " |" for row in (HEADS, ("---",) * len(HEADS), *report.rows)]
    parts = [f"## {report.title}", f"**{report.verdict.sentence}**", "\n".join(rows)]
    return "\n\n".join([*parts, chart(report.curve), *report.sentences]) + "\n"


def chart(curve: TradeOffCurve) -> str:
    """Mermaid's: what is predicted within each tenth of the teacher's cost."""
    best = dict(_best_within(curve))
    if not best:
        return ""
    names = ", ".join(f'"{share} %"' for share in best)
    low, high = int(min(best.values())), min(100, int(max(best.values())) + 1)
    return "\n".join([
        "```mermaid", "xychart-beta", f'  title "Predicted within a share of {curve.axis}"',
        f"  x-axis [{names}]", f'  y-axis "accuracy / %" {low} --> {high}',
        f"  line [{', '.join(f'{value:.2f}' for value in best.values())}]", "```",
    ])  # fmt: skip


def html(report: Report, picture: bytes) -> str:
    """One file, with the picture (PNG) in it."""
    rows = [_html_row("th", HEADS), *(_html_row("td", row) for row in report.rows)]
    said = "".join(f"<p>{escape(each)}</p>" for each in report.sentences)
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style><h1>{title}</h1><p><strong>{escape(report.verdict.sentence)}"
        f"</strong></p><table>{''.join(rows)}</table>"
        f'<img alt="Trade-off curve" src="{source}">{said}</html>\n'
    )


def junit(report: Report, picture: Path) -> bytes:
    """A test for each student; `picture` is the curve's, as the pipeline's folder has it."""
    falls, verdict = report.verdict.falls, report.verdict
    suite = Element("testsuite", name="student-search", tests=str(len(report.outcome.students)))
    for name in report.outcome.students:
        test = SubElement(suite, "testcase", classname=report.outcome.name, name=name)
        fails = falls[name].is_too_far if name in falls else not verdict.passed
        if fails:
            said = str(falls[name]) if name in falls else verdict.sentence
            SubElement(test, "failure", message=f"Accuracy within {name}: {said}.")
        SubElement(test, "system-out").text = f"{report.reuse}\n[[ATTACHMENT|{picture}]]"
    text: bytes = tostring(suite, encoding="utf-8", xml_declaration=True)
    return text


def _html_row(kind: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"


def _best_within(curve: TradeOffCurve) -> Iterator[tuple[int, float]]:
    """Shares in percent, and the accuracy that is predicted for the most that fits."""
    for share in SHARES:
        fitting = [each for each in curve.points if each.share <= share / 100 + 1e-9]
        if fitting:
            yield share, fitting[-1].predicted_accuracy.value
