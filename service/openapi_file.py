"""The description of the API as a file of the repository, so that every change of it is seen."""

import json
import tempfile
from pathlib import Path

from service.app import create_app
from service.settings import Settings

FILE = Path(__file__).parents[1] / "docs" / "openapi.json"


def openapi_text() -> str:
    """What the file has to hold."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder)))
        return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Renew the file."""
    FILE.write_text(openapi_text(), "utf-8")


if __name__ == "__main__":
    main()
