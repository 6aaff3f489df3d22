"""Records: what the repositories return; frozen values without any tie to the database."""

from datetime import datetime
from typing import Any, Literal

from candidates.candidate import Candidate, Cost, Estimate
from candidates.graph.neighbourhood import Split
from candidates.recipe import LibraryRecipe, TeacherRecipe
from candidates.refinement_settings import RefinementSettings
from candidates.value import Value
from search.budget import Budget
from search.measured_trial import MeasuredTrial
from search.selection import Answer, Selection
from search.settings import SearchSettings
from service.failures import WorkCancelled
from service.measured_search_settings import MeasuredSearchSettings
from service.survey_settings import SurveySettings

State = Literal["pending", "ready", "failed"]
Outcome = Literal["pending", "ready", "failed", "cancelled"]
"""The same of what goes on where it stopped, so that a cancellation is no failure."""
WorkState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
JobKind = str
"""dataset, teacher, library, measurement, refinement, survey or search."""


LabelsFrom = Literal["dataset", "teacher"]
"""Whose answers accuracies count as right: those that came with the images, or, where no image was
read, the teacher's own; its accuracy is then 100 % and every other is the agreement with it.
"""


class Failure(Value):
    """Why work failed: the class of the error and its sentence."""

    error: str
    detail: str


class Progress(Value):
    """How far work is, in whatever it counts."""

    done: int
    total: int


class StoredFile(Value):
    """A file in the artifact store."""

    sha256: str
    size_bytes: int


class EarlierError(Failure):
    """Why a job had ended before it was tried again."""

    at: datetime


class JobRecord(Value):
    """`units` counts units by state; the progress weighs every unit by its expected work.

    `stopping` is True from a cancellation, or a unit's failure, until no unit runs any more.
    """

    id: str
    kind: JobKind
    resource_id: str
    state: WorkState
    error: Failure | None
    earlier_errors: tuple[EarlierError, ...]
    priority: int
    deadline: datetime | None
    progress: Progress
    units: dict[WorkState, int]
    stopping: bool
    eta_seconds: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def share(self) -> float:
        """How much of its work is done, from 0 to 1; a job without work has done all at its end."""
        if self.progress.total == 0:
            return float(self.state == "succeeded")
        return round(self.progress.done / self.progress.total, 4)


class UnitRecord(Value):
    """A unit as its claimer sees it: with the token that its commit must show."""

    id: str
    job_id: str
    owner_id: str
    kind: str
    payload: dict[str, Any]
    token: int
    attempts: int


class Prepared(Value):
    """What all things that a job makes have in common."""

    id: str
    state: State
    error: Failure | None
    job_id: str
    created_at: datetime

    @property
    def outcome(self) -> Outcome:
        """The state, by what its job ended with."""
        is_cancelled = self.error is not None and self.error.error == WorkCancelled.__name__
        return "cancelled" if self.state == "failed" and is_cancelled else self.state


class DatasetContents(Value):
    """What was found in the images; the three parts share no image."""

    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    num_calibration: int
    num_scoring: int
    num_reporting: int


class DatasetRecord(Prepared):
    """`sha256` names the file of the ingested images; with `contents` known once ready."""

    name: str
    source_sha256: str | None
    source_uri: str | None
    sha256: str | None
    contents: DatasetContents | None


class TeacherRecord(Prepared):
    """`weights` is the file that was posted, `network` the teacher's own, which holds all of it.

    This, split (of `block` granularity), costs and classes are known once ready; `fixed_cost` lies
    outside all neighbourhoods.
    """

    name: str
    licence: str | None
    recipe: TeacherRecipe
    weights: StoredFile
    network: StoredFile | None
    num_classes: int | None
    split: Split | None
    cost: Cost | None
    fixed_cost: Cost | None


class LibraryRecord(Prepared):
    """`split` and `fixed_cost` are those of its granularity, known at the latest once ready.

    `progress` counts candidates; the teacher's accuracy is on the scoring images. A library
    without a data set has images made up in its place, in the file that `images_sha256` names.
    """

    teacher_id: str
    dataset_id: str | None
    recipe: LibraryRecipe
    split: Split | None
    fixed_cost: Cost | None
    images_sha256: str | None
    statistics_sha256: str | None
    teacher_accuracy: Estimate | None
    progress: Progress
    notes: tuple[str, ...]

    @property
    def labels_from(self) -> LabelsFrom:
        """Whose answers accuracies count as right."""
        return labels_from(self.dataset_id)


class CandidateRecord(Value):
    """A candidate of a library; `position` counts within its neighbourhood."""

    id: str
    library_id: str
    identity: str
    neighbourhood_index: int
    position: int
    candidate: Candidate
    weights_sha256: str


class MeasurementRecord(Prepared):
    """Accuracies in percent on the reporting images; known once ready, like the refitted file."""

    student_id: str
    assembled: Estimate | None
    refitted: Estimate | None
    teacher: Estimate | None
    file: StoredFile | None


def labels_from(dataset_id: str | None) -> LabelsFrom:
    """Of a library on a data set, or on none."""
    return "teacher" if dataset_id is None else "dataset"


Origin = Literal["selection", "refinement"]
"""What made a student: a strategy's choice among candidates, or more work on another student."""

SIGNIFICANT = 2.0
"""Standard errors by which an accuracy must be higher to count as better."""


def is_significant(gain: Estimate) -> bool:
    """Whether a gain is more than chance will have given."""
    return gain.value > SIGNIFICANT * gain.standard_error


class RefinementRecord(Prepared):
    """More work on a student, whose result is another one.

    Accuracies in percent on the reporting images, `before` that of the best file that the student
    had then; the gain in points with its paired standard error. All known once ready.
    """

    student_id: str
    settings: RefinementSettings
    before: Estimate | None
    after: Estimate | None
    gain: Estimate | None
    result_id: str | None


class Better(Value):
    """A student that came of another one by refinement and measured significantly better."""

    student_id: str
    accuracy: Estimate
    own_accuracy: Estimate
    gain: Estimate


class StudentRecord(Value):
    """A student, with its measurement if one was asked for, and the best of those that came of it
    if that is better. The answer, here without trials, is unknown for students that were made
    before answers were kept.
    """

    id: str
    library_id: str
    library_version: str
    parent_id: str | None
    origin: Origin
    labels_from: LabelsFrom
    budget: Budget
    strategy: str
    settings: SearchSettings
    selection: Selection
    answer: Answer | None
    file: StoredFile
    measurement: MeasurementRecord | None
    search_id: str | None
    better: Better | None
    created_at: datetime


class SurveyRecord(Prepared):
    """Students of a library, in their order, as far as they were not deleted, to be measured."""

    library_id: str
    settings: SurveySettings
    student_ids: tuple[str, ...]


class SearchTrial(MeasuredTrial):
    """A trial of a search that is kept."""

    number: int


class SearchRecord(Prepared):
    """A search that measures what it proposes, with all its trials so far.

    `student_id` is that of the best trial, once the search ended or was cancelled.
    """

    library_id: str
    budget: Budget
    settings: MeasuredSearchSettings
    student_id: str | None
    trials: tuple[SearchTrial, ...]


class MeasuredStudentRecord(Value):
    """A student with its accuracy after the refit and the teacher's, on the same images."""

    id: str
    origin: Origin
    strategy: str
    selection: Selection
    refitted: Estimate
    teacher: Estimate
