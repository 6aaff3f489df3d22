"""The routes that explain the types of problems."""

from fastapi import APIRouter, HTTPException

from service.api.routes import Route
from service.errors import KINDS, PLAIN_KINDS, Kind

router = APIRouter(tags=["service"], route_class=Route)


@router.get("/problems/{slug}", summary="What a type of problem means")
def explain(slug: str) -> Kind:
    """The status and title of every problem of this type, and which members it adds."""
    for kind in (*KINDS.values(), *PLAIN_KINDS):
        if kind.slug == slug:
            return kind
    raise HTTPException(404)
