"""The parts of the running service, and how a request gets hold of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from service.artifacts import Artifacts
from service.checkpoint_cache import CheckpointCache
from service.curves import Curves
from service.database import Database, Session
from service.exports import Exports
from service.repositories.pages import Page
from service.settings import Settings
from service.shelves import Shelves
from service.student_maker import StudentMaker


@dataclass(frozen=True)
class Parts:
    """Built once by `create_app`."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    shelves: Shelves
    maker: StudentMaker
    curves: Curves
    exports: Exports

    @classmethod
    def of(cls, settings: Settings) -> "Parts":
        """How the parts fit together."""
        database = Database(settings.sqlalchemy_url)
        artifacts = Artifacts(settings.artifacts_dir)
        shelves = Shelves()
        maker = StudentMaker(database, artifacts, CheckpointCache(artifacts), shelves)
        return cls(
            settings, database, artifacts, shelves, maker, Curves(shelves), Exports(artifacts)
        )


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]


def _reading(parts: PartsOf) -> Iterator[Session]:
    with parts.database.reading() as session:
        yield session


def _writing(parts: PartsOf) -> Iterator[Session]:
    with parts.database.writing() as session:
        yield session


# "function": the transaction ends before the answer is sent, so an answer never promises
# what a failing commit then takes back.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]


async def _page(
    limit: Annotated[int, Query(ge=1, le=500, description="Most items of one page.")] = 50,
    cursor: Annotated[str | None, Query(description="'next' of the page before.")] = None,
) -> Page:
    return Page(limit=limit, cursor=cursor)


PageOf = Annotated[Page, Depends(_page)]
