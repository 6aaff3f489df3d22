"""Pages: one document for every address that a person sees, and the files that it loads.

All that is shown comes from the same API that everybody uses; nothing here reads the database, so
whoever may not use the API sees empty pages.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

FILES = Path(__file__).parent / "static"
ASSETS = "/assets"
SECTIONS = (
    "teachers", "libraries", "surveys", "searches", "students", "jobs", "datasets", "devices",
    "tokens",
)  # fmt: skip
"""First parts of the addresses that the document shows by itself, beside /."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline and nothing from elsewhere; `data:` is for pictures that a plot exports."""
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",  # revalidated by ETag, so a new version shows at once
}

router = APIRouter(include_in_schema=False)


@router.get("/")
def _home() -> FileResponse:
    return FileResponse(FILES / "index.html", headers=HEADERS)


for _section in SECTIONS:
    router.add_api_route(f"/{_section}", _home)
    router.add_api_route(f"/{_section}/{{rest:path}}", _home)


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def install(app: FastAPI) -> None:
    """Serve the pages beside the API."""
    app.include_router(router)
    app.mount(ASSETS, _Assets(directory=FILES), name="assets")


def astray(request: Request) -> Response | None:
    """The document, which tells that there is no such page, for a browser that asked for one; None
    for everybody else, and where the API or a file was meant.
    """
    is_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not is_browser or request.url.path.startswith(("/v1/", f"{ASSETS}/")):
        return None
    return FileResponse(FILES / "index.html", 404, {**HEADERS, "vary": "Accept"})


def is_page(path: str) -> bool:
    """Whether a path is of the pages: these hold no data, so they need no token."""
    first = path.strip("/").partition("/")[0]
    return path == "/" or first in SECTIONS or path.startswith(f"{ASSETS}/")
