"""Entries as the database keeps them: what is asked for, and each row read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, text

from escalon.casebook.database import RESTORE
from escalon.casebook.entry import Entry, read_entry
from escalon.casebook.errors import CasebookError, StorageDamaged
from escalon.casebook.tables import entries, head
from escalon.history.events import AmendmentAdopted, CasebookOpened

ROW = select(entries.c.number, entries.c.previous, entries.c.hash, entries.c.body)
# Facts are most of a casebook; the index of kinds leaves them out, and is used where a query says so in these words.
OTHER_THAN_FACTS = text("kind <> 'FactRecorded'")


def _newest(*kinds: str, many: int = 1) -> Select[Any]:
    asked = ROW.where(OTHER_THAN_FACTS).where(entries.c.kind.in_(kinds))
    return asked.order_by(entries.c.number.desc()).limit(many)


STUDY = _newest("CasebookOpened", "AmendmentAdopted", many=2)
KEY = _newest("CasebookOpened", "CheckpointKeyChanged")
NAME = _newest("CasebookOpened", "CasebookRestored")
LAST = select(head.c.number)
_ONE = ROW.where(entries.c.number == bindparam("wanted"))


def study_in_force(connection: Connection) -> str:
    """The study and version of the entries to come."""
    found = [entry.event for entry in read_rows(connection, STUDY)]
    match found:
        case [CasebookOpened(study=study, study_version=version), *_]:
            return f"{study} {version}"
        case [AmendmentAdopted(study_version=version), *_]:
            last = connection.execute(ROW.order_by(entries.c.number.desc()).limit(1)).one()
            return f"{_readable(*last).study.split(' ')[0]} {version}"
    return ""


def one_entry(connection: Connection, number: int) -> Entry:
    """The entry of this number, or an error that says how many there are."""
    row = connection.execute(_ONE, {"wanted": number}).one_or_none() if 0 < number < 2**31 else None
    if row is None:
        last = connection.execute(select(head.c.number)).scalar_one()
        raise CasebookError(f"there is no entry {number}; the casebook ends at {last}")
    return _readable(*row)


def read_rows(connection: Connection, query: object) -> Iterator[Entry]:
    """The entries that a query gives. Raises StorageDamaged."""
    for row in connection.execute(query):  # type: ignore[call-overload]
        yield _readable(*row)


def _readable(number: int, previous: str, hashed: str, body: str) -> Entry:
    try:
        return read_entry(number, previous, hashed, body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as wrong:
        said = f"entry {number} cannot be read: the database file is damaged. escalon verify says where. {RESTORE}"
        raise StorageDamaged(said) from wrong


BATCH = 2_000
"""Entries that are read, or put into a new casebook, at once."""


def put_entries(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Put entries as they were stored elsewhere into a new casebook, in order."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        connection.execute(insert(entries), batch)
