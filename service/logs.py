"""Logs: one line an event on standard error, for people or for programs, and without secrets.

Whoever logs uses the standard library; what is said here is what becomes of it. Every line carries
its process, within a request the request's id, and within a unit of work its job and its unit.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from service.request_id import request_id
from service.settings import Settings

SECRET_NAMES = re.compile(r"token|secret|passw|authorization|api_?key|cookie", re.IGNORECASE)
HIDDEN = "[hidden]"
STRUCTLOGS_OWN = ("_record", "_from_structlog")
_SECRETS = (
    (re.compile(r"\b(Bearer|Basic)\s+[^\s'\",]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(token_\w+)\.[\w-]+"), rf"\1.{HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*:)[^@\s]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"((?:token|secret|passw(?:or)?d|authorization|api_?key)\w*[\"']?\s*[:=]\s*[\"']?)"
            r"[^\s\"',;&)}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)


def configure(process: str, settings: Settings) -> None:
    """Let everything that this process logs leave in the form that the settings name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(process, settings))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start
    logging.captureWarnings(True)


def about_unit(job_id: str, unit_id: str) -> AbstractContextManager[None]:
    """Every line within the block carries these."""
    return structlog.contextvars.bound_contextvars(job_id=job_id, unit_id=unit_id)


def without_secrets(text: str) -> str:
    """The same text with everything hidden that looks like a credential."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _formatter(process: str, settings: Settings) -> logging.Formatter:
    def name(_logger: object, _method: str, event: EventDict) -> EventDict:
        return {**event, "process": process, "pid": os.getpid()}

    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request_id,
        _without_marks,
        name,
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain, processors=[remove, _renderer(settings)]
    )


def _renderer(settings: Settings) -> Processor:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _with_request_id(_logger: object, _method: str, event: EventDict) -> EventDict:
    current = request_id.get()
    return event if current is None else {**event, "request_id": current}


def _without_marks(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Other libraries, like Ray, mark every record of the process with names like `_this`."""
    marks = {key for key in event if key.startswith("_") and key not in STRUCTLOGS_OWN}
    return {key: value for key, value in event.items() if key not in marks}


def _without_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:
    if key in STRUCTLOGS_OWN:
        return value
    if SECRET_NAMES.search(key):
        return HIDDEN
    if isinstance(value, MutableMapping):
        return {name: _hidden(str(name), each) for name, each in value.items()}
    return without_secrets(value) if isinstance(value, str) else value
