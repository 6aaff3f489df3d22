"""The whole way with a bucket: no two steps need be done on the same machine."""

import hashlib
from pathlib import Path

import pytest

from candidates.checkpoint import Checkpoint
from search.budget import Budget
from search.settings import SearchSettings
from service.artifacts import Artifacts
from service.repositories import measurements
from service.repositories.students import Wish
from service.shelves import Shelves
from service.student_files import StudentFiles
from service.student_maker import StudentMaker
from tests.service import tiny
from tests.service.conftest import in_bucket
from tests.service.shop import Shop


def test_every_file_of_a_job_is_in_the_bucket(
    bucket_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keeping = in_bucket(bucket_url, tmp_path)
    shop = Shop(tmp_path, store=keeping.settings.store)
    teacher, dataset = shop.prepare()
    library = shop.post_library(teacher, dataset, tiny.LIBRARY)
    shop.artifacts = Artifacts.of(
        shop.settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("another")})
    )
    shop.work()
    assert shop.library(library).state == "ready"
    maker = StudentMaker(shop.database, StudentFiles(shop.artifacts), Shelves())
    wish = Wish(
        library_id=library,
        budget=Budget(parameters="90%"),
        strategy="exact",
        settings=SearchSettings(),
    )
    student = maker.make(wish).student
    with shop.database.writing() as session:
        measurements.post(session, student.id)
    shop.work()
    content = keeping.artifacts.read(student.file.sha256)
    assert hashlib.sha256(content).hexdigest() == student.file.sha256
    assert Checkpoint.from_bytes(content).tensors
    shop.database.close()
