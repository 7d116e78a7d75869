"""Facts, their correction, queries about them, and the locking of visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from escalon.history.events.event import Event, ParticipantEvent


@dataclass(frozen=True, kw_only=True)
class Observation:
    """An observation as it was entered. `value` None: it was asked and is not known. Text keeps every digit."""

    name: str
    value: str | None
    unit: str | None = None
    day: str | None = None
    until: str | None = None
    ongoing: bool = False
    lower: str | None = None
    upper: str | None = None
    visit: str | None = None
    source: str = ""

    def __str__(self) -> str:
        on = f" on {self.day}" if self.day else ""
        at = f" at {self.visit}" if self.visit else ""
        return f"{self.name}{on}{at}"


@dataclass(frozen=True, kw_only=True)
class FactRecorded(ParticipantEvent):
    """Something was observed about the participant, on a day, with a unit and a source."""

    fact: Observation

    @property
    def what(self) -> str:
        """The fact's name, day and visit."""
        return str(self.fact)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a row as it was written."""

    column: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RowReported(ParticipantEvent):
    """A treatment, event, dose or sample kept elsewhere was taken over, cell by cell, as it was written there."""

    table: str
    cells: tuple[Cell, ...]

    @property
    def what(self) -> str:
        """The table and the row's words."""
        return f"{self.table}: {', '.join(f'{cell.column} {cell.text}' for cell in self.cells)}"


@dataclass(frozen=True, kw_only=True)
class FactCorrected(ParticipantEvent):
    """A recorded fact was wrong; the earlier entry stays and this one supersedes it."""

    corrects: int
    fact: Observation
    needs_reason: ClassVar[bool] = True

    @property
    def what(self) -> str:
        """The fact and the entry it corrects."""
        return f"{self.fact} (corrects entry {self.corrects})"

    @property
    def supersedes(self) -> int:
        """The entry corrected."""
        return self.corrects


@dataclass(frozen=True, kw_only=True)
class EntryCorrected(Event):
    """An entry other than a fact was wrong; `now` is its content as it should have been."""

    corrects: int
    now: Event
    needs_reason: ClassVar[bool] = True

    @property
    def what(self) -> str:
        """The entry corrected and what it says now."""
        return f"{self.now.what} (corrects entry {self.corrects})"

    @property
    def supersedes(self) -> int:
        """The entry corrected."""
        return self.corrects


@dataclass(frozen=True, kw_only=True)
class EntryAnnulled(Event):
    """An entry should never have been made (wrong participant, entered twice); it stays readable and counts no more."""

    annuls: int
    needs_reason: ClassVar[bool] = True

    @property
    def what(self) -> str:
        """The entry annulled."""
        return f"entry {self.annuls} annulled"

    @property
    def supersedes(self) -> int:
        """The entry annulled."""
        return self.annuls


@dataclass(frozen=True, kw_only=True)
class QueryRaised(Event):
    """A question about an entry, or about something missing, was put to the site."""

    text: str
    about: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueryAnswered(Event):
    """The site answered a query."""

    query: int
    text: str


@dataclass(frozen=True, kw_only=True)
class QueryClosed(Event):
    """The one who asked, or another monitor, accepted the answer."""

    query: int


@dataclass(frozen=True, kw_only=True)
class VisitLocked(ParticipantEvent):
    """The visit's facts are final; changing one needs the visit unlocked with a reason."""

    visit: str


@dataclass(frozen=True, kw_only=True)
class VisitUnlocked(ParticipantEvent):
    """A locked visit was opened again."""

    visit: str
    needs_reason: ClassVar[bool] = True
