"""The compose file, as far as it can be checked without containers."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
FILE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]


def settings_of(service: dict[str, Any]) -> dict[str, str]:
    """Those of the service's environment, with compose's own defaults put in."""
    given = {name: _filled(value) for name, value in service.get("environment", {}).items()}
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in given.items()
        if name.startswith(PREFIX)
    }


def test_there_are_all_parts_of_a_cluster() -> None:
    assert SERVICES.keys() >= {"web", "database", "store", "ray-head", "ray-worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_its_settings_exist_and_are_allowed(name: str) -> None:
    given = settings_of(SERVICES[name])
    assert given.keys() <= Settings.model_fields.keys()
    Settings.model_validate(given)


def test_the_cluster_asks_for_a_token_and_has_no_default_one() -> None:
    for name in ("ray-head", "ray-worker"):
        environment = SERVICES[name]["environment"]
        assert environment["RAY_AUTH_MODE"] == "token"
        assert environment["RAY_AUTH_TOKEN"].startswith("${RAY_AUTH_TOKEN:?")


def test_web_and_cluster_share_database_and_files() -> None:
    web, cluster = (SERVICES[name]["environment"] for name in ("web", "ray-head"))
    shared = ("STUDENT_SEARCH_DATABASE_URL", "STUDENT_SEARCH_STORE", "AWS_ENDPOINT_URL")
    assert [web[name] for name in shared] == [cluster[name] for name in shared]


def test_everybody_has_the_key_of_the_bucket_that_the_store_offers() -> None:
    store, web = SERVICES["store"], SERVICES["web"]["environment"]
    assert store["environment"]["ROOT_ACCESS_KEY_ID"] == web["AWS_ACCESS_KEY_ID"]
    assert store["environment"]["ROOT_SECRET_ACCESS_KEY"] == web["AWS_SECRET_ACCESS_KEY"]
    bucket = web["STUDENT_SEARCH_STORE"].removeprefix("s3://")
    assert [each.split(":")[1] for each in store["volumes"]] == [f"/data/{bucket}"]


def test_images_are_built_from_stages_that_exist() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    targets = {service["build"]["target"] for service in SERVICES.values() if "build" in service}
    assert targets <= set(stages)


def test_whatever_is_referred_to_is_there() -> None:
    for service in SERVICES.values():
        assert SERVICES.keys() >= set(service.get("depends_on", {}))
        named = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert FILE["volumes"].keys() >= set(named)


def test_commands_name_modules_that_exist() -> None:
    lines = [" ".join(service.get("command", [])) for service in SERVICES.values()]
    modules = re.findall(r"python -m (\S+)", "\n".join(lines))
    assert modules == ["service.launcher"]
    assert all(find_spec(module) for module in modules)


def test_options_of_ray_exist() -> None:
    scripts = pytest.importorskip("ray.scripts.scripts", reason="The extra 'cluster' is missing.")
    known = {option for each in scripts.start.params for option in each.opts}
    lines = [" ".join(SERVICES[name]["command"]) for name in ("ray-head", "ray-worker")]
    used = {option for line in lines for option in re.findall(r"--[a-z-]+", line)}
    assert used <= known


def _filled(value: object) -> str:
    """${NAME:-default} as compose reads it without the variable."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
