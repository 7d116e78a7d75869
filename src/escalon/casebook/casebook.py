"""The casebook: append an event, read entries back as of any moment. Nothing here can change an entry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from escalon.casebook.by_hand import Head, Write, hand_for
from escalon.casebook.checkpoints import Checkpoint, is_due
from escalon.casebook.clock import Clock
from escalon.casebook.database import RESTORE, storage_errors
from escalon.casebook.encoding import time_text
from escalon.casebook.entry import Entry
from escalon.casebook.errors import ChainBroken, StorageDamaged, WrongKey
from escalon.casebook.keys import Signer
from escalon.casebook.seen import HighestSeen
from escalon.casebook.stored import KEY, LAST, NAME, OTHER_THAN_FACTS, ROW, one_entry, read_rows, study_in_force
from escalon.casebook.tables import checkpoints, entries, head
from escalon.casebook.writer import Writer
from escalon.history.entry import Author
from escalon.history.events import CasebookOpened, CasebookRestored, CheckpointKeyChanged, Event

Check = Callable[[Event, "Writer"], Event]
"""What must hold before an event is recorded, asked of the casebook as it stands when it is recorded."""


def _as_it_is(event: Event, writer: Writer) -> Event:
    return event


class Casebook:
    """What did happen. Opened on an engine, with the clock to stamp by and the key to sign with (None: reading only)."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock,
        signer: Signer | None = None,
        place: str = "casebook",
        mark: HighestSeen | None = None,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.signer = signer
        self.place = place
        self.mark = mark
        self.why_read_only = f"{place}: the signing key is not on this computer, so the casebook is for reading only"
        self.known_study: tuple[int, str] = (-1, "")
        self._left: Head | None = None
        self._alone = False  # whether the last act began where ours before it had left the head
        self._one_writer = threading.Lock()
        self._kept: Connection | None = None
        self._driver: Any = None
        self._hand = hand_for(engine)

    # -- writing ---------------------------------------------------------------------------------------------------

    def append(self, author: Author, event: Event, check: Check = _as_it_is) -> Entry:
        """Record one event as `check` hands it back; when this returns, the entry is on the disk.

        `check` refuses by raising. It is asked of the head as we left it, and again of the casebook as it stands where it
        refuses, or somebody else recorded meanwhile.
        """
        if self._alone and event.supersedes is None and (entry := self._follow(author, event, check)):
            return entry
        with self.writing() as writer:
            return writer.append(author, check(event, writer))

    def _follow(self, author: Author, event: Event, check: Check) -> Entry | None:
        """Record one event after the head as we left it; None, and nothing recorded, if it is no longer there."""
        with storage_errors(self.place), self._one_writer:
            kept, left = self._kept, self._left
            if kept is None or left is None or self.signer is None or is_due(left[0] + 1, event):
                return None  # nothing to go by, or a checkpoint is due
            self._kept, is_checked = None, False
            try:
                writer = Writer(self, kept, self.signer, *left)
                event, is_checked = check(event, writer), True
                entry = writer.append(author, event)
                self._alone = self._hand.follow(self._driver, *writer.last_writes())
            except BaseException as refused:
                _throw_away(kept)
                if is_checked or not isinstance(refused, Exception):
                    raise
                return None  # somebody may have recorded since what would allow it
            self._kept = kept
            if self._alone:
                self._remember(writer)
                return entry
        return None

    def _remember(self, writer: Writer) -> None:
        self._left = writer.left
        self.known_study = (writer.number, writer.study)
        if self.mark and writer.number > writer.began_at:
            self.mark.raise_to(writer.number, writer.hash)

    @contextmanager
    def writing(self, *, clock_confirmed: bool = False, new_key: Signer | None = None) -> Iterator[Writer]:
        """Hold the casebook alone: what is read inside is still true when it is written; all is kept, or nothing.

        With `new_key` the act is to go on with another key, and the old one need not be at hand.
        """
        signer = self.signer or new_key
        if signer is None:
            raise WrongKey(self.why_read_only)
        with storage_errors(self.place), self._one_writer, self._writing_connection() as connection:
            found = self._hand.begin(self._driver)
            if found is None:
                raise StorageDamaged(f"{self.place}: the signed head is missing. {RESTORE}")
            alone = found == self._left
            if not alone:
                self._refuse_a_forged_end(found, self.public_key if new_key else signer.public_key)
            writer = Writer(self, connection, signer, *found, clock_confirmed=clock_confirmed)
            yield writer
            self._hand.commit(self._driver, writer.last_writes())
            self._alone = alone
            self.signer = writer.signer
            self._remember(writer)

    def send(self, writes: Sequence[Write]) -> None:
        """Write within the act that is under way, so that what it reads next holds them too."""
        self._hand.write(self._driver, writes)

    @contextmanager
    def _writing_connection(self) -> Iterator[Connection]:
        # One connection is kept for writing: taking a new one from the pool costs as much as the insert itself.
        if self._kept is None:
            self._kept = self.engine.connect().execution_options(by_hand=True, isolation_level="AUTOCOMMIT")
            self._driver = self._hand.take(self._kept)
        kept, self._kept = self._kept, None
        try:
            yield kept
            if kept.in_transaction():
                kept.commit()  # nothing is left to commit; SQLAlchemy forgets that it was reading
        except BaseException:
            _throw_away(kept)
            raise
        self._kept = kept

    def _refuse_a_forged_end(self, found: Head, key: str) -> None:
        # To go on from an end that our key did not sign would put our signature under somebody else's entries.
        number, hashed, at, signature = found
        if number and not Checkpoint(number, hashed, at, key, signature).is_signed_as_head:
            raise ChainBroken(
                f"{self.place}: the end of the record, entry {number}, is not signed with the key at hand: entries were "
                "written past Escalon, or the key was changed meanwhile. Nothing was recorded; escalon verify says where"
            )

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Checkpoint:
        """The last entry's number and hash, signed."""
        with self.reading() as connection:
            row = connection.execute(select(head)).one_or_none()
        if row is None:
            raise StorageDamaged(f"{self.place}: the signed head is missing. {RESTORE}")
        return Checkpoint(row.number, row.hash, row.at, self.public_key, row.signature)

    @property
    def last(self) -> int:
        """The last entry's number, as it stands; what signs it is not looked at."""
        with self.reading() as connection:
            number = connection.execute(LAST).scalar_one_or_none()
        if number is None:
            raise StorageDamaged(f"{self.place}: the signed head is missing. {RESTORE}")
        return int(number)

    @property
    def public_key(self) -> str:
        """The key that checkpoints are signed with now."""
        match self._first(KEY):
            case CasebookOpened(public_key=key) | CheckpointKeyChanged(public_key=key):
                return key
        raise StorageDamaged(f"{self.place}: the casebook has no first entry. {RESTORE}")

    @property
    def name(self) -> str:
        """What this copy of the casebook is called: as it was opened, or as it was last restored."""
        match self._first(NAME):
            case CasebookOpened(casebook=name) | CasebookRestored(copy=name):
                return name
        raise StorageDamaged(f"{self.place}: the casebook has no first entry. {RESTORE}")

    @property
    def study(self) -> str:
        """The study and the version in force, as later entries will carry it."""
        with self.reading() as connection:
            return study_in_force(connection)

    def entries(
        self,
        *,
        participant: str | None = None,
        kinds: Sequence[str] | None = None,
        after: int = 0,
        upto: int | None = None,
        as_of: datetime | None = None,
        facts: bool = True,
        connection: Connection | None = None,
    ) -> Iterator[Entry]:
        """Entries in order: of one participant, of some kinds, after a number, as they stood at a past moment.

        `facts=False` leaves recorded facts out, which are most of a casebook (their corrections stay in).
        """
        query = ROW.where(entries.c.number > after).order_by(entries.c.number)
        if participant is not None:
            query = query.where(entries.c.participant == participant)
        if kinds is not None:
            query = query.where(entries.c.kind.in_(kinds))
        if upto is not None:
            query = query.where(entries.c.number <= upto)
        if not facts or (kinds is not None and "FactRecorded" not in kinds):
            query = query.where(OTHER_THAN_FACTS)
        if as_of is not None:
            query = query.where(entries.c.at <= time_text(as_of))
        if connection is not None:
            yield from read_rows(connection, query)
            return
        with self.reading() as opened:
            yield from read_rows(opened, query)

    def entry(self, number: int) -> Entry:
        """The entry of this number."""
        with self.reading() as connection:
            return one_entry(connection, number)

    def checkpoints(self) -> list[Checkpoint]:
        """Every checkpoint kept, oldest first."""
        with self.reading() as connection:
            rows = connection.execute(select(checkpoints).order_by(checkpoints.c.entry)).all()
        return [Checkpoint(*row) for row in rows]

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read through, with errors said plainly."""
        with storage_errors(self.place), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def reading_once(self) -> Iterator[Connection]:
        """A connection to read through that is thrown away afterwards, with whatever was set on it."""
        with self.reading() as connection:
            try:
                yield connection
            finally:
                connection.invalidate()

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction on what is no entry and may change: secrets and sessions."""
        with storage_errors(self.place), self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        if self.mark:
            self.mark.close()
        self.engine.dispose()

    def _first(self, query: object) -> Event | None:
        with self.reading() as connection:
            found = list(read_rows(connection, query))
        return found[0].event if found else None


def _throw_away(connection: Connection) -> None:
    """An act that failed takes its connection, and with it whatever it had begun, away."""
    connection.invalidate()
    connection.close()
