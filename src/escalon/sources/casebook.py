"""A casebook as a source: its entries are its history, read against the study's dictionary as any other source is."""

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from escalon.history import Entry, Unread, fold
from escalon.protocol.study import Study
from escalon.sources.frame import frame_of
from escalon.sources.intake import Count, Intake
from escalon.sources.taking import Problem

FILE = "casebook"
ROWS = ("observations", "treatments", "adverse_events", "infusions", "samples")
"""What a course keeps of the entries that a data folder would have as rows."""


def take_in_casebook(study: Study, path: Path) -> Intake:
    """The casebook in a folder, as it stands now. Observations the dictionary cannot read are named, and hold."""
    from escalon.casebook.location import open_casebook

    casebook = open_casebook(path, read_only=True)
    try:
        entries = tuple(casebook.entries())
        head = casebook.head.number
    finally:
        casebook.close()
    return of_entries(study, path, entries, f"entry {head}")


def take_in_archive(study: Study, path: Path) -> Intake:
    """The archive of a casebook, once it is known to be whole. Raises ChainBroken."""
    from escalon.casebook.archive import entries_of

    entries = tuple(entries_of(path))
    return of_entries(study, path, entries, f"entry {len(entries)}")


def of_entries(study: Study, path: Path, entries: Iterable[Entry], mark: str) -> Intake:
    """A history of entries as it stands."""
    kept = tuple(entries)
    frame = frame_of(study)
    trial = fold(kept, frame)
    unread: list[Unread] = [row for course in trial.courses.values() for row in course.unread]
    problems = [Problem(FILE, _line(row.why), "", "", row.why.partition(": ")[2]) for row in unread]
    left = [Problem(FILE, 0, "", row.participant, f"an imported row is not read: {row.why}") for row in trial.unread]
    read = sum(len(getattr(course, rows)) for course in trial.courses.values() for rows in ROWS)
    counts = (Count("facts", FILE, read, read - len(unread), len(unread)),)
    every = (*unread, *trial.unread)
    return Intake(path, frame, kept, every, (*problems, *left), counts, MappingProxyType({FILE: mark}))


def _line(why: str) -> int:
    return int(why.partition(": ")[0].rpartition(":")[2])
