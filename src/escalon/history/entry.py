"""An entry: one event with who said it, where, and the moment it was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from escalon.facts import Day
from escalon.history.events import Event


@dataclass(frozen=True, slots=True)
class Author:
    """Who records: person, the role they act in, the site, and the way in (cli, web, import:FILE:LINE)."""

    person: str
    role: str
    site: str
    origin: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in a history. `at` is the moment of recording; a data folder has none and says so by None."""

    number: int
    at: datetime | None
    author: Author
    event: Event

    @property
    def participant(self) -> str | None:
        """The participant's code."""
        return self.event.participant

    @property
    def kind(self) -> str:
        """The kind of event."""
        return self.event.kind

    @property
    def place(self) -> str:
        """Where it is written: `facts.csv:12`, or `casebook:12`."""
        return self.author.origin if self.at is None else f"casebook:{self.number}"


SYSTEM = "escalon"
"""The person named in entries that the software itself makes."""

FROM_FILE = "file"
"""The person named in entries that were read from a data folder: nobody signed them."""


def entry_of_file(number: int, event: Event, place: str) -> Entry:
    """An entry of a data folder: an unsigned line of a file."""
    return Entry(number, None, Author(FROM_FILE, "", "", place), event)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something written that could not be read: its table, whose it is (empty if unknown), its day, and why."""

    table: str
    participant: str
    day: Day | None
    why: str
    about: str = ""
    """The name it was about, such as `malignancy`."""

    @property
    def subject(self) -> tuple[str, str, Day | None, str]:
        """What it is about, wherever and however it was written."""
        return (self.table, self.participant, self.day, self.about)
