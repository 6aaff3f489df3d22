"""One service for all tests of a module, and clients of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.client.either import Either, Kind, either
from tests.service.client.proxy import Proxy, proxied
from tests.service.living import Live, living


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Live]:
    with living(tmp_path_factory.mktemp("service"), sqlite_template) as live:
        yield live


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Kind:
    given: Kind = request.param
    return given


@pytest.fixture
def client(live: Live, kind: Kind) -> Iterator[Either]:
    with either(kind, live.url) as client:
        yield client


@pytest.fixture
def proxy(live: Live) -> Iterator[Proxy]:
    with proxied(live.url) as proxy:
        yield proxy
