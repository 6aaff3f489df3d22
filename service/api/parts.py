"""The parts of the running service, and how a request gets hold of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Query, Request

from service.api.guard import CallerOf
from service.artifacts import Artifacts
from service.checkpoint_cache import CheckpointCache
from service.curves import Curves
from service.database import Database, Session
from service.metrics import Metrics
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
    metrics: Metrics

    @classmethod
    def of(cls, settings: Settings) -> "Parts":
        """How the parts fit together."""
        database = Database(settings.sqlalchemy_url)
        artifacts = Artifacts(settings.artifacts_dir)
        shelves = Shelves()
        metrics = Metrics(database)
        cache = CheckpointCache(artifacts)
        maker = StudentMaker(database, artifacts, cache, shelves, metrics)
        return cls(settings, database, artifacts, shelves, maker, Curves(shelves), metrics)


    def owned_by(self, owner_id: str) -> "Parts":
        """The same, with only this owner's part of the database behind it all."""
        database = self.database.of(owner_id)
        return replace(self, database=database, maker=replace(self.maker, database=database))


async def _parts(request: Request, caller: CallerOf) -> Parts:
    """The one way from a route to the database, so that no route sees more than its caller may."""
    parts: Parts = request.app.state.parts
    return parts.owned_by(caller.owner_id)


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
