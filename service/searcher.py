"""Searcher: takes measured searches in, if something can come of them."""

from dataclasses import dataclass

from search import strategies
from search.measured_trial import check_measurable
from search.settings import SearchSettings
from service.database import Database
from service.records import SearchRecord
from service.repositories import searches
from service.repositories.prepared import Posted
from service.repositories.searches import NewSearch
from service.shelves import Shelves
from service.student_maker import with_device_id


@dataclass(frozen=True)
class Searcher:
    """Whether a budget can be kept is found out within the request; a job does the rest."""

    database: Database
    shelves: Shelves

    def post(self, new: NewSearch) -> Posted[SearchRecord]:
        """The search with its job, or the one that is there for an equal wish.

        Raises UnknownResource, ResourceNotReady, LatenciesMissing, InfeasibleBudget,
        ContradictoryBudget, UnsupportedBudget.
        """
        check_measurable(new.budget)
        with self.database.reading() as session:
            budget = with_device_id(session, new.budget)
            shelf = self.shelves.of(session, new.library_id).on_device(session, budget.device)
        strategies.select("exact", shelf.problem, shelf.absolute(budget), SearchSettings())
        with self.database.writing() as session:
            return searches.post(session, new.model_copy(update={"budget": budget}))
