"""The parts of the running service, and how a request gets hold of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from service.api.guard import caller_of
from service.api.lanes import Lane
from service.artifacts import Artifacts
from service.curves import Curves
from service.database import Database, Ending, Session
from service.exports import Exports
from service.job_watch import JobWatch
from service.metrics import Metrics
from service.settings import Settings
from service.shelves import Shelves
from service.student_files import StudentFiles
from service.student_maker import StudentMaker
from service.upload_folder import UploadFolder

SELECTIONS = 4
"""At a time: they compute; more than one only so that a slow store does not stop the others."""


@dataclass(frozen=True)
class Parts:
    """Built once by `create_app`."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    shelves: Shelves
    maker: StudentMaker
    selections: Lane
    curves: Curves
    metrics: Metrics
    exports: Exports
    watch: JobWatch
    uploads: UploadFolder

    @classmethod
    def of(cls, settings: Settings) -> "Parts":
        """How the parts fit together."""
        database = Database(settings.sqlalchemy_url)
        artifacts = Artifacts.of(settings)
        shelves = Shelves()
        metrics = Metrics(database)
        maker = StudentMaker(database, StudentFiles(artifacts), shelves, metrics)
        return cls(
            settings,
            database,
            artifacts,
            shelves,
            maker,
            Lane(SELECTIONS),
            Curves(shelves),
            metrics,
            Exports(artifacts),
            JobWatch(database),
            UploadFolder(settings.uploads_dir),
        )

    def owned_by(self, owner_id: str, ending: Ending | None = None) -> "Parts":
        """The same, with only this owner's part of the database behind it all. Every transaction
        that writes ends with `ending`.
        """
        database = self.database.of(owner_id, ending)
        return replace(self, database=database, maker=replace(self.maker, database=database))


def parts_of(request: Request) -> Parts:
    """The one way from a route to the database, so that no route sees more than its caller may."""
    parts: Parts = request.app.state.parts
    return parts.owned_by(caller_of(request).owner_id, getattr(request.state, "ending", None))


async def _parts(request: Request) -> Parts:
    return parts_of(request)


PartsOf = Annotated[Parts, Depends(_parts)]


def _reading(parts: PartsOf) -> Iterator[Session]:
    with parts.database.reading() as session:
        yield session


def _writing(request: Request, parts: PartsOf) -> Iterator[Session]:
    """Nothing is locked before the session's first use. What is to be done after a failure is done
    behind the transaction, whose lock it would have to wait for.
    """
    request.state.commits_later = True
    try:
        with parts.database.writing() as session:
            yield session
    except Exception:
        getattr(request.state, "undone", _nothing)()
        raise


def _nothing() -> None:
    """Of most requests nothing is left when they fail."""


# "function": the transaction ends before the answer is sent, so an answer never promises
# what a failing commit then takes back.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]
