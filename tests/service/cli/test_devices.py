"""Devices on the command line, against a running service."""

import json
from pathlib import Path

from tests.service.api.test_devices import table
from tests.service.cli.typed import command
from tests.service.living import Live


def test_a_kit_is_fetched_and_a_table_pushed(live: Live, tmp_path: Path) -> None:
    library = live.world.ready_library()
    done = command(live, "device", "kit", library, str(tmp_path / "kit"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "kit" / "kit.json").read_text())["library"] == library
    assert (tmp_path / "kit" / "measure_latency.py").is_file()
    measured = tmp_path / "table.json"
    measured.write_text(json.dumps(table(live.world, library)))
    done = command(live, "device", "push", str(measured))
    assert done.returncode == 0, done.stderr
    assert live.client.device(done.stdout.strip()).name == "my-phone"


def test_a_file_that_is_no_table_is_wrong_usage(live: Live, tmp_path: Path) -> None:
    (tmp_path / "table.json").write_text('{"name": "x"}')
    done = command(live, "device", "push", str(tmp_path / "table.json"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
