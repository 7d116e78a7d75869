"""A casebook as a source: its entries are its history, read against the study's dictionary as any other source is."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from escalon.facts import Day
from escalon.history import Entry, Unread, fold
from escalon.protocol.study import Study
from escalon.sources.frame import another_text, frame_of
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
    other = another_text(study, trial)
    told = (*((Problem(FILE, 0, "", "", other, refused=False),) if other else ()), *problems, *left)
    return Intake(path, frame, kept, every, told, counts, MappingProxyType({FILE: mark}))


def recorded_by(study: Study, intake: Intake, day: Day) -> Intake:
    """A casebook as it stood at the end of a day of the study's time: nothing that was entered, corrected or annulled later.

    Raises ValueError for a source that does not say when anything was recorded.
    """
    if any(one.at is None for one in intake.entries):
        raise ValueError(f"{intake.folder} does not say when anything was recorded. Only a casebook does")
    zone = frame_of(study).zone
    then = [one for one in intake.entries if one.at and one.at.astimezone(zone).date() <= day.latest]
    mark = f"{intake.hashes[FILE]}, as recorded by {day}"
    return replace(of_entries(study, intake.folder, then, mark), recorded=day)


def _line(why: str) -> int:
    return int(why.partition(": ")[0].rpartition(":")[2])
