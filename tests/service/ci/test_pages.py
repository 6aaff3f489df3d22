from pathlib import Path
from xml.etree import ElementTree

import pytest

from candidates.candidate import Cost, Estimate
from search.budget import Budget
from search.predictor import Prediction
from service.bodies.curves import CurvePoint, TradeOffCurve
from service.ci import pages
from service.ci.gate import judged
from service.ci.outcome import Made, Outcome
from service.ci.report import Report

TEACHER = Estimate(value=92, standard_error=0.4)


def outcome(accuracy: float, name: str = "net") -> Outcome:
    made = Made(
        student="student_1",
        parameters=1_234_567,
        predicted=_predicted(accuracy),
        accuracy=Estimate(value=accuracy, standard_error=0.5),
        teacher=TEACHER,
    )
    return Outcome(
        name=name, teacher="teacher_1", library="library_1", dataset="dataset_1",
        students={"parameters=50%": made},
    )  # fmt: skip


def report(accuracy: float, before: float | None = None, name: str = "net") -> Report:
    now, accepted = outcome(accuracy, name), None if before is None else outcome(before)
    return Report(now, judged(now, accepted, 0.5), "7 of 9 were.", curve(), "http://here")


def curve() -> TradeOffCurve:
    cost = Cost(parameters=1, macs=1, bytes=1)
    points = [
        CurvePoint(
            cost=cost, share=share, loss=0, predicted_accuracy=_predicted(value), choices=(),
            budget=Budget(parameters=1),
        )
        for share, value in ((0.18, 60), (0.5, 88), (1.0, 92))
    ]  # fmt: skip
    return TradeOffCurve(
        library="library_1", axis="parameters", device=None, teacher_cost=cost,
        teacher_accuracy=TEACHER, labels_from="dataset", num_undominated=3, points=points,
        uniform=[], measured=[],
    )  # fmt: skip


def _predicted(value: float) -> Prediction:
    return Prediction(value=value, standard_error=1, low=value - 2, high=value + 2)


def test_a_summary_begins_with_the_verdict_and_has_a_row_for_each_student() -> None:
    lines = pages.markdown(report(89.0, before=90.0)).splitlines()
    assert lines[2].startswith("**Failed: accuracy within parameters=50% fell by 1.00 ± 0.71")
    assert (
        "| parameters=50% | 1,234,567 | 89.0 (87.0 … 91.0) | 89.00 ± 0.50 | 92.00 ± 0.40 | "
        "fell by 1.00 ± 0.71 points |"
    ) in lines
    assert "7 of 9 were." in lines


def test_the_chart_shows_what_is_reached_within_each_tenth() -> None:
    chart = pages.chart(curve())
    assert 'x-axis ["20 %", "30 %", "40 %", "50 %"' in chart
    assert "line [60.00, 60.00, 60.00, 88.00, 88.00, 88.00, 88.00, 88.00, 92.00]" in chart


def test_names_are_text_in_html() -> None:
    shown = pages.html(report(90.0, name="<b>net</b>"), b"picture")
    assert "<b>net" not in shown
    assert "&lt;b&gt;net" in shown
    assert "data:image/png;base64,cGljdHVyZQ==" in shown


@pytest.mark.parametrize(("before", "fails"), [(None, False), (90.0, False), (95.0, True)])
def test_a_student_is_a_test_that_fails_with_its_fall(before: float | None, fails: bool) -> None:
    suite = ElementTree.fromstring(pages.junit(report(90.0, before), Path("out/curve.png")))
    assert (suite.find("testcase/failure") is not None) is fails
    assert "[[ATTACHMENT|out/curve.png]]" in (suite.findtext("testcase/system-out") or "")
