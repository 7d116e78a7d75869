"""The record as it stands: every event with its corrections in place, and without what was annulled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from escalon.history.entry import Entry
from escalon.history.events import (
    AmendmentAdopted,
    CasebookOpened,
    CellsInfused,
    CohortOpened,
    DecisionProposed,
    DosePrepared,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
    LevelAllocated,
    OverrideGiven,
    ProductReleased,
)

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Current(Generic[E_co]):
    """An event as it stands; `entry` is the one that says so last, `first` the one that said it first."""

    event: E_co
    entry: Entry
    first: Entry

    @property
    def number(self) -> int:
        """The number of the entry that said it first: what other entries rest on."""
        return self.first.number

    @property
    def place(self) -> str:
        """Where it is written."""
        return self.entry.place


class Standing:
    """What the entries say together so far. Entries may come late: what was said of one before it came still holds."""

    def __init__(self) -> None:
        self.by_number: dict[int, Current[Event]] = {}
        self._place_of: dict[int, int] = {}
        self._changed: dict[int, tuple[Event | None, Entry]] = {}
        self._annulled: dict[int, Entry] = {}
        """The first entry of what was annulled: a correction of it stands in its place again."""

    def take(self, entry: Entry) -> int | None:
        """Take one entry; the number of the entry first made that it changes, None where it changes none.

        One that comes after its own correction changes what stood of it until then.
        """
        if isinstance(entry.event, AmendmentAdopted) and entry.event.renumbered:
            self._renumber(entry.event.numbers)
        target = entry.event.supersedes
        if target is None:
            event, said = self._changed.get(entry.number, (entry.event, entry))
            if event is not None:
                self.by_number[entry.number] = Current(event, said, entry)
            return None if event is None or said is entry else entry.number
        # a correction may itself be corrected: each leads to the entry first made
        root = self._place_of.setdefault(entry.number, self._place_of.get(target, target))
        now = _now(entry.event)
        self._changed[root] = (now, entry)
        stood = self.by_number.pop(root, None)
        first = stood.first if stood else self._annulled.get(root, entry)
        if now is not None:
            self.by_number[root] = Current(now, entry, first)
        elif stood is not None:
            self._annulled[root] = first
        return root

    def _renumber(self, numbers: Mapping[int, int]) -> None:
        """Levels that an amendment numbers anew have their new number in whatever was said of them before."""
        self.by_number = {
            number: replace(one, event=renumbered(one.event, numbers)) for number, one in self.by_number.items()
        }
        self._changed = {
            number: (said and renumbered(said, numbers), by) for number, (said, by) in self._changed.items()
        }

    def in_order(self) -> list[Current[Event]]:
        """What stands, in the order it was first said."""
        return [self.by_number[number] for number in sorted(self.by_number)]


def renumbered(event: Event, numbers: Mapping[int, int]) -> Event:
    """What an event says, with its level under the number that an amendment gave it."""
    if isinstance(event, _AT_A_LEVEL):
        return replace(event, level=numbers.get(event.level, event.level))
    if isinstance(event, OverrideGiven):
        said = {str(before): str(now) for before, now in numbers.items()}
        parts = (
            replace(part, says=said.get(part.says, part.says)) if part.name == "level" else part
            for part in event.content
        )
        return replace(event, content=tuple(parts))
    if isinstance(event, CasebookOpened | AmendmentAdopted):
        names = ((numbers.get(int(part.name), int(part.name)), part) for part in event.levels)
        return replace(event, levels=tuple(replace(part, name=str(name)) for name, part in names))
    if isinstance(event, EntryCorrected) and event.now is not None:
        return replace(event, now=renumbered(event.now, numbers))
    return event


_AT_A_LEVEL = (DecisionProposed, CohortOpened, LevelAllocated, ProductReleased, DosePrepared, CellsInfused)


def _now(event: Event) -> Event | None:
    """What an entry says of the one it changes; None where it annuls it."""
    match event:
        case EntryCorrected(now=now):
            return now
        case FactCorrected(participant=code, reason=reason, fact=fact):
            return FactRecorded(participant=code, reason=reason, fact=fact)
    return None


def current_entries(entries: Iterable[Entry]) -> list[Current[Event]]:
    """What the entries say together, in the order it was first said."""
    standing = Standing()
    for entry in entries:
        standing.take(entry)
    return standing.in_order()


def last_said(entry: Entry, later: Iterable[Entry]) -> Entry:
    """The entry that by now says what this one did: itself, or the last correction of it or of what it corrects."""
    numbers, last = {entry.number, entry.event.supersedes}, entry
    for one in later:
        if one.event.supersedes is not None and one.event.supersedes in numbers:
            numbers.add(one.number)
            last = last if _now(one.event) is None else one
    return last
