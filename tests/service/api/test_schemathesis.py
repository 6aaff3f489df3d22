"""What schemathesis makes of the description of the API, sent to a living service: all its checks.

A longer run: make fuzz EXAMPLES=200.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from sqlalchemy import update

from service.credentials import Credential
from service.database import Database
from service.openapi_file import FILE
from service.tables import TokenRow
from tests.service import opened
from tests.service.api.everything import everything, made
from tests.service.living import living

FEW = 3
EXAMPLES = int(os.environ.get("EXAMPLES", FEW))
CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
IDS: dict[str, str] = {}
"""Of what there is, by their parameters in paths: every other valid path has them."""

TOKEN = Credential(f"token_{28 * '0'}", "secret")

description = schemathesis.openapi.from_path(FILE, config=CONFIG)
uses = cycle((True, False))


@description.hook
def map_case(_context: Any, case: Any) -> Any:
    if case.meta and case.meta.generation.mode.is_positive and next(uses):
        known = {name: IDS[name] for name in case.path_parameters if name in IDS}
        case.path_parameters = {**case.path_parameters, **known}
    return case


@schemathesis.serializer("application/offset+octet-stream")
def as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else bytes(getattr(value, "data", b"") or b"")


@schemathesis.check
def what_suits_the_description_is_no_invalid_request(
    _context: Any, response: Any, case: Any
) -> None:
    """For `positive_data_acceptance` is told in its settings that other refusals are in order.

    Rules about several fields no schema can tell.
    """
    if case.meta and case.meta.generation.mode.is_positive and response.status_code == 422:
        told = response.json()
        is_invalid = told["type"] == "/problems/invalid-request"
        assert not is_invalid or all(each["code"] == "value_error" for each in told["errors"])


@description.auth()
class Auth:
    """As an administrator."""

    def get(self, _case: Any, _context: Any) -> str:
        return f"Bearer {TOKEN}"

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """Of a service that has one of everything."""
    folder = tmp_path_factory.mktemp("service")
    with living(folder, sqlite_template, refusals_per_minute=0, requests_per_minute=0) as live:
        _let_in(live.world.parts.database)
        http = TestClient(live.world.http.app, headers=opened.header(TOKEN))
        IDS.update(everything(replace(live.world, http=http)))
        IDS["token_id"] = made(http.post("/v1/tokens", json={"name": "another"}))["id"]
        yield live.url


@description.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == FEW, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_the_service_keeps_what_its_description_says(case: Any, base_url: str) -> None:
    case.call_and_validate(base_url)


def _let_in(database: Database) -> None:
    """Whoever has the token that is known before there is a service."""
    record, _ = opened.token(database, "alice", "admin")
    known = {"id": TOKEN.token_id, "secret_sha256": TOKEN.digest}
    with database.writing() as session:
        session.execute(update(TokenRow).where(TokenRow.id == record.id).values(known))
