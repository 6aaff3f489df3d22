"""The unit that searches by measuring: every trial is kept as soon as it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from candidates.candidate import Score
from candidates.progress import Progress
from candidates.tryout import Tryout
from search.measured_search import measured_trials
from search.measured_trial import MeasuredTrial, best_of
from search.problem import Choice
from search.selection import Answer, Trial
from search.totals import selection_of
from service.failures import WorkCancelled
from service.jobs import materials
from service.jobs.registry import Workplace
from service.ledger import Write
from service.records import SearchRecord
from service.repositories import searches
from service.repositories.students import Wish
from service.shelves import Shelf, Shelves
from service.student_files import StudentFiles
from service.student_maker import StudentMaker


def run(place: Workplace, payload: dict[str, Any], progress: Progress) -> Write:
    """Go on after the trials that are kept, and end in the student of the best one.

    A cancelled search keeps that of the best one so far.
    """
    with place.database.reading() as session:
        record = searches.get(session, payload["search"])
        shelf = Shelves().of(session, record.library_id)
        there = shelf.on_device(session, record.budget.device)
    bench = _Bench(place, record, shelf, there, progress)
    try:
        bench.search()
    except WorkCancelled:
        if bench.known:
            with place.database.writing() as session:
                searches.note_student(session, record.id, bench.student_id())
        raise
    return partial(searches.note_student, search_id=record.id, student_id=bench.student_id())


@dataclass
class _Bench:
    """`there` is the shelf on the budget's device; `known` are all trials of the search so far.

    The sampler is asked from the start each time. It proposes what it proposed before the work was
    interrupted, because it is told the same; what is known is not measured again.
    """

    place: Workplace
    record: SearchRecord
    shelf: Shelf
    there: Shelf
    progress: Progress
    known: dict[tuple[str, ...], MeasuredTrial] = field(init=False)
    maker: StudentMaker = field(init=False)
    tryout: Tryout = field(init=False)

    def __post_init__(self) -> None:
        place = self.place
        self.known = {trial.choices: trial for trial in self.record.trials}
        self.maker = StudentMaker(place.database, StudentFiles(place.artifacts), Shelves())

    def search(self) -> None:
        """Measure what is proposed until there are as many trials as wanted."""
        library, teacher, dataset = materials.of_library(self.place, self.record.library_id)
        steps = self.record.settings.refit_steps
        self._beat(0, 0)
        self.tryout = Tryout(teacher, dataset, library.recipe, steps)
        budget, settings = self.there.absolute(self.record.budget), self.record.settings.of_search
        for trial in measured_trials(self.there.problem, budget, settings, self._score):
            if trial.choices not in self.known:
                with self.place.database.writing() as session:
                    searches.add_trial(session, self.record.id, trial)
                self.known[trial.choices] = trial
            self._beat(0, 0)

    def student_id(self) -> str:
        """Of the best trial."""
        best = best_of(list(self.known.values()))
        wanted = set(best.choices)
        choices = [each for part in self.there.problem.neighbourhoods for each in part]
        picks = [each for each in choices if each.id in wanted]
        trials = [
            Trial(number=number, choices=each.choices, loss=each.loss, feasible=True)
            for number, each in enumerate(self.known.values())
        ]
        wish = Wish(
            library_id=self.record.library_id,
            budget=self.record.budget,
            strategy="optuna",
            settings=self.record.settings.of_search,
            search=f"{self.record.id} {len(trials)}",
        )
        answer = Answer(selection=selection_of(self.there.problem, picks), trials=tuple(trials))
        return self.maker.keep(wish, self.shelf, answer).student.id

    def _score(self, picks: Sequence[Choice]) -> Score:
        choices = tuple(pick.id for pick in picks)
        if choices in self.known:
            return self.known[choices].score
        with self.place.database.reading() as session:
            chosen = self.shelf.chosen(session, choices)
        student = self.maker.files.assembled(self.shelf.teacher, chosen, {})
        return self.tryout.score(student, self._beat)

    def _beat(self, _done: int, _total: int) -> None:
        self.progress(len(self.known), self.record.settings.trials)
