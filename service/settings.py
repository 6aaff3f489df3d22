"""Settings of the service, each from an environment variable STUDENT_SEARCH_<NAME>."""

import json
import os
from collections.abc import Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from candidates.complaint import Complaint
from candidates.errors import StudentSearchError

PREFIX = "STUDENT_SEARCH_"
CLIENT_VARIABLES = {
    "URL": "where the service is, http://127.0.0.1:8000 unless given.",
    "TOKEN": "the token to show it.",
}
"""What is no setting of the service but read by who speaks to it."""


class InvalidSettings(StudentSearchError):
    """The service cannot start with what its environment says."""


class Settings(BaseSettings):
    """One frozen value, read once at start and passed to whoever needs a part of it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    data_dir: Path = Field(
        default=Path("var"),
        description="Folder of the embedded database, and of all files unless store names another.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL; empty means SQLite in data_dir; postgresql://… for a server.",
    )
    store: str = Field(
        default="",
        description="Where files are kept: a folder, or s3://bucket/prefix with the usual AWS_… "
        "variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL); empty "
        "means data_dir/artifacts.",
    )
    store_copies_bytes: int = Field(
        default=20 * 2**30,
        ge=0,
        description="Room in data_dir/copies for the latest used files of a bucket, in bytes.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port; 0 takes a free one.")
    workers: int = Field(
        default=2,
        ge=0,
        le=256,
        description="Worker processes, on this machine or on the cluster; 0 runs none.",
    )
    engine: Literal["local", "ray"] = Field(
        default="local",
        description="Where units run: in processes of this machine, or on a Ray cluster.",
    )
    ray_address: str = Field(
        default="",
        validate_default=True,
        description="A Ray cluster that runs already, as host:port; none is ever started.",
    )
    ray_num_cpus: float = Field(
        default=1, ge=0, description="CPUs that a unit takes on the cluster; fractions too."
    )
    ray_num_gpus: float = Field(
        default=0, ge=0, description="GPUs that a unit takes on the cluster; fractions too."
    )
    data_roots: tuple[Path, ...] = Field(
        default=(),
        description="Folders (a JSON list) below which file:// data sets may be read; none so far.",
    )
    max_upload_bytes: int = Field(
        default=4 * 2**30, gt=0, description="Largest body that an upload may have."
    )
    upload_hours: float = Field(
        default=24, gt=0, description="How long an upload is kept to which nothing is added."
    )
    max_json_bytes: int = Field(
        default=16 * 2**20, gt=0, description="Largest body that is no upload may have."
    )
    idempotency_hours: float = Field(
        default=24, gt=0, description="How long answers to requests with a key are kept."
    )
    requests_per_minute: int = Field(
        default=60_000,
        ge=0,
        description="Requests that one token, or without tokens one address, may make; 0: any.",
    )
    refusals_per_minute: int = Field(
        default=60,
        ge=0,
        description="Requests that one address may make in vain for want of a token; 0: any.",
    )
    lease_seconds: float = Field(
        default=30, gt=0, description="How long a silent worker keeps its unit of work."
    )
    cancel_seconds: float = Field(
        default=1.5,
        gt=0,
        description="How long a cancelled unit may take to stop before it is killed.",
    )
    stop_seconds: float = Field(
        default=10,
        gt=0,
        description="How long requests, and after them workers, may take when the service stops.",
    )
    poll_seconds: float = Field(
        default=0.25, gt=0, description="How often an idle worker looks for a unit of work."
    )
    max_attempts: int = Field(
        default=3, ge=1, description="How often a unit whose worker dies is started in all."
    )
    webhook_private_addresses: bool = Field(
        default=False,
        description="Whether webhooks may lead into private networks and to this machine itself.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Logs for people to read, or one JSON object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important of what is logged."
    )

    @field_validator("store")
    @classmethod
    def _check_store(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if separator and (scheme != "s3" or not rest.partition("/")[0]):
            raise ValueError("it must be a folder or s3://bucket/prefix")
        return value

    @field_validator("ray_address")
    @classmethod
    def _check_address(cls, value: str, others: ValidationInfo) -> str:
        if others.data.get("engine") == "ray" and value in ("", "local"):
            raise ValueError("with engine 'ray' it must name a cluster that runs, as host:port")
        return value

    @classmethod
    def read(cls, **given: Any) -> "Settings":
        """Those of the environment, but for what is given. Raises InvalidSettings for the first
        value that is not allowed, and for a variable that looks like a setting and is none.
        """
        _check_names(set(cls.model_fields))
        try:
            return cls(**given)
        except ValidationError as exc:
            name, reason = Complaint.of(exc)
        except SettingsError as exc:
            name, reason = str(exc).split('"')[1], "this is not valid JSON"
        raise InvalidSettings(
            f"The setting '{name}' is not allowed: {reason}. Correct {PREFIX}{name.upper()}, or "
            "the option of the same name; docs/settings.md says what it may be."
        )

    @property
    def sqlalchemy_url(self) -> str:
        """`database_url`, or the embedded database's."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'student-search.db'}"

    @property
    def sweep_seconds(self) -> float:
        """How often leases and deadlines are looked at."""
        return min(1.0, self.lease_seconds / 8)

    @property
    def pulse_seconds(self) -> float:
        """How often a unit's heart beats."""
        return min(0.5, self.lease_seconds / 6)

    @property
    def uploads_dir(self) -> Path:
        """Where what arrives in pieces lies until it is used."""
        return self.data_dir / "uploads"

    @property
    def artifacts_dir(self) -> Path:
        """Where the files live, if they live in a folder."""
        return Path(self.store) if self.store else self.data_dir / "artifacts"

    def environment(self) -> dict[str, str]:
        """The variables with which a child process reads exactly these settings."""
        values = self.model_dump(mode="json")
        values["data_dir"] = str(self.data_dir.absolute())
        if self.store and "://" not in self.store:
            values["store"] = str(self.artifacts_dir.absolute())
        return {
            PREFIX + name.upper(): json.dumps(value) if isinstance(value, list) else str(value)
            for name, value in values.items()
        }


def _check_names(fields: Set[str]) -> None:
    known = {PREFIX + name.upper() for name in (*fields, *CLIENT_VARIABLES)}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            likely = get_close_matches(name.upper(), known, 1)
            hint = f" Did you mean {likely[0]}?" if likely else ""
            raise InvalidSettings(
                f"The environment has {name}, which is no setting.{hint} Remove or rename it; "
                "docs/settings.md lists all settings."
            )
