"""Errors at the border: one table from error class to problem document (RFC 9457)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from candidates import errors
from candidates.errors import StudentSearchError
from service import failures, refusals, upload_failures
from service.records import Failure

PREFIX = "/problems/"


class UploadTooLarge(StudentSearchError):
    """A request's body is larger than the service takes."""

    def __init__(self, max_bytes: int, setting: str = "max_upload_bytes") -> None:
        super().__init__(
            f"The body is larger than {max_bytes} bytes, the most that is taken here. "
            f"Send less, or raise {setting} in the service's settings."
        )
        self.max_bytes = max_bytes


class UnsupportedMedia(StudentSearchError):
    """A request's body has another content type than its resource reads."""


class SourceNotAllowed(StudentSearchError):
    """A data set's URI does not lie where the service may read."""


class Kind(BaseModel):
    """What all problems of one type have in common."""

    slug: str
    status: int
    title: str
    members: tuple[str, ...] = ()


def _kind(slug: str, status: int, title: str, *members: str) -> Kind:
    return Kind(slug=slug, status=status, title=title, members=members)


KINDS: dict[type[StudentSearchError], Kind] = {
    errors.InvalidRecipe: _kind("invalid-recipe", 422, "The recipe is not allowed"),
    errors.InvalidCheckpoint: _kind("invalid-checkpoint", 422, "The weights file is not usable"),
    errors.InvalidProgram: _kind("invalid-program", 422, "The network cannot be run as described"),
    errors.InvalidDataset: _kind("invalid-dataset", 422, "The images are not usable"),
    errors.NonFiniteActivation: _kind(
        "non-finite-activation", 422, "The network computes NaN or Inf"
    ),
    errors.UnsplittableTeacher: _kind(
        "unsplittable-teacher", 422, "The teacher has no neighbourhood that may shrink"
    ),
    errors.NotExportable: _kind(
        "not-exportable", 422, "The student cannot be written in this format"
    ),
    errors.InfeasibleBudget: _kind(
        "infeasible-budget", 422, "No student keeps within the budget", "axis", "limit", "smallest"
    ),
    errors.ContradictoryBudget: _kind(
        "contradictory-budget", 422, "The limits contradict each other", "limits", "reachable"
    ),
    errors.UnknownCost: _kind(
        "unknown-cost", 409, "A limited cost is not known", "axis", "num_unknown"
    ),
    errors.EmptyLibrary: _kind("empty-library", 409, "There is nothing to choose from"),
    errors.UnsupportedBudget: _kind(
        "unsupported-budget", 422, "The strategy cannot honour these limits"
    ),
    failures.InvalidLatencies: _kind(
        "invalid-latencies", 422, "The latency table does not suit its library"
    ),
    failures.LatenciesMissing: _kind(
        "latencies-missing", 422, "The library was not measured there", "device", "library_id"
    ),
    failures.DeviceMissing: _kind("device-missing", 422, "Latencies are those of a device"),
    failures.DeviceDiffers: _kind(
        "device-differs", 409, "The device has another table", "device", "library_id"
    ),
    failures.InvalidCursor: _kind("invalid-cursor", 422, "The cursor is not of this list"),
    failures.UnknownResource: _kind(
        "unknown-resource", 404, "There is no such resource", "kind", "resource_id"
    ),
    failures.ResourceInUse: _kind("resource-in-use", 409, "Something else refers to it"),
    failures.ResourceNotReady: _kind(
        "resource-not-ready", 409, "It is not ready", "kind", "resource_id", "state"
    ),
    failures.LibraryUnfinished: _kind(
        "library-unfinished",
        409,
        "Not all candidates of the library are there",
        "kind",
        "resource_id",
        "state",
        "job_id",
        "done",
        "total",
    ),
    failures.JobFinished: _kind("job-finished", 409, "The job has ended", "job_id", "state"),
    failures.InvalidWebhook: _kind("invalid-webhook", 422, "The webhook is not usable"),
    failures.AddressNotAllowed: _kind(
        "address-not-allowed", 422, "Nothing may be sent to this address", "host", "address"
    ),
    failures.NothingToRetry: _kind(
        "nothing-to-retry", 409, "Nothing of the job can be tried again", "job_id"
    ),
    failures.KeyReused: _kind("idempotency-key-reused", 422, "The key belongs to another request"),
    failures.RequestRunning: _kind(
        "request-running", 409, "The same request is being answered", "retry_after_s"
    ),
    failures.AnswerNotKept: _kind("answer-not-kept", 409, "The answer was told once", "location"),
    failures.InvalidRange: _kind("invalid-range", 416, "The file has no such part", "size_bytes"),
    upload_failures.InvalidUpload: _kind("invalid-upload", 422, "The upload is not well described"),
    upload_failures.UploadUnfinished: _kind(
        "upload-unfinished",
        409,
        "Not all of the upload is there",
        "upload_id",
        "offset",
        "size_bytes",
    ),
    upload_failures.OffsetDiffers: _kind(
        "offset-differs", 409, "The piece does not fit", "upload_id", "offset"
    ),
    upload_failures.UploadBusy: _kind("upload-busy", 423, "Another piece is arriving", "upload_id"),
    upload_failures.UploadFull: _kind(
        "upload-full", 413, "The piece is too long", "upload_id", "size_bytes"
    ),
    upload_failures.InvalidChecksum: _kind(
        "invalid-checksum", 400, "The checksum cannot be read", "algorithms"
    ),
    upload_failures.ChecksumDiffers: _kind(
        "checksum-differs", 460, "The piece is damaged", "upload_id"
    ),
    upload_failures.ProtocolVersion: _kind(
        "protocol-version", 412, "This version of tus is not spoken here", "version"
    ),
    refusals.TokenMissing: _kind("token-missing", 401, "A token is needed"),
    refusals.TokenRefused: _kind("token-refused", 401, "The token opens nothing"),
    refusals.ScopeTooSmall: _kind("scope-too-small", 403, "The token may not do this", "needed"),
    refusals.ForeignOrigin: _kind("foreign-origin", 403, "The call came from elsewhere"),
    refusals.TooManyRequests: _kind(
        "too-many-requests", 429, "Too many requests", "per_minute", "retry_after_s"
    ),
    failures.WorkCancelled: _kind("work-cancelled", 409, "The work was cancelled"),
    failures.LeaseLost: _kind("lease-lost", 500, "A worker lost its lease"),
    failures.ArtifactMissing: _kind("artifact-missing", 500, "A stored file is missing"),
    failures.ArtifactDamaged: _kind("artifact-damaged", 500, "A stored file is damaged"),
    failures.StoreFull: _kind("store-full", 507, "There is no room for a file"),
    failures.StoreUnavailable: _kind("store-unavailable", 503, "The store cannot be used"),
    UploadTooLarge: _kind("upload-too-large", 413, "The upload is too large", "max_bytes"),
    UnsupportedMedia: _kind("unsupported-media-type", 415, "The body has the wrong content type"),
    SourceNotAllowed: _kind("source-not-allowed", 403, "The source may not be read"),
}

