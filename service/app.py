"""The web application: which parts there are and how they fit together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
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
    metrics,
    problem_types,
    problems,
    refinements,
    refusal_docs,
    searches,
    students,
    surveys,
    teachers,
    tokens,
    tus,
    webhooks,
)
from service.api.failsafe import Failsafe
from service.api.guard import TOKEN, Guard
from service.api.metrics import NoteRequests
from service.api.parts import Parts
from service.api.request_ids import RequestIds
from service.api.shield import Shield
from service.api.tus_protocol import TusProtocol
from service.api.uploads import BodyLimit
from service.courier import Courier
from service.gate import Gate
from service.launcher_process import LauncherProcess
from service.ledger import Ledger
from service.readiness import probes_of
from service.rounds import Rounds
from service.settings import Settings
from service.tidying import TIDY_SECONDS, Tidying
from service.web import pages

COURIER_SECONDS = 0.5
DESCRIPTION = """
Post a trained teacher once. From then on, ask for a student under any budget and get it in
milliseconds: an assembled checkpoint, already distilled, ready to fine-tune.

The way there: post images (**datasets**), post the network (**teachers**), build its **library**,
ask for **students**. What takes time is a **job**; wait for it, then go on. Errors are problem
documents (RFC 9457).
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service with these settings, by default those of the environment."""
    settings = settings or Settings.read()
    app = FastAPIOffline(
        title="Student Search",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        lifespan=_lifespan,
        swagger_ui_parameters={"validatorUrl": None, "defaultModelsExpandDepth": 0},
    )
    app.state.parts = Parts.of(settings)
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(TusProtocol)
    app.add_middleware(Guard, gate=Gate(app.state.parts.database), settings=settings)
    app.add_middleware(Failsafe)
    app.add_middleware(NoteRequests, metrics=app.state.parts.metrics)
    app.add_middleware(Shield)
    app.add_middleware(RequestIds)
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
        tokens,
        tus,
        webhooks,
        metrics,
    ):
        app.include_router(module.router, dependencies=[Depends(TOKEN)])
    for module in (health, problem_types):
        app.include_router(module.router)
    pages.install(app)
    described = app.openapi
    app.openapi = lambda: _with_refusals(described())  # type: ignore[method-assign]
    return app


def _with_refusals(description: dict[str, Any]) -> dict[str, Any]:
    """With the answers to which all calls refer."""
    description["components"]["responses"] = refusal_docs.components()
    return description


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tables are brought up to date before the first request; workers live as long as this.

    This server also notices workers of others that fell silent, and deadlines that passed.
    """
    parts: Parts = app.state.parts
    parts.database.migrate()
    ledger = Ledger(parts.database, parts.settings)
    sweeps = Rounds("sweep", ledger.sweep, parts.settings.sweep_seconds)
    courier = Courier(parts.database, parts.settings.webhook_private_addresses)
    posts = Rounds("webhooks", courier.deliver, COURIER_SECONDS)
    tidying = Tidying(parts.database, parts.uploads, parts.settings)
    rounds = Rounds("tidy", tidying.tidy, TIDY_SECONDS)
    with LauncherProcess(parts.settings) as launcher, sweeps, posts, rounds:
        app.state.probes = probes_of(parts.database, parts.artifacts, launcher)
        yield
    parts.database.close()
