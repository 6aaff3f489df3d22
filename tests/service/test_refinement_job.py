"""A refinement through real processes, killed or cancelled in the middle."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from candidates.refinement_settings import RefinementSettings
from candidates.student import load_student
from search.budget import Budget
from service.bodies.students import StudentBody
from service.client import Client
from tests.service import tiny
from tests.service.serving import serving
from tests.service.shop import Shop
from tests.service.test_survival import kill_running_worker
from tests.service.waiting import wait_until

SETTINGS = RefinementSettings(steps=40, validation_images=16)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    torch.set_num_threads(1)
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@pytest.fixture
def library(shop: Shop) -> str:
    """One that is ready."""
    library_id = shop.post_library(*shop.prepare(), tiny.LIBRARY)
    shop.work()
    return library_id


def request_student(client: Client, library: str) -> StudentBody:
    curve = client.trade_off_curve(library)
    budget = (curve.points[0].cost.parameters + curve.teacher_cost.parameters) // 2
    return client.request_student(library, Budget(parameters=budget))


def is_under_way(shop: Shop) -> bool:
    """Whether a state that more than one part has gone into is kept."""
    return any(shop.artifacts.unfinished.glob("*/whole"))


@pytest.mark.slow
def test_a_refinement_survives_a_kill_and_makes_another_student(
    shop: Shop, library: str, tmp_path: Path
) -> None:
    with serving(tmp_path) as client:
        student = request_student(client, library)
        before = client.download(student.id, tmp_path / "before.safetensors").read_bytes()
        posted = client.refine(student.id, SETTINGS)
        wait_until(lambda: is_under_way(shop))
        wait_until(lambda: kill_running_worker(shop))
        assert client.wait(posted.job).state == "succeeded"
        assert not is_under_way(shop)
        assert client.refine(student.id, SETTINGS).id == posted.id

        found = client.refinement(student.id, posted.id)
        assert found.result is not None
        made = client.student(found.result)
        assert (made.parent, made.origin, made.cost) == (student.id, "refinement", student.cost)
        assert made.measurement is not None
        assert made.measurement.refitted == found.after
        offered = client.student(student.id).better
        assert (offered is not None) == found.is_better

        path = client.download(made.id, tmp_path / "after.safetensors")
        assert load_student(path)(torch.zeros(2, 1, 8, 8)).shape == (2, 2)
        assert path.read_bytes() != before
        again = client.download(student.id, tmp_path / "again.safetensors").read_bytes()
        assert again == before


@pytest.mark.slow
def test_a_cancelled_refinement_goes_on_when_it_is_posted_again(
    shop: Shop, library: str, tmp_path: Path
) -> None:
    with serving(tmp_path) as client:
        student = request_student(client, library)
        settings = SETTINGS.model_copy(update={"passes": 8})
        posted = client.refine(student.id, settings)
        wait_until(lambda: is_under_way(shop))
        shop.cancel(posted.job)
        wait_until(lambda: shop.job(posted.job).finished_at)
        stopped = client.refinement(student.id, posted.id)
        assert (stopped.state, stopped.result) == ("cancelled", None)
        assert is_under_way(shop)
        again = client.refine(student.id, settings)
        assert (again.id, again.state) == (posted.id, "pending")
        client.wait(again.job)
        assert client.refinement(student.id, posted.id).result is not None
