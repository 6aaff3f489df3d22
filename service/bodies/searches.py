"""Bodies of measured searches."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from candidates.candidate import Score
from search.budget import Budget
from search.measured_trial import best_of
from service.bodies.common import LABELS_FROM, Worked, worked_fields
from service.measured_search_settings import MeasuredSearchSettings
from service.records import LabelsFrom, SearchRecord, SearchTrial


class NewSearchBody(MeasuredSearchSettings):
    """What is searched for: the most accurate student within a budget, as really measured."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"budget": {"parameters": "50%"}, "trials": 30}]}
    )

    budget: Budget = Field(description="Upper limits on costs; accuracy_drop cannot be limited.")
    strategy: Literal["optuna"] = "optuna"
    objective: Literal["measured"] = Field(
        default="measured",
        description="Accuracies of students that are really assembled, refitted and measured. For "
        "the predicted ones post a student with the strategy 'optuna'.",
    )

    @property
    def settings(self) -> MeasuredSearchSettings:
        """The settings alone."""
        given = self.model_dump(include=set(MeasuredSearchSettings.model_fields))
        return MeasuredSearchSettings.model_validate(given)


class SearchTrialBody(BaseModel):
    """A student that was made, refitted and measured on the scoring images."""

    number: int
    choices: tuple[str, ...] = Field(description="Candidate ids, from input to output.")
    loss: float = Field(description="Summed KL of the partial models, in nats: what was predicted.")
    score: Score = Field(
        description="As measured on the scoring images, on which the search chooses: of the best "
        "it promises too much. Measure the student to learn what it reaches on others."
    )

    @classmethod
    def of(cls, record: SearchTrial) -> "SearchTrialBody":
        """What is shown of a record."""
        return cls(**dict(record))


class SearchBody(Worked):
    """A search that measures what it proposes; after each trial there is more to see.

    A cancelled one keeps its trials and gives the best of them as a student; posted again, it goes
    on after them.
    """

    library: str
    budget: Budget
    strategy: Literal["optuna"] = "optuna"
    objective: Literal["measured"] = "measured"
    settings: MeasuredSearchSettings
    num_trials: int = Field(description="Students that were measured so far.")
    first: SearchTrialBody | None = Field(
        description="What the exact strategy finds best, for comparison."
    )
    best: SearchTrialBody | None = Field(
        description="The most accurate so far; of equally accurate ones that of least KL."
    )
    student: str | None = Field(description="Of the best trial, once the search has ended.")
    labels_from: LabelsFrom = Field(description=LABELS_FROM)

    @classmethod
    def of(
        cls, record: SearchRecord, labels_from: LabelsFrom, note: str | None = None
    ) -> "SearchBody":
        """What is shown of a record."""
        trials = record.trials
        return cls(
            **worked_fields(record),
            library=record.library_id,
            budget=record.budget,
            settings=record.settings,
            num_trials=len(trials),
            first=SearchTrialBody.of(trials[0]) if trials else None,
            best=SearchTrialBody.of(best_of(trials)) if trials else None,
            student=record.student_id,
            labels_from=labels_from,
            note=note,
        )
