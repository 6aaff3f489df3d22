"""Bodies about the service itself."""

from pydantic import BaseModel, Field


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Part(BaseModel):
    """A part of the service."""

    well: bool
    problem: str | None = Field(description="What is not well, and what to do.")


class Readiness(BaseModel):
    """Whether every part works; the answer's status is 503 if one does not."""

    ready: bool
    database: Part = Field(description="It answers.")
    store: Part = Field(description="It takes files.")
    migrations: Part = Field(description="The tables are those of this version.")
    dispatcher: Part = Field(description="The launcher of this server's workers gets on.")


class Version(BaseModel):
    """What runs."""

    name: str
    version: str
