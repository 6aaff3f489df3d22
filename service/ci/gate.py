"""Gate: whether students may fall as far as they did."""

from collections.abc import Iterator, Mapping
from math import hypot

from candidates.value import Value
from service.ci.outcome import Made, Outcome


class Fall(Value):
    """How far a student is below the accepted one of the same budget, in points.

    The standard error takes the two for independent; on the same images it is smaller.
    """

    points: float
    standard_error: float
    most: float

    @property
    def is_too_far(self) -> bool:
        """Falls of exactly the most are allowed, and no rounding error counts."""
        return self.points > self.most + 1e-9

    def __str__(self) -> str:
        verb = "fell" if self.points >= 0 else "rose"
        return f"{verb} by {abs(self.points):.2f} ± {self.standard_error:.2f} points"


class Verdict(Value):
    """In one sentence; `falls` are by budget, of those that could be compared."""

    passed: bool
    sentence: str
    falls: Mapping[str, Fall]


def judged(now: Outcome, accepted: Outcome | None, most: float) -> Verdict:
    """No student's accuracy may be more than `most` points below the accepted one's."""
    if accepted is None:
        said = "Passed: no teacher was accepted before, so there was nothing to compare with."
        return Verdict(passed=True, sentence=said, falls={})
    if accepted.dataset != now.dataset:
        said = (
            f"Failed: the accepted teacher '{accepted.teacher}' was measured on "
            f"'{accepted.dataset}' and this one on '{now.dataset}', which cannot be compared. "
            "Use the same data set, or delete the record of what was accepted."
        )
        return Verdict(passed=False, sentence=said, falls={})
    falls = {name: _fall(*both, most) for name, both in _both(now, accepted)}
    return Verdict(
        passed=not any(fall.is_too_far for fall in falls.values()),
        sentence=_sentence(falls, accepted, most),
        falls=falls,
    )


def _both(now: Outcome, accepted: Outcome) -> Iterator[tuple[str, tuple[Made, Made]]]:
    """By budget."""
    for name, made in now.students.items():
        if name in accepted.students:
            yield name, (made, accepted.students[name])


def _fall(now: Made, before: Made, most: float) -> Fall:
    error = hypot(now.accuracy.standard_error, before.accuracy.standard_error)
    points = before.accuracy.value - now.accuracy.value
    return Fall(points=points, standard_error=error, most=most)


def _sentence(falls: Mapping[str, Fall], accepted: Outcome, most: float) -> str:
    """On the one that fell furthest."""
    if not falls:
        return (
            "Passed: no student of these budgets was accepted before, so there was nothing to "
            "compare with."
        )
    name, fall = max(falls.items(), key=lambda pair: pair[1].points)
    word = "Failed" if fall.is_too_far else "Passed"
    return (
        f"{word}: accuracy within {name} {fall} against the last accepted teacher "
        f"'{accepted.teacher}'; at most {most:g} points are allowed."
    )
