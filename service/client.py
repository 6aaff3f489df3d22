"""Client: the service's calls from Python, synchronously, with the same bodies on both sides."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from candidates.export.formats import FormatName
from candidates.recipe import LibraryRecipe, TeacherRecipe
from candidates.refinement_settings import RefinementSettings
from search.budget import Budget, CostAxis
from search.settings import SearchSettings
from search.strategies import StrategyName
from service.bodies.curves import TradeOffCurve
from service.bodies.datasets import DatasetBody
from service.bodies.devices import DeviceBody, NewDeviceBody
from service.bodies.jobs import JobBody
from service.bodies.libraries import LibraryBody
from service.bodies.refinements import RefinementBody
from service.bodies.students import MeasurementBody, StudentBody
from service.bodies.teachers import TeacherBody
from service.errors import Problem

Body = TypeVar("Body", bound=BaseModel)
OnProgress = Callable[[JobBody], None]
DEFAULTS = SearchSettings()
TOKEN_VARIABLE = "STUDENT_SEARCH_TOKEN"  # noqa: S105 - a name, no secret


class ClientError(Exception):
    """Something that a call to the service could not do; `str()` is a full sentence."""


class Refused(ClientError):
    """The service answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class JobEnded(ClientError):
    """A job that was waited for did not succeed."""

    def __init__(self, job: JobBody) -> None:
        reason = job.error.detail if job.error else ""
        super().__init__(f"The job '{job.id}' has {job.state}. {reason}".strip())
        self.job = job


