"""Routes about the service itself."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request, Response

from service.api.routes import Route
from service.bodies.health import Alive, Part, Readiness, Version
from service.readiness import Probe, ask_all

router = APIRouter(tags=["service"], route_class=Route)

PACKAGE = "student-search"


@router.get("/livez", summary="Is the process alive?")
async def livez() -> Alive:
    """Always yes, also when nothing else works."""
    return Alive()


@router.get(
    "/readyz",
    summary="Can the service do its work?",
    responses={503: {"model": Readiness, "description": "One of its parts is not well."}},
)
async def readyz(request: Request, response: Response) -> Readiness:
    """Asks every part at once; one that takes longer than two seconds is not ready."""
    probes: dict[str, Probe] = request.app.state.probes
    problems = await ask_all(probes)
    ready = not any(problems.values())
    response.status_code = 200 if ready else 503
    parts = {name: Part(well=said is None, problem=said) for name, said in problems.items()}
    return Readiness(ready=ready, **parts)


@router.get("/version", summary="Which version runs?")
def show_version() -> Version:
    """The installed package's."""
    try:
        installed = version(PACKAGE)
    except PackageNotFoundError:  # run from a folder of sources
        installed = "not installed"
    return Version(name=PACKAGE, version=installed)
