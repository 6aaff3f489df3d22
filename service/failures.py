"""What can go wrong in the service's memory and work, beside the domain's own errors."""

from candidates.errors import StudentSearchError

ENDED = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}


class UnknownResource(StudentSearchError):
    """An id names nothing."""

    def __init__(self, kind: str, resource_id: str) -> None:
        super().__init__(
            f"There is no {kind} '{resource_id}'. List what there is, or check the id for typing."
        )
        self.kind, self.resource_id = kind, resource_id


class ResourceInUse(StudentSearchError):
    """Something cannot be deleted because something else refers to it."""


class ResourceNotReady(StudentSearchError):
    """Something cannot be used because its job has not succeeded."""

    def __init__(self, kind: str, resource_id: str, state: str) -> None:
        advice = "Wait for its job" if state == "pending" else "Post it again"
        super().__init__(f"The {kind} '{resource_id}' is {state}, not ready. {advice}.")
        self.kind, self.resource_id, self.state = kind, resource_id, state


class LibraryUnfinished(StudentSearchError):
    """What needs all candidates of a library was asked for before they were all there.

    `done` of `total` candidates are scored so far.
    """

    kind = "library"

    def __init__(self, resource_id: str, state: str, job_id: str, done: int, total: int) -> None:
        advice = "Post it again to go on" if state == "failed" else f"Wait for the job '{job_id}'"
        super().__init__(
            f"The library '{resource_id}' is {state}, with {done} of {total} candidates scored; "
            f"its trade-off curve needs them all. {advice}."
        )
        self.resource_id, self.state, self.job_id = resource_id, state, job_id
        self.done, self.total = done, total


class InvalidCursor(StudentSearchError):
    """A list was asked to go on from a place that it never named."""

    def __init__(self, cursor: str) -> None:
        super().__init__(
            f"'{cursor}' is not a cursor of this list. Pass the 'next' of the page before, "
            "or leave it out to start at the beginning."
        )


class JobFinished(StudentSearchError):
    """A job that has ended can be neither cancelled nor changed."""

    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(
            f"The job '{job_id}' has already {ENDED[state]}, so it cannot be cancelled or changed "
            "any more."
        )
        self.job_id, self.state = job_id, state


class NothingToRetry(StudentSearchError):
    """A job was to be tried again of which nothing can be."""

    def __init__(self, job_id: str, reason: str) -> None:
        super().__init__(
            f"The job '{job_id}' cannot be tried again: {reason}. If what it makes is wanted, post "
            "that again."
        )
        self.job_id = job_id


class ArtifactMissing(StudentSearchError):
    """A file that the database names is not in the store."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"The file {sha256} is not in the artifact store. Restore the store's folder, "
            "or post again what it belongs to."
        )


class ArtifactDamaged(StudentSearchError):
    """A file in the store does not have the content that its name promises."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"The file {sha256} in the artifact store was changed or damaged. Restore it from a "
            "copy, or post again what it belongs to."
        )


class StoreFull(StudentSearchError):
    """There is no room for a file; `what` completes "cannot …"."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The artifact store cannot {what}: there is no room left. Nothing was lost. Free some "
            "(`student-search store collect` removes what nothing refers to), then try again."
        )


class StoreUnavailable(StudentSearchError):
    """The artifact store cannot be used; `what` completes "cannot …"."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"The artifact store cannot {what}: {reason}. Nothing was lost. Check the folder's or "
            "the bucket's permissions, and that it can be reached, then try again."
        )


class LeaseLost(StudentSearchError):
    """A worker wanted to commit a unit that is no longer its own; nothing was written."""

    def __init__(self, unit_id: str, token: int) -> None:
        super().__init__(
            f"The lease on unit '{unit_id}' with token {token} is lost; its result is not kept."
        )


class WorkCancelled(StudentSearchError):
    """Work stopped because its job was cancelled."""

    def __init__(self) -> None:
        super().__init__(
            "What was finished is kept: retry the job to go on, or post the same again."
        )


class WorkInterrupted(StudentSearchError):
    """Work stopped because its worker is to end; another goes on with it."""

    def __init__(self) -> None:
        super().__init__("The worker is to end. The unit is given back, and done by another.")


class InvalidLatencies(StudentSearchError):
    """A latency table does not suit the library that it names."""


class DeviceDiffers(StudentSearchError):
    """A device has another table of the same library already."""

    def __init__(self, device: str, library_id: str) -> None:
        super().__init__(
            f"The device '{device}' has another latency table of the library '{library_id}', which "
            "never changes. Post this one under another name, or delete the device first."
        )
        self.device, self.library_id = device, library_id


class LatenciesMissing(StudentSearchError):
    """A latency was asked for on a device on which the library was never measured."""

    def __init__(self, device: str, library_id: str) -> None:
        super().__init__(
            f"The device '{device}' has no latencies of the library '{library_id}'. Measure them "
            f"there with measure_latency.py and /v1/libraries/{library_id}/latency-kit, then post "
            "them to /v1/devices."
        )
        self.device, self.library_id = device, library_id


class DeviceMissing(StudentSearchError):
    """Latencies are asked for, but not whose."""

    def __init__(self) -> None:
        super().__init__(
            "The axis latency_ms needs a device: name one whose latencies were posted, by its id "
            "or name. /v1/devices lists them."
        )


class InvalidWebhook(StudentSearchError):
    """A webhook's URL is none to which something can be posted."""


class AddressNotAllowed(StudentSearchError):
    """A webhook's host has an address to which nothing may be sent."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            f"The webhook's host '{host}' has the address {address}, which is not public. Name a "
            "public one, or let the operator set webhook_private_addresses."
        )
        self.host, self.address = host, address


class KeyReused(StudentSearchError):
    """An Idempotency-Key came with another request than before."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came before with another request. Use a new key for each "
            "request, and the same one only to make the very same request again."
        )


class RequestRunning(StudentSearchError):
    """A request with the same Idempotency-Key is being answered."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being answered at this moment. Make it again "
            f"in {retry_after_s} s to get its answer."
        )
        self.retry_after_s = retry_after_s
        self.headers = {"retry-after": str(retry_after_s)}


class AnswerNotKept(StudentSearchError):
    """What a request with an Idempotency-Key was answered held a secret, which is told once."""

    def __init__(self, location: str) -> None:
        super().__init__(
            "The first request with this Idempotency-Key succeeded, and its answer held a secret "
            f"that is told once. What it made is at {location}: delete it and make another, with "
            "a new key, if the answer never arrived."
        )
        self.location = location


class InvalidRange(StudentSearchError):
    """A part of a file was asked for that it does not have."""

    def __init__(self, given: str, size_bytes: int) -> None:
        super().__init__(
            f"The file has {size_bytes} bytes, and the Range '{given}' is none of it. Ask for "
            "bytes=first-last, counted from 0, or leave Range out."
        )
        self.size_bytes = size_bytes
        self.headers = {"content-range": f"bytes */{size_bytes}"}
