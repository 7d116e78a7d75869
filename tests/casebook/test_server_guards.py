"""On PostgreSQL the application's account can add what the rules allow and nothing else; verification compares the guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA, Trial
from tests.postgres import Cluster

from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.identifiers import IdentifierStore, Identity
from escalon.casebook.location import create_casebook, open_identifiers, open_seal
from escalon.conduct.record.identities import keep_identity, open_identity

pytestmark = pytest.mark.postgres


class Server:
    """A casebook on the server, with the two accounts' own ways in."""

    def __init__(self, folder: Path, app: str, owner: str, clock: SetClock) -> None:
        self.app, self.owner = app, owner
        made = create_casebook(folder, study="trial", study_version="1", clock=clock, database=app, owner=owner)
        self.casebook: Casebook = made
        self.trial = Trial(made)
        self.trial.enter("P-1")

    def as_application(self, statement: str) -> None:
        as_account(self.app, statement)

    def as_owner(self, statement: str) -> None:
        as_account(self.owner, statement)


def as_account(address: str, statement: str) -> None:
    with closing(psycopg.connect(address)) as connection:
        connection.execute(statement)  # type: ignore[call-overload]
        connection.commit()


@pytest.fixture
def server(postgres: Cluster, tmp_path: Path, clock: SetClock) -> Iterator[Server]:
    app, owner = postgres.casebook_database()
    made = Server(tmp_path / "book", app, owner, clock)
    yield made
    made.casebook.close()


SIXTY_FOUR = "repeat('0', 64)"


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO checkpoints VALUES (1000000000, {SIXTY_FOUR}, '', '', '')",
        f"INSERT INTO checkpoints VALUES (5, {SIXTY_FOUR}, '', '', '')",
        "INSERT INTO entries (number, previous, hash, body) SELECT number + 1, hash, repeat('1', 64), '{}' FROM head",
        "UPDATE head SET number = 1000000000",
        "UPDATE head SET number = number + 1, signature = 'x'",
        "DELETE FROM checkpoints",
        "DELETE FROM identifiers.identifiers",
        "UPDATE identifiers.identifiers SET sealed = ''",
        "TRUNCATE entries",
        "UPDATE entries SET hash = ''",
    ],
)
def test_the_applications_account_cannot_stop_or_change_the_record(server: Server, statement: str) -> None:
    with pytest.raises(psycopg.Error):
        server.as_application(statement)
    for number in range(120):
        server.trial.record(CARLA, alt(str(number), "P-1"))
    assert verify(server.casebook).is_whole


def test_a_name_put_into_the_store_by_hand_is_not_believed(server: Server) -> None:
    folder = Path(server.casebook.place)
    store = IdentifierStore(open_identifiers(folder), open_seal(folder), str(folder))
    keep_identity(server.trial.conduct, store, CARLA, "P-1", Identity("The Right One"))
    server.as_application(
        "INSERT INTO identifiers.identifiers SELECT participant, repeat('1', 64), sealed FROM identifiers.identifiers"
    )
    assert open_identity(server.trial.conduct, store, CARLA, "P-1").name == "The Right One"
    store.engine.dispose()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("ALTER TABLE entries ENABLE REPLICA TRIGGER entries_fixed", "trigger entries_fixed does not fire"),
        ("ALTER TABLE entries DISABLE TRIGGER entries_follow", "trigger entries_follow does not fire"),
        ("DROP TRIGGER head_fixed ON head", "trigger head_fixed is missing"),
        (
            "CREATE OR REPLACE FUNCTION casebook_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "was changed",
        ),
        ("CREATE RULE quiet AS ON INSERT TO checkpoints DO INSTEAD NOTHING", "rule quiet was added"),
        (
            "DROP INDEX entries_by_place; CREATE INDEX entries_by_place ON entries (place)",
            "index entries_by_place was changed",
        ),
        (
            "CREATE TRIGGER more BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION casebook_refuses()",
            "trigger more was added",
        ),
        (
            "ALTER TABLE entries DROP COLUMN kind CASCADE; ALTER TABLE entries ADD COLUMN kind text GENERATED ALWAYS AS "
            "(CASE body ->> 'event' WHEN 'EligibilitySigned' THEN 'FactRecorded' ELSE body ->> 'event' END) STORED; "
            "CREATE INDEX entries_by_kind ON entries (kind, number) WHERE kind <> 'FactRecorded'; "
            "CREATE INDEX entries_other_than_facts ON entries (number) WHERE kind <> 'FactRecorded'",
            "what the database derives from it is not what it says",
        ),
    ],
)
def test_a_guard_of_the_server_is_there_unchanged_and_fires(server: Server, statement: str, says: str) -> None:
    assert verify(server.casebook).is_whole
    server.as_owner(statement)
    assert says in str(verify(server.casebook).problem)