class Client:
    """One connection to one service; to be closed, or used as a context manager.

    Every method raises Refused for a problem, and ClientError when the service is out of reach.
    """

    def __init__(self, url: str, timeout_seconds: float = 60, token: str | None = None) -> None:
        """The token, by default that of the variable STUDENT_SEARCH_TOKEN, goes with every call."""
        token = token or os.environ.get(TOKEN_VARIABLE)
        self._http = httpx2.Client(
            base_url=url,
            timeout=timeout_seconds,
            trust_env=not _is_loopback(url),
            headers={"authorization": f"Bearer {token}"} if token else None,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(self._http.base_url).rstrip("/")

    def is_ready(self) -> bool:
        """Whether the service answers and can do its work."""
        try:
            return self._http.get("/readyz").status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def post_dataset(self, name: str, archive: Path) -> DatasetBody:
        """An archive with one folder of images for each class."""
        with archive.open("rb") as file:
            return self._post(
                DatasetBody, "/v1/datasets", data={"name": name}, files={"archive": file}
            )

    def post_dataset_by_uri(self, name: str, uri: str) -> DatasetBody:
        """Images that lie on the server, below one of its data_roots."""
        return self._post(DatasetBody, "/v1/datasets", json={"name": name, "uri": uri})

    def post_teacher(self, name: str, recipe: TeacherRecipe, weights: Path) -> TeacherBody:
        """A state dict (safetensors, .pth, .pt) with the recipe that rebuilds its network, or a
        file that brings its own (.pt2, safetensors) with a recipe without architecture.
        """
        form = {"name": name, "recipe": recipe.model_dump_json()}
        with weights.open("rb") as file:
            return self._post(TeacherBody, "/v1/teachers", data=form, files={"weights": file})

    def build_library(
        self, teacher: str, dataset: str | None, recipe: LibraryRecipe
    ) -> LibraryBody:
        """For a teacher and a data set that are ready, by their ids; a recipe whose inputs are made
        up takes none.
        """
        body = {"dataset": dataset, **recipe.model_dump(mode="json")}
        return self._post(LibraryBody, f"/v1/teachers/{teacher}/libraries", json=body)

    def request_student(
        self,
        library: str,
        budget: Budget,
        strategy: StrategyName = "exact",
        settings: SearchSettings = DEFAULTS,
    ) -> StudentBody:
        """From a library that is ready, by its id."""
        limits = budget.model_dump(mode="json", exclude_none=True)
        wish = {"library": library, "budget": limits, "strategy": strategy}
        return self._post(StudentBody, "/v1/students", json={**wish, **settings.model_dump()})

    def measure(self, student: str) -> MeasurementBody:
        """Begin to measure a student; wait for its job, then look at the student again."""
        return self._post(MeasurementBody, f"/v1/students/{student}/measurements")

    def refine(self, student: str, settings: RefinementSettings | None = None) -> RefinementBody:
        """Begin to refine a student; wait for its job, then look at the refinement."""
        body = (settings or RefinementSettings()).model_dump(mode="json")
        return self._post(RefinementBody, f"/v1/students/{student}/refinements", json=body)

    def refinement(self, student: str, refinement: str) -> RefinementBody:
        """One refinement of a student."""
        path = f"/v1/students/{student}/refinements/{refinement}"
        return self._get(RefinementBody, path)

    def post_device(self, device: NewDeviceBody) -> DeviceBody:
        """What measure_latency.py found on a target."""
        return self._post(DeviceBody, "/v1/devices", json=device.model_dump(mode="json"))

    def device(self, device: str) -> DeviceBody:
        """A device by its id or name."""
        return self._get(DeviceBody, f"/v1/devices/{device}")

    def latency_kit(self, library: str, runtime: str = "torch") -> dict[str, Any]:
        """What measure_latency.py needs on a target that cannot reach the service."""
        with _reaching(self._http):
            response = self._http.get(
                f"/v1/libraries/{library}/latency-kit", params={"runtime": runtime}
            )
        _refuse(response)
        kit: dict[str, Any] = response.json()
        return kit

    def wait(
        self, job: str, on_progress: OnProgress = lambda _: None, poll_seconds: float = 0.3
    ) -> JobBody:
        """Until the job has succeeded; JobEnded if it fails or is cancelled."""
        while True:
            now = self.job(job)
            on_progress(now)
            if now.state == "succeeded":
                return now
            if now.finished_at is not None:
                raise JobEnded(now)
            time.sleep(poll_seconds)

    def job(self, job: str) -> JobBody:
        """A job by its id."""
        return self._get(JobBody, f"/v1/jobs/{job}")

    def dataset(self, dataset: str) -> DatasetBody:
        """A data set by its id."""
        return self._get(DatasetBody, f"/v1/datasets/{dataset}")

    def teacher(self, teacher: str) -> TeacherBody:
        """A teacher by its id."""
        return self._get(TeacherBody, f"/v1/teachers/{teacher}")

    def library(self, library: str) -> LibraryBody:
        """A library by its id."""
        return self._get(LibraryBody, f"/v1/libraries/{library}")

    def student(self, student: str) -> StudentBody:
        """A student by its id."""
        return self._get(StudentBody, f"/v1/students/{student}")

    def trade_off_curve(
        self, library: str, axis: CostAxis = "parameters", points: int = 200
    ) -> TradeOffCurve:
        """The undominated selections of a library."""
        query = f"axis={axis}&points={points}"
        return self._get(TradeOffCurve, f"/v1/libraries/{library}/trade-off-curve?{query}")

    def download(
        self,
        student: str,
        target: Path,
        refitted: bool = False,
        format: FormatName = "safetensors",
    ) -> Path:
        """The student's file at `target`, there only when whole and checked by its SHA-256."""
        query = f"?format={format}" + ("&refitted=true" if refitted else "")
        return self._download(f"/v1/students/{student}/checkpoint{query}", student, target)

    def download_teacher(self, teacher: str, target: Path) -> Path:
        """Likewise the teacher's own file, which holds its network whatever it was posted as."""
        return self._download(f"/v1/teachers/{teacher}/network", teacher, target)

    def _download(self, path: str, what: str, target: Path) -> Path:
        part = target.with_name(target.name + ".part")
        total = hashlib.sha256()
        with _reaching(self._http), self._http.stream("GET", path) as response:
            _refuse(response)
            with part.open("wb") as file:
                for piece in response.iter_bytes():
                    total.update(piece)
                    file.write(piece)
        if response.headers["etag"].strip('"') != total.hexdigest():
            raise ClientError(f"The file of '{what}' arrived damaged. Download it again.")
        return part.replace(target)

    def _get(self, body: type[Body], path: str) -> Body:
        return self._call(body, "GET", path)

    def _post(self, body: type[Body], path: str, **content: Any) -> Body:
        return self._call(body, "POST", path, **content)

    def _call(self, body: type[Body], method: str, path: str, **content: Any) -> Body:
        with _reaching(self._http):
            response = self._http.request(method, path, **content)
        _refuse(response)
        return body.model_validate_json(response.content)


@contextmanager
def _reaching(http: httpx2.Client) -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as exc:
        raise ClientError(
            f"The service at {http.base_url} is out of reach ({exc}). "
            "Is it running, and is the address right?"
        ) from exc


def _refuse(response: httpx2.Response) -> None:
    """Raises Refused for an error."""
    if response.is_success:
        return
    try:
        problem = Problem.model_validate_json(response.read())
    except ValidationError as exc:
        raise ClientError(
            f"{response.url} answered {response.status_code} and no problem document. "
            "Is it a student-search service?"
        ) from exc
    raise Refused(problem)


def _is_loopback(url: str) -> bool:
    """Such addresses are no business of a proxy that the environment names."""
    host = httpx2.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
