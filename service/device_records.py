"""Records of devices, and of what was measured on them."""

from datetime import datetime

from pydantic import Field

from candidates.value import Value
from service.latency_table import Latency, LatencyTable, Setting


class NewDevice(Value):
    """A device with its latency table of one library; more libraries may follow by its name."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    library_id: str
    table: LatencyTable


class DeviceRecord(Value):
    """A target on which networks run, and the ids of the libraries that were measured there."""

    id: str
    name: str
    description: str
    libraries: tuple[str, ...]
    created_at: datetime


class StudentLatencyRecord(Value):
    """What a whole student takes on a device."""

    id: str
    device_id: str
    student_id: str
    latency: Latency
    setting: Setting
    created_at: datetime
