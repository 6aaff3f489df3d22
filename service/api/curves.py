"""Routes of trade-off curves."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from search.budget import CostAxis
from service.api.downloads import REVALIDATED, send_bytes, with_head
from service.api.parts import PartsOf, Reading
from service.api.routes import Route
from service.bodies.curves import Format, TradeOffCurve
from service.curves import CurveWish
from service.failures import DeviceMissing

router = APIRouter(prefix="/v1/libraries", tags=["libraries"], route_class=Route)

PATH = "/{library_id}/trade-off-curve"
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "svg": "image/svg+xml",
    "png": "image/png",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The curve; its ETag is its SHA-256.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **REVALIDATED,
}


@with_head(router, PATH)
@router.get(
    PATH,
    summary="Show the trade-off curve",
    response_model=TradeOffCurve,
    responses=RESPONSES,
)
def show(  # noqa: PLR0913 - one argument for every part of the query
    library_id: str,
    request: Request,
    session: Reading,
    parts: PartsOf,
    axis: CostAxis = "parameters",
    device: Annotated[
        str | None, Query(description="Id or name of the device whose latencies the costs have.")
    ] = None,
    points: Annotated[int, Query(ge=2, le=5000, description="Most points to show.")] = 200,
    format: Annotated[Format | None, Query(description="Else what Accept asks for.")] = None,
) -> Response:
    """Exact: no selection beats one of these on the cost and the summed KL together.

    As JSON, as CSV, or drawn as a picture with the uniform selections and the students measured so
    far beside the curve.
    """
    if axis == "latency_ms" and device is None:
        raise DeviceMissing
    chosen = format or _accepted(request.headers.get("accept", ""))
    sheet = parts.curves.sheet(session, CurveWish(library_id, axis, device, points, chosen))
    return send_bytes(request, sheet.content, MEDIA_TYPES[chosen], {"vary": "Accept"})


def _accepted(accept: str) -> Format:
    """The best liked of ours by name, else JSON, as for whoever takes anything."""
    ranges = [each.partition(";") for each in accept.lower().split(",")]
    liked = sorted(ranges, key=lambda each: -_quality(each[2]))
    formats = {media_type: format for format, media_type in MEDIA_TYPES.items()}
    named = (formats.get(name.strip()) for name, _, rest in liked if _quality(rest) > 0)
    return next((format for format in named if format is not None), "json")


def _quality(parameters: str) -> float:
    """q of a media range (RFC 9110); 1 where none is given that can be read."""
    for each in parameters.split(";"):
        name, _, value = each.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
