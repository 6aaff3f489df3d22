"""Surveyor: makes the students of a survey and has them measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from search import strategies
from search.budget import Budget
from search.rate import NOISE_NATS
from search.settings import SearchSettings
from service.database import Database, Session
from service.records import SurveyRecord
from service.repositories import devices, surveys
from service.repositories.prepared import Posted
from service.repositories.students import Wish
from service.shelves import Shelf, Shelves
from service.student_maker import StudentMaker, with_device_id
from service.survey_settings import SurveySettings


@dataclass(frozen=True)
class Surveyor:
    """Students are made within the request, as all others; what takes long is measuring them."""

    database: Database
    shelves: Shelves
    maker: StudentMaker

    def post(self, library_id: str, settings: SurveySettings) -> Posted[SurveyRecord]:
        """The survey with its job, or the one that is there for the same library and settings.

        A point of the curve is the student that its cost as a budget gives. Raises what
        `StudentMaker.make` raises.
        """
        with self.database.reading() as session:
            settings = _with_device_ids(session, settings)
            earlier = surveys.find(session, library_id, settings)
            shelf = self.shelves.of(session, library_id)
        student_ids: list[str] = []
        if earlier is None:
            student_ids += self._along_the_curve(shelf, settings)
            student_ids += self._within_the_budget(shelf, settings)
        with self.database.writing() as session:
            return surveys.post(session, library_id, settings, student_ids)

    def _along_the_curve(self, shelf: Shelf, settings: SurveySettings) -> Iterator[str]:
        """Without the teacher itself, of which nothing can be learnt."""
        from search import table, trade_off  # with numpy, which a server may start without

        axis, device = settings.axis, settings.device
        with self.database.reading() as session:
            problem = shelf.problem_on(session, device)
        table.check(problem)
        points = trade_off.curve(problem, axis, settings.count + 1)
        for point in [each for each in points if each.loss > NOISE_NATS][: settings.count]:
            limit = {axis: getattr(point.cost, axis)}
            wish = _wish(shelf, Budget(**limit, device=device))
            yield self.maker.make(wish).student.id

    def _within_the_budget(self, shelf: Shelf, settings: SurveySettings) -> Iterator[str]:
        if settings.budget is None:
            return
        wish = _wish(shelf, settings.budget)
        with self.database.reading() as session:
            there = shelf.on_device(session, settings.budget.device)
        wanted = SearchSettings(top=settings.top)
        budget = there.absolute(settings.budget)
        answer = strategies.select("exact", there.problem, budget, wanted)
        for rank, selection in enumerate((answer.selection, *answer.others)):
            ranked = answer.model_copy(update={"selection": selection})
            yield self.maker.keep(wish.model_copy(update={"rank": rank}), shelf, ranked).student.id


def _with_device_ids(session: Session, settings: SurveySettings) -> SurveySettings:
    """Devices named by their ids from here on. Raises UnknownResource."""
    given = {"device": settings.device, "budget": settings.budget}
    if settings.device is not None:
        given["device"] = devices.get(session, settings.device).id
    if settings.budget is not None:
        given["budget"] = with_device_id(session, settings.budget)
    return settings.model_copy(update=given)


def _wish(shelf: Shelf, budget: Budget) -> Wish:
    return Wish(
        library_id=shelf.library.id, budget=budget, strategy="exact", settings=SearchSettings()
    )
