"""Calls on surveys and measured searches, which measure many students of a library."""

from search.budget import Budget
from service.bodies.searches import SearchBody, SearchTrialBody
from service.bodies.surveys import SurveyBody
from service.client.calls import delete, get, listed, path, post
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation
from service.measured_search_settings import MeasuredSearchSettings
from service.survey_settings import SurveySettings


class SearchCalls:
    """Students that are measured so that predictions learn, or to find the best of them."""

    @operation
    def post_survey(
        self, library: str, settings: SurveySettings | None = None
    ) -> Operation[SurveyBody]:
        """Measure students spread along a library's curve."""
        body = (settings or SurveySettings()).model_dump(mode="json", exclude_none=True)
        return (yield from post(SurveyBody, path("libraries", library, "surveys"), json=body))

    @operation
    def survey(self, survey: str) -> Operation[SurveyBody]:
        """A survey by its id."""
        return (yield from get(SurveyBody, path("surveys", survey)))

    @listing
    def surveys(self, library: str) -> Telling[SurveyBody]:
        """Of a library, newest first."""
        return listed(SurveyBody, path("libraries", library, "surveys"))

    @operation
    def delete_survey(self, survey: str) -> Operation[None]:
        """Its students and their measurements stay."""
        yield from delete(path("surveys", survey))

    @operation
    def post_search(
        self, library: str, budget: Budget, settings: MeasuredSearchSettings | None = None
    ) -> Operation[SearchBody]:
        """Find the most accurate student within a budget by measuring what is proposed."""
        limits = budget.model_dump(mode="json", exclude_none=True)
        chosen = (settings or MeasuredSearchSettings()).model_dump(mode="json")
        body = {"budget": limits, **chosen}
        return (yield from post(SearchBody, path("libraries", library, "searches"), json=body))

    @operation
    def search(self, search: str) -> Operation[SearchBody]:
        """A search by its id."""
        return (yield from get(SearchBody, path("searches", search)))

    @listing
    def searches(self, library: str) -> Telling[SearchBody]:
        """Of a library, newest first."""
        return listed(SearchBody, path("libraries", library, "searches"))

    @listing
    def search_trials(self, search: str) -> Telling[SearchTrialBody]:
        """What a search has measured so far."""
        return listed(SearchTrialBody, path("searches", search, "trials"))

    @operation
    def delete_search(self, search: str) -> Operation[None]:
        """Its student stays."""
        yield from delete(path("searches", search))
