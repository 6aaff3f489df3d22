"""Routes about the service itself."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api.parts import PartsOf
from service.database import DatabaseUnavailable

router = APIRouter(tags=["service"])

PACKAGE = "student-search"


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Readiness(BaseModel):
    """Whether every part works; the answer's status is 503 if one does not."""

    ready: bool
    database: bool = Field(description="It answers.")
    workers: bool = Field(description="The launcher of this server's workers runs.")


class Version(BaseModel):
    """What runs."""

    name: str
    version: str


@router.get("/livez", summary="Is the process alive?")
def livez() -> Alive:
    """Always yes."""
    return Alive()


@router.get("/readyz", summary="Can the service do its work?")
def readyz(request: Request, parts: PartsOf, response: Response) -> Readiness:
    """Asks the database and the launcher."""
    try:
        parts.database.ping()
        database = True
    except DatabaseUnavailable:
        database = False
    workers: bool = request.app.state.launcher.alive
    response.status_code = 200 if database and workers else 503
    return Readiness(ready=database and workers, database=database, workers=workers)


@router.get("/version", summary="Which version runs?")
def show_version() -> Version:
    """The installed package's."""
    try:
        installed = version(PACKAGE)
    except PackageNotFoundError:  # run from a folder of sources
        installed = "not installed"
    return Version(name=PACKAGE, version=installed)
