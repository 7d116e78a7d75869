"""The record as it stands: every event with its corrections in place, and without what was annulled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from escalon.casebook.entry import Entry
from escalon.history.events import EntryAnnulled, EntryCorrected, Event, FactCorrected


@dataclass(frozen=True, slots=True)
class Current:
    """An event as it stands; `entry` is the one that says so last, `first` the one that said it first."""

    event: Event
    entry: Entry
    first: Entry


def current_entries(entries: Iterable[Entry]) -> list[Current]:
    """What the entries say together, in the order it was first said."""
    standing: dict[int, Current] = {}
    place: dict[int, int] = {}  # a correction may itself be corrected: each leads to the entry first made
    for entry in entries:
        target = entry.event.supersedes
        if target is None:
            standing[entry.number] = Current(entry.event, entry, entry)
            continue
        root = place.get(target, target)
        place[entry.number] = root
        first = standing[root].first if root in standing else entry
        match entry.event:
            case EntryAnnulled():
                standing.pop(root, None)
            case EntryCorrected(now=now):
                standing[root] = Current(now, entry, first)
            case FactCorrected() as corrected:
                standing[root] = Current(corrected, entry, first)
    return [standing[number] for number in sorted(standing)]
