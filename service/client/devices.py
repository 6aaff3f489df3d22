"""Calls on devices."""

from typing import Any

from pydantic import JsonValue, RootModel

from service.bodies.devices import (
    DeviceBody,
    LatencyTableBody,
    NewDeviceBody,
    NewStudentLatencyBody,
    StudentLatencyBody,
)
from service.client.calls import delete, get, listed, path, post
from service.client.effects import Operation, Telling
from service.client.operation import listing, operation


class Kit(RootModel[dict[str, JsonValue]]):
    """What measure_latency.py needs; only it knows what is in it."""


class DeviceCalls:
    """Targets whose latency budgets may limit."""

    @operation
    def post_device(self, device: NewDeviceBody) -> Operation[DeviceBody]:
        """What measure_latency.py found on a target."""
        return (yield from post(DeviceBody, path("devices"), json=device.model_dump(mode="json")))

    @operation
    def device(self, device: str) -> Operation[DeviceBody]:
        """A device by its id or name."""
        return (yield from get(DeviceBody, path("devices", device)))

    @listing
    def devices(self) -> Telling[DeviceBody]:
        """All of them, newest first."""
        return listed(DeviceBody, path("devices"))

    @operation
    def delete_device(self, device: str) -> Operation[None]:
        """With all that was measured on it."""
        yield from delete(path("devices", device))

    @operation
    def latency_table(self, device: str, library: str) -> Operation[LatencyTableBody]:
        """What was measured of a library on a device."""
        return (yield from get(LatencyTableBody, path("devices", device, "tables", library)))

    @operation
    def latency_kit(self, library: str, runtime: str = "torch") -> Operation[dict[str, Any]]:
        """What measure_latency.py needs on a target that cannot reach the service."""
        where = path("libraries", library, "latency-kit")
        return (yield from get(Kit, where, runtime=runtime)).root

    @operation
    def post_student_latency(
        self, device: str, latency: NewStudentLatencyBody
    ) -> Operation[StudentLatencyBody]:
        """What a whole student takes on a device."""
        body = latency.model_dump(mode="json")
        return (yield from post(StudentLatencyBody, path("devices", device, "students"), json=body))

    @listing
    def student_latencies(self, device: str) -> Telling[StudentLatencyBody]:
        """Of students that were measured on a device, beside the sums of their parts."""
        return listed(StudentLatencyBody, path("devices", device, "students"))
