"""The doors that import-linter cannot prove shut: what a process really loads."""

import subprocess
import sys

START_WITHOUT = """
import sys
for name in {blocked}:
    sys.modules[name] = None  # an import of it fails from here on
import {module}
"""


def start_without(blocked: list[str], module: str) -> subprocess.CompletedProcess[str]:
    program = START_WITHOUT.format(blocked=blocked, module=module)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_the_web_process_starts_where_torch_and_optuna_are_missing() -> None:
    done = start_without(["torch", "torchvision", "optuna"], "service.app")
    assert done.returncode == 0, done.stderr


def test_the_worker_starts_where_fastapi_is_missing() -> None:
    done = start_without(["fastapi", "starlette", "uvicorn"], "service.worker")
    assert done.returncode == 0, done.stderr


def test_students_are_assembled_where_torch_and_the_service_are_missing() -> None:
    done = start_without(["torch", "fastapi", "sqlalchemy"], "candidates.assembly")
    assert done.returncode == 0, done.stderr
