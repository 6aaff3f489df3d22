import base64
import hashlib
import re

from fastapi.testclient import TestClient

from tests.service import opened
from tests.service.api.world import World


def test_every_answer_tells_browsers_what_not_to_do(world: World) -> None:
    mine = {"headers": opened.headers(world.parts.database)}
    for path in ("/v1/teachers", "/v1/nothing", "/livez", "/docs", "/static-offline-docs/x"):
        for options in ({}, mine):
            headers = world.http.get(path, **options).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "server" not in headers


def test_the_pages_may_run_their_own_scripts_and_no_others(world: World) -> None:
    page = world.http.get("/docs")
    policy = page.headers["content-security-policy"]
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert "unsafe-eval" not in policy


def test_over_tls_browsers_are_told_to_stay_there(world: World) -> None:
    plain = world.http.get("/livez").headers
    safe = TestClient(world.http.app, base_url="https://testserver").get("/livez").headers
    assert "strict-transport-security" not in plain
    assert safe["strict-transport-security"].startswith("max-age=")


def test_the_description_names_the_token(world: World) -> None:
    described = world.http.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, calls in described["paths"].items():
        for call in calls.values():
            needed = path.startswith("/v1/") or path == "/metrics"
            assert call.get("security", []) == ([{"token": []}] if needed else []), path
