"""Tidying: forgets what was kept for a while only."""

from dataclasses import dataclass
from datetime import timedelta

from service.database import Database
from service.repositories import replies, uploads
from service.settings import Settings
from service.upload_folder import UploadFolder

TIDY_SECONDS = 60.0


@dataclass(frozen=True)
class Tidying:
    """Replies to requests with a key, and uploads to which nothing was added for long."""

    database: Database
    folder: UploadFolder
    settings: Settings

    def tidy(self) -> None:
        """Files go after what is known of them, so a server that dies in between leaves a file that
        the next round finds.
        """
        with self.database.writing() as session:
            replies.forget(session, timedelta(hours=self.settings.idempotency_hours))
            known = uploads.known(session)
        self.folder.sweep(known, TIDY_SECONDS)
