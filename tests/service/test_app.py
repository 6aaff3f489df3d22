import subprocess
import sys
from pathlib import Path

START = """
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from service.app import create_app
from service.settings import Settings

with TestClient(create_app(Settings(data_dir=Path(sys.argv[1]), workers=0))) as http:
    assert http.get("/readyz").status_code == 200
    assert http.get("/openapi.json").status_code == 200
print({"torch", "torchvision", "optuna", "numpy"} & sys.modules.keys())
"""


def test_a_server_that_has_started_has_loaded_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0), done.stderr
