"""Bodies of devices."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.bodies.common import Resource
from service.device_records import DeviceRecord, NewDevice, StudentLatencyRecord
from service.latency_table import Latency, LatencyTable, Setting

_LATENCY: dict[str, Any] = {"latency_ms": 0.41, "spread_ms": 0.01}
_SETTING: dict[str, Any] = {
    "backend": "torch 2.13.0",
    "hardware": "cpu",
    "threads": 4,
    "repeats": 30,
}


class NewDeviceBody(LatencyTable):
    """A device, and what was measured there of one library, as measure_latency.py writes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "my-phone", "library": "library_0199f3c2a1b4c0ffee00",
                    "setting": _SETTING, "teacher": _LATENCY, "parts": {"layer1.0": _LATENCY},
                    "candidates": {"candidate_0199f3c2a1b4c0ffee00": _LATENCY},
                }
            ]
        }
    )  # fmt: skip

    name: str = Field(min_length=1, max_length=200, description="What budgets call it.")
    description: str = Field(default="", max_length=10_000)
    library: str = Field(description="Id of the library that was measured.")

    @property
    def new(self) -> NewDevice:
        """What is to be remembered."""
        fields = {name: getattr(self, name) for name in LatencyTable.model_fields}
        return NewDevice(
            name=self.name,
            description=self.description,
            library_id=self.library,
            table=LatencyTable(**fields),
        )


class DeviceBody(Resource):
    """A target on which networks run."""

    name: str
    description: str
    libraries: list[str] = Field(description="Ids of the libraries that were measured on it.")

    @classmethod
    def of(cls, record: DeviceRecord, note: str | None = None) -> "DeviceBody":
        """What is shown of a record."""
        return cls(
            id=record.id,
            created_at=record.created_at,
            name=record.name,
            description=record.description,
            libraries=list(record.libraries),
            note=note,
        )


class LatencyTableBody(LatencyTable):
    """What was measured of a library on a device."""

    outside_ms: float = Field(
        description="What the whole teacher takes beyond the sum of its own parts; 0 where they "
        "take longer one by one."
    )
    parts_share: float = Field(
        description="What a part counts for of its own latency in the sum: below 1 where the "
        "teacher's parts take longer one by one than together."
    )

    @classmethod
    def of(cls, table: LatencyTable) -> "LatencyTableBody":
        """What is shown of a table."""
        return cls(**dict(table), outside_ms=table.fixed_ms, parts_share=table.share)


class NewStudentLatencyBody(BaseModel):
    """What a whole student takes on a device, as measure_latency.py writes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "student": "student_0199f3c2a1b4c0ffee00", "latency": _LATENCY,
                    "setting": _SETTING,
                }
            ]
        },
    )  # fmt: skip

    student: str = Field(description="Id of the student.")
    latency: Latency
    setting: Setting


class StudentLatencyBody(Resource):
    """A student's latency as it was measured, and beside it as it adds up."""

    device: str
    student: str
    latency: Latency
    predicted_ms: float | None = Field(
        description="The sum of its parts in the device's table; null without a table."
    )
    setting: Setting

    @classmethod
    def of(
        cls, record: StudentLatencyRecord, predicted_ms: float | None, note: str | None = None
    ) -> "StudentLatencyBody":
        """What is shown of a record."""
        return cls(
            id=record.id,
            created_at=record.created_at,
            device=record.device_id,
            student=record.student_id,
            latency=record.latency,
            predicted_ms=predicted_ms,
            setting=record.setting,
            note=note,
        )
