from pathlib import Path

import pytest

from service.database import Database
from service.repositories import datasets, tokens
from service.repositories.pages import Page
from service.server import TokensNeeded, listen
from service.settings import Settings
from service.token_records import NewToken
from tests.service.builders import new_dataset
from tests.service.cli.typed import on_server
from tests.service.living import living


def test_the_first_token_is_made_on_the_database_and_closes_the_service(
    tmp_path: Path, sqlite_template: Path
) -> None:
    with living(tmp_path, sqlite_template) as live:
        made = on_server(tmp_path, "token", "create", "--owner", "alice", "--scope", "admin")
        assert made.returncode == 0, made.stderr
        assert "From now on every call needs a token." in made.stderr
        credential = made.stdout.strip()
        wait = ("jobs", "wait", "job_x")
        refused = on_server(tmp_path, *wait, STUDENT_SEARCH_URL=live.url)
        assert "This service asks for a token." in refused.stderr
        variables = {"STUDENT_SEARCH_URL": live.url, "STUDENT_SEARCH_TOKEN": credential}
        assert "There is no job 'job_x'." in on_server(tmp_path, *wait, **variables).stderr
        assert on_server(tmp_path, "token", "revoke", credential).returncode == 0
        assert "was revoked" in on_server(tmp_path, *wait, **variables).stderr
    listed = on_server(tmp_path, "token", "list").stdout
    assert "alice  admin" in listed
    assert credential.partition(".")[2] not in listed


def test_the_first_owner_takes_over_what_was_there_before(tmp_path: Path) -> None:
    database = Database(Settings(data_dir=tmp_path).sqlalchemy_url)
    database.migrate()
    with database.writing() as session:
        before = datasets.post(session, new_dataset()).record
    with database.writing() as session:
        alice = tokens.owner_named(session, "alice")
        tokens.add(session, alice, NewToken(name="first", scope="write"))
        bob = tokens.owner_named(session, "bob")
        assert alice == tokens.owner_named(session, "alice")
    with database.of(alice).reading() as session:
        assert datasets.get(session, before.id) == before
    with database.of(bob).reading() as session:
        assert datasets.listing(session, Page()).items == ()
    database.close()


def test_without_a_token_only_the_machine_itself_is_listened_to(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", port=0)
    with pytest.raises(TokensNeeded, match="student-search token create --scope admin"):
        listen(settings)
    assert on_server(tmp_path, "token", "create").returncode == 0
    listener, url = listen(settings)
    listener.close()
    assert url.startswith("http://0.0.0.0:")


def test_an_unknown_token_cannot_be_revoked(tmp_path: Path) -> None:
    done = on_server(tmp_path, "token", "revoke", "token_x")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no token 'token_x'." in done.stderr
