"""Problems over HTTP: every error, also the framework's own, as one kind of document."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from candidates.complaint import why
from candidates.errors import StudentSearchError
from service.api.known_methods import METHODS
from service.database import DatabaseRefused, DatabaseUnavailable
from service.errors import (
    INTERNAL,
    INVALID_REQUEST,
    KINDS,
    MALFORMED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNAVAILABLE,
    Problem,
    UploadTooLarge,
    problem,
    problem_of,
)
from service.failures import InvalidRange, RequestRunning, StoreFull
from service.refusals import Refusal
from service.request_id import request_id
from service.stores.troubles import is_full
from service.upload_failures import ProtocolVersion
from service.web import pages

log = logging.getLogger(__name__)

WITH_HEADERS = (Refusal, RequestRunning, InvalidRange, ProtocolVersion)
MEDIA_TYPE = "application/problem+json"
_PLAIN = {
    404: (NOT_FOUND, "There is nothing at {path}. The pages at /docs list every path."),
    405: (
        METHOD_NOT_ALLOWED,
        "{path} does not know {method}. The pages at /docs list what it does.",
    ),
}
UNREADABLE = (
    "The body cannot be read as JSON: it is nested too deeply, or has a number of too many digits. "
    "Send a plainer one."
)


def install(app: FastAPI) -> None:
    """Answer every error that leaves a route with a problem document."""
    app.add_exception_handler(StudentSearchError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(DatabaseUnavailable, _unavailable)
    app.add_exception_handler(DatabaseRefused, _unkept)
    app.add_exception_handler(OSError, _full)


def answer_to(request: Request, error: StudentSearchError | DatabaseUnavailable) -> JSONResponse:
    """For middleware, whose errors reach no handler."""
    handler = _unavailable if isinstance(error, DatabaseUnavailable) else _domain
    return handler(request, error)


def unexpected(request: Request) -> JSONResponse:
    """Tells nothing of what happened but where to look it up."""
    detail = (
        "The service failed while it answered; its log says why, under this request_id. "
        "Try again, and report it if it stays."
    )
    return _answer(problem(INTERNAL, detail, request.url.path))


def _domain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StudentSearchError)
    if KINDS[type(error)].status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("A request failed.", exc_info=error)
    headers = dict(error.headers) if isinstance(error, WITH_HEADERS) else None
    return _answer(problem_of(error, request.url.path), headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Pydantic's sentences without its `input`, which may hold what nobody should see again."""
    assert isinstance(error, RequestValidationError)
    errors = [_entry(each, error.body) for each in error.errors()]
    detail = f"{errors[0]['where']}: {errors[0]['message']}."
    if len(errors) > 1:
        detail += f" {len(errors) - 1} more under 'errors'."
    return _answer(problem(INVALID_REQUEST, detail, request.url.path, {"errors": errors}))


def _entry(error: dict[str, Any], body: Any) -> dict[str, str]:
    if error.get("type") == "json_invalid":
        found = error.get("ctx", {}).get("error", "")
        message = f"this is not valid JSON: {found}".removesuffix(".")
        return {"where": "body", "code": "json_invalid", "message": message}
    place, *path = error["loc"]
    entry = {
        "where": ".".join(map(str, error["loc"])),
        "code": error.get("type", "missing"),
        "message": why(error),
    }
    return {**entry, "pointer": _pointer(path, body)} if place == "body" else entry


def _pointer(path: list[str | int], body: Any) -> str:
    """A JSON pointer (RFC 6901) to what is wrong, or to where something is missing.

    Pydantic also names which form of several it tried; such names are in no body. Where the body is
    not known, as that of a form, all are taken for true.
    """
    pointer = "#"
    for place, each in enumerate(path, start=1):
        is_there = _has(body, each)
        is_missing = place == len(path) and isinstance(body, Mapping)
        if is_there or is_missing or body is None:
            pointer += "/" + str(each).replace("~", "~0").replace("/", "~1")
        body = body[each] if is_there else body
    return pointer


def _has(body: Any, key: str | int) -> bool:
    if isinstance(key, int):
        return isinstance(body, Sequence) and key < len(body)
    return isinstance(body, Mapping) and key in body


def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < HTTPStatus.BAD_REQUEST:
        return Response(status_code=error.status_code)
    if isinstance(error.__cause__, UploadTooLarge):  # the framework met it while reading JSON
        return _domain(request, error.__cause__)
    if is_full(error.__cause__):
        return _full(request, error.__cause__)
    unread = isinstance(error.__cause__, RecursionError | ValueError)
    kind, text = _PLAIN.get(error.status_code, (MALFORMED, UNREADABLE if unread else "{detail}"))
    if kind is NOT_FOUND and (page := pages.astray(request)):
        return page
    detail = text.format(path=request.url.path, method=request.method, detail=error.detail)
    headers = dict(error.headers or {})
    known = METHODS.get(getattr(request.scope.get("route"), "path", ""))
    if kind is METHOD_NOT_ALLOWED and known:  # the framework tells of one of its routes only
        headers["Allow"] = ", ".join(sorted(known))
    return _answer(problem(kind, detail, request.url.path), headers)


def _unkept(request: Request, error: Exception) -> JSONResponse:
    log.info("The database refused a value.", exc_info=error)
    detail = (
        "The request has a text or a number that the database cannot hold, such as one with the "
        "character NUL in it, and nothing was changed. Leave it out."
    )
    return _answer(problem(INVALID_REQUEST, detail, request.url.path))


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("The database is out of reach.", exc_info=error)
    detail = (
        "The database is down, too busy or without room, and nothing was changed. Try again in a "
        "while."
    )
    return _answer(problem(UNAVAILABLE, detail, request.url.path), {"retry-after": "5"})


def _full(request: Request, error: BaseException | None) -> JSONResponse:
    """Of the disk on which a body is kept while it arrives; any other error nobody foresaw."""
    assert isinstance(error, OSError)
    if not is_full(error):
        raise error
    return _domain(request, StoreFull("take what was sent"))


def _answer(document: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    content = document.model_copy(update={"request_id": request_id.get()}).model_dump(mode="json")
    return JSONResponse(content, document.status, headers, media_type=MEDIA_TYPE)
