"""The web application: which parts there are and how they fit together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service.api import (
    calibration,
    checkpoints,
    curves,
    datasets,
    devices,
    health,
    jobs,
    libraries,
    problems,
    refinements,
    searches,
    students,
    surveys,
    teachers,
)
from service.api.parts import Parts
from service.api.uploads import BodyLimit
from service.launcher_process import LauncherProcess
from service.settings import Settings
from service.web import pages

DESCRIPTION = """
Post a trained teacher once. From then on, ask for a student under any budget and get it in
milliseconds: an assembled checkpoint, already distilled, ready to fine-tune.

The way there: post images (**datasets**), post the network (**teachers**), build its **library**,
ask for **students**. What takes time is a **job**; wait for it, then go on. Errors are problem
documents (RFC 9457).
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service with these settings, by default those of the environment."""
    settings = settings or Settings()
    app = FastAPIOffline(
        title="Student Search",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        lifespan=_lifespan,
        responses=problems.RESPONSES,
        swagger_ui_parameters={"validatorUrl": None, "defaultModelsExpandDepth": 0},
    )
    app.state.parts = Parts.of(settings)
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes)
    problems.install(app)
    for module in (
        datasets,
        teachers,
        libraries,
        curves,
        calibration,
        surveys,
        searches,
        students,
        refinements,
        checkpoints,
        devices,
        jobs,
        health,
        problems,
    ):
        app.include_router(module.router)
    pages.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tables are brought up to date before the first request; workers live as long as this."""
    parts: Parts = app.state.parts
    parts.database.migrate()
    with LauncherProcess(parts.settings) as app.state.launcher:
        yield
    parts.database.close()