INVALID_REQUEST = _kind("invalid-request", 422, "The request is not valid")
NOT_FOUND = _kind("not-found", 404, "There is nothing at this path")
METHOD_NOT_ALLOWED = _kind("method-not-allowed", 405, "This path does not know the method")
MALFORMED = _kind("malformed-request", 400, "The request cannot be read")
INTERNAL = _kind("internal-error", 500, "The service failed")
UNAVAILABLE = _kind("database-unavailable", 503, "The database does not answer")
WORKER_DIED = _kind("worker-died", 500, "The worker process died")
DEADLINE_PASSED = _kind("deadline-passed", 409, "The job's deadline has passed")
OUTDATED = _kind("outdated", 409, "Another version of the service made it")
PLAIN_KINDS = (
    INVALID_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, MALFORMED, INTERNAL, UNAVAILABLE, WORKER_DIED,
    OUTDATED, DEADLINE_PASSED,
)  # fmt: skip

_BY_NAME = {error.__name__: kind for error, kind in KINDS.items()} | {
    "WorkerDied": WORKER_DIED,
    "DeadlinePassed": DEADLINE_PASSED,
    "MadeByAnotherVersion": OUTDATED,
}


class Problem(BaseModel):
    """An error as RFC 9457 has it; further members depend on its type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="What kind of problem this is; a path that explains it.")
    title: str = Field(description="The same for every problem of this type.")
    status: int = Field(description="The HTTP status that such a problem is answered with.")
    detail: str = Field(description="What was wrong, where, and what to do.")
    instance: str | None = Field(default=None, description="The path that was asked.")
    request_id: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Names the answer to whoever runs the service, whose log has it, too.",
    )


def problem(
    kind: Kind,
    detail: str,
    instance: str | None = None,
    members: Mapping[str, Any] = MappingProxyType({}),
    request_id: str | None = None,
) -> Problem:
    """A problem document of this kind, with further members."""
    return Problem(
        type=PREFIX + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=instance,
        request_id=request_id,
        **members,
    )


def problem_of(error: StudentSearchError, instance: str | None = None) -> Problem:
    """The problem that a domain error is, with the members that its kind promises."""
    kind = KINDS[type(error)]
    members = {name: getattr(error, name) for name in kind.members}
    return problem(kind, str(error), instance, members)


def problem_of_failure(failure: Failure | None) -> Problem | None:
    """The problem with which a job failed, if it did."""
    if failure is None:
        return None
    return problem(_BY_NAME.get(failure.error, INTERNAL), failure.detail)
