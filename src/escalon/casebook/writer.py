"""One act of recording: entries written one after another, chained, and the head signed at their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

import escalon
from escalon.casebook.by_hand import Head, Write
from escalon.casebook.canonical import Plain
from escalon.casebook.checkpoints import is_due, key_statement, sign_checkpoint, sign_head, signature_statement
from escalon.casebook.clock import Clock
from escalon.casebook.encoding import content, read_time, time_text
from escalon.casebook.entry import Entry, write_entry
from escalon.casebook.errors import CasebookError, ClockJumped
from escalon.casebook.keys import Signer
from escalon.casebook.stored import one_entry, study_in_force
from escalon.history.entry import Author
from escalon.history.events import AmendmentAdopted, CasebookOpened, CheckpointKeyChanged, Event, Signed

TOLERANCE = timedelta(seconds=5)
"""How far two computers' clocks may differ before an entry is refused; within it, an entry takes the last one's time."""

LONGEST_PAUSE = timedelta(days=400)
"""Nobody records for so long, and then records: rather the clock has jumped. Our choice: a yearly visit and a month."""


class WrittenInto(Protocol):
    """What an act needs of the casebook it writes into."""

    clock: Clock
    known_study: tuple[int, str]
    """The last entry that was written here, and the study in force after it."""

    @property
    def public_key(self) -> str:
        """The key that checkpoints are signed with now."""
        ...

    def send(self, writes: Sequence[Write]) -> None:
        """Write within the act that is under way."""
        ...

    def entries(
        self, *, after: int = 0, upto: int | None = None, facts: bool = True, connection: Connection | None = None
    ) -> Iterator[Entry]:
        """Entries in order."""
        ...


class Writer:
    """One act of recording: its entries become part of the casebook together, or not at all."""

    def __init__(
        self,
        casebook: WrittenInto,
        connection: Connection,
        signer: Signer,
        number: int,
        hashed: str,
        at: str,
        signature: str,
        *,
        clock_confirmed: bool = False,
    ) -> None:
        self.casebook = casebook
        self.connection = connection
        self.signer = signer
        self.number, self.hash, self.at, self.signature = number, hashed, at, signature
        self.began_at = number
        self._waiting: list[Write] = []
        known, study = casebook.known_study
        self.study = study if known == number else study_in_force(connection)
        self.now, self.now_text = self._stamp(clock_confirmed)

    @property
    def left(self) -> Head:
        """Where this act leaves the head."""
        return self.number, self.hash, self.at, self.signature

    def append(self, author: Author, event: Event, key: Signer | None = None) -> Entry:
        """Add one event after the last; with `key`, signed by the person whose it is."""
        if isinstance(event, AmendmentAdopted):
            self.study = f"{self.study.split(' ')[0]} {event.study_version}"
        elif isinstance(event, CasebookOpened):
            self.study = f"{event.study} {event.study_version}"
        entry = self._written(author, event)
        if key and isinstance(event, Signed):
            made = key.sign(signature_statement(entry.number, entry.previous, entry.body))
            entry = self._written(author, replace(event, key_signature=made))
        self._waiting.append(("entry", (entry.number, entry.previous, entry.hash, entry.body)))
        self.number, self.hash, self.at = entry.number, entry.hash, self.now_text
        if is_due(entry.number, event):
            kept = sign_checkpoint(self.signer, self.number, self.hash, self.at)
            self._waiting.append(("checkpoint", (kept.number, kept.hash, kept.at, kept.key, kept.signature)))
        return entry

    def _written(self, author: Author, event: Event) -> Entry:
        return write_entry(
            event,
            author,
            self.now,
            at_text=self.now_text,
            number=self.number + 1,
            previous=self.hash,
            study=self.study,
            software=escalon.__version__,
            old=self._superseded(event),
        )

    def change_key(self, author: Author, new: Signer) -> Entry:
        """Go on with another key. The one before signs the change, if it is at hand; verification says if it was not."""
        old = self.casebook.public_key
        agreed = ""
        if self.signer.public_key == old:
            agreed = self.signer.sign(key_statement(self.number + 1, self.hash, old, new.public_key))
        self.signer = new
        return self.append(author, CheckpointKeyChanged(public_key=new.public_key, agreed=agreed))

    def entries(self, *, after: int = 0, facts: bool = True) -> Iterator[Entry]:
        """Entries as they stand inside this act; none are asked of the database when there can be none."""
        self._send()
        if after >= self.number:
            return iter(())
        return self.casebook.entries(after=after, upto=self.number, facts=facts, connection=self.connection)

    def entry(self, number: int) -> Entry:
        """The entry of this number, as it stands inside this act."""
        self._send()
        return one_entry(self.connection, number)

    def last_writes(self) -> list[Write]:
        """What is still to be written when the act ends: entries, and the head, signed."""
        if self.number > self.began_at:
            self.signature = sign_head(self.signer, self.number, self.hash, self.at).signature
            self._waiting.append(("head", self.left))
        return self._waiting

    def _send(self) -> None:
        if self._waiting:
            self.casebook.send(self._waiting)
            self._waiting = []

    def _stamp(self, clock_confirmed: bool) -> tuple[datetime, str]:
        now = self.casebook.clock.now()
        written = time_text(now)
        last = read_time(self.at) if self.at else now
        if clock_confirmed or last <= now <= last + LONGEST_PAUSE:
            return now, written
        if last - TOLERANCE <= now < last:
            return last, self.at
        raise ClockJumped(
            f"this computer's clock reads {written}, but the casebook's last entry is of {self.at}. Set the clock right; "
            "nothing was recorded. If it is right, an administrator or investigator signs that: escalon casebook clock"
        )

    def _superseded(self, event: Event) -> dict[str, Plain] | None:
        if event.supersedes is None:
            return None
        target = self.entry(event.supersedes)
        if target.participant != event.participant:
            raise CasebookError(
                f"entry {target.number} is about participant {target.participant}, not {event.participant}"
            )
        return content(target.event)
