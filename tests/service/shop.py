"""A service without web and processes: its memory, its files and its work."""

from pathlib import Path

from candidates.recipe import LibraryRecipe
from service import settlement
from service.artifacts import Artifacts
from service.database import Database
from service.jobs.registry import Workplace
from service.ledger import Ledger
from service.records import DatasetRecord, JobRecord, LibraryRecord, StoredFile, TeacherRecord
from service.repositories import datasets, jobs, libraries, teachers
from service.settings import Settings
from service.worker import work_once
from tests.service import tiny


class Shop:
    """A service without web and processes."""

    def __init__(self, folder: Path, store: str = "") -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder, store=store)
        self.database = Database(self.settings.sqlalchemy_url)
        self.database.migrate()
        self.artifacts = Artifacts.of(self.settings)
        self.ledger = Ledger(self.database, self.settings)

    def work(self) -> None:
        """Do all that there is to do."""
        place = Workplace(self.database, self.artifacts)
        while work_once(self.ledger, place, self.settings, "worker"):
            pass

    def prepare(self) -> tuple[str, str]:
        """A ready teacher and a ready data set."""
        tiny.write_archive(self.folder / "noise.tar")
        tiny.write_weights(self.folder / "net.safetensors")
        dataset = self.post_dataset(self.store(self.folder / "noise.tar"))
        teacher = self.post_teacher(self.store(self.folder / "net.safetensors"))
        self.work()
        return teacher, dataset

    def store(self, path: Path) -> StoredFile:
        return self.artifacts.put(path.read_bytes())

    def post_dataset(self, file: StoredFile) -> str:
        new = datasets.NewDataset(name="noise", digest=file.sha256, source_sha256=file.sha256)
        with self.database.writing() as session:
            return datasets.post(session, new).record.id

    def post_teacher(self, file: StoredFile) -> str:
        new = teachers.NewTeacher(name="net", recipe=tiny.RECIPE, weights=file)
        with self.database.writing() as session:
            return teachers.post(session, new).record.id

    def post_library(self, teacher: str, dataset: str | None, recipe: LibraryRecipe) -> str:
        new = libraries.NewLibrary(teacher_id=teacher, dataset_id=dataset, recipe=recipe)
        with self.database.writing() as session:
            return libraries.post(session, new).record.id

    def cancel(self, job_id: str) -> None:
        with self.database.writing() as session:
            settlement.cancel(session, job_id)

    def retry(self, job_id: str) -> None:
        with self.database.writing() as session:
            settlement.retry(session, job_id)

    def dataset(self, dataset_id: str) -> DatasetRecord:
        with self.database.reading() as session:
            return datasets.get(session, dataset_id)

    def teacher(self, teacher_id: str) -> TeacherRecord:
        with self.database.reading() as session:
            return teachers.get(session, teacher_id)

    def library(self, library_id: str) -> LibraryRecord:
        with self.database.reading() as session:
            return libraries.get(session, library_id)

    def job(self, job_id: str) -> JobRecord:
        with self.database.reading() as session:
            return jobs.get(session, job_id)
