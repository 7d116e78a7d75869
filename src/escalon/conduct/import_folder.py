"""Taking a data folder over into a casebook: dry run first, twice is once, conflicts named and never overwritten."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from escalon.casebook.as_folder import CONSENT
from escalon.casebook.canonical import canonical
from escalon.casebook.casebook import Writer
from escalon.casebook.encoding import content
from escalon.casebook.entry import Author, Entry
from escalon.casebook.folder import Row, Table, read_folder
from escalon.casebook.wide_tables import widened
from escalon.conduct.authority import authorise
from escalon.conduct.intake import SYNTHETIC, Problem, take_in
from escalon.conduct.recording import Conduct
from escalon.history.events import (
    Cell,
    Event,
    FactRecorded,
    FolderImported,
    Observation,
    ParticipantConsented,
    RowReported,
)
from escalon.protocol.study import Study

NAMES_A_ROW = {
    "treatments": ("treatment", "start"),
    "adverse_events": ("term", "start", "id"),
    "doses": ("date",),
    "samples": ("analyte", "date", "day", "collected", "nominal_day", "visit"),
}
"""The cells that say which observation a row is about; the others say what was observed."""


@dataclass(frozen=True)
class Conflict:
    """A row that says something else than the casebook about the same thing; a person must correct one of the two."""

    place: str
    row: str
    entry: int
    casebook: str

    def __str__(self) -> str:
        return f"{self.place}: the folder says «{self.row}», entry {self.entry} says «{self.casebook}»"


@dataclass
class Imported:
    """What an import did, or would do."""

    read: int = 0
    recorded: int = 0
    already_there: int = 0
    consents: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: tuple[Problem, ...] = ()
    refused_rows: int = 0

    def account(self) -> str:
        """The account in one line: every row read is recorded, already there, in conflict, or refused."""
        return (
            f"{self.read} rows read = {self.recorded} recorded + {self.already_there} already there + "
            f"{len(self.conflicts)} in conflict + {self.refused_rows} refused"
        )


def import_folder(conduct: Conduct, author: Author, study: Study, path: Path, site: str, *, dry_run: bool) -> Imported:
    """Take over every row the study's dictionary accepts, in one act: all of it, or nothing."""
    intake = take_in(study, path)
    refused = {(problem.file, problem.line) for problem in intake.refused}
    tables = _tables(path)
    done = Imported(refused=intake.refused)
    with conduct.casebook.writing() as writer:
        people = conduct.caught_up(writer).people
        authorise(people.get(author.person), author, "FolderImported", None)
        known = Known(writer)
        for table, row in ((one, row) for one in tables for row in one.rows):
            done.read += 1
            if (table.file, row.line) in refused:
                done.refused_rows += 1
                continue
            _take(done, known, writer, author, table, row, site, dry_run)
        if done.recorded and not dry_run:
            writer.append(author, _summary(path, tables, done))
            _keep_label(path, Path(conduct.casebook.place))
    return done


def _keep_label(data: Path, book: Path) -> None:
    """Invented people stay labelled: whatever reads the casebook says that they are synthetic."""
    if (data / SYNTHETIC).is_file() and book.is_dir():
        shutil.copyfile(data / SYNTHETIC, book / SYNTHETIC)


def _tables(path: Path) -> list[Table]:
    wide = widened(path)
    found = [*read_folder(path, also={one.into for one in wide}).tables.values(), *(one.table for one in wide)]
    return sorted(found, key=lambda table: table.name != "facts")  # consents come first


def _take(
    done: Imported, known: Known, writer: Writer, author: Author, table: Table, row: Row, site: str, dry_run: bool
) -> None:
    event = event_of(table.name, row)
    if known.has(event):
        done.already_there += 1
        return
    if (other := known.about_the_same(event)) is not None:
        place = f"{table.file}:{row.line}"
        done.conflicts.append(Conflict(place, said(event), other.number, said(other.event)))
        return
    done.recorded += 1
    consent = known.consent_in(event, site)
    done.consents += consent is not None
    known.taken(event)
    if not dry_run:
        as_written = Author(author.person, author.role, author.site, f"import:{table.file}:{row.line}")
        for one in (consent, event):
            if one is not None:
                writer.append(as_written, one)


def event_of(table: str, row: Row) -> Event:
    """A row as an event, cell by cell as it was written."""
    cells = {name: text for name, text in row.cells.items() if text}
    code = cells.pop("participant")
    if table != "facts":
        written = tuple(Cell(column=name, text=text) for name, text in sorted(cells.items()))
        return RowReported(participant=code, table=table, cells=written)
    fact = Observation(
        name=cells["fact"],
        value=cells.get("value"),
        unit=cells.get("unit"),
        day=cells.get("date"),
        until=cells.get("until"),
        lower=cells.get("lower"),
        upper=cells.get("upper"),
        visit=cells.get("visit"),
        source=cells.get("source", ""),
    )
    return FactRecorded(participant=code, fact=fact)


def said(event: Event) -> str:
    """What an event says, in a line."""
    if isinstance(event, FactRecorded):
        fact = event.fact
        return f"{event.participant} {fact} = {fact.value or 'not known'} {fact.unit or ''}".rstrip()
    return f"{event.participant} {event.what}"


def _names(event: Event) -> tuple[str, ...] | None:
    match event:
        case FactRecorded(participant=code, fact=fact):
            return ("facts", code or "", fact.name, fact.day or "", fact.visit or "")
        case RowReported(participant=code, table=table, cells=cells):
            named = {cell.column: cell.text for cell in cells}
            return (table, code or "", *(named.get(column, "") for column in NAMES_A_ROW[table]))
    return None


class Known:
    """What the casebook holds already, by content and by what it is about."""

    def __init__(self, writer: Writer) -> None:
        self.contents: set[str] = set()
        self.by_name: dict[tuple[str, ...], Entry] = {}
        self.with_consent: set[str] = set()
        for entry in writer.entries():
            if isinstance(entry.event, ParticipantConsented):
                self.with_consent.add(entry.participant or "")
            if (name := _names(entry.event)) is not None:
                self.contents.add(_content(entry.event))
                self.by_name.setdefault(name, entry)

    def has(self, event: Event) -> bool:
        """Whether exactly this was recorded before (and perhaps corrected since)."""
        return _content(event) in self.contents

    def about_the_same(self, event: Event) -> Entry | None:
        """An earlier entry about the same observation that says something else."""
        return self.by_name.get(_names(event) or ())

    def taken(self, event: Event) -> None:
        """Remember a row of this import. Two rows of one folder never conflict: the folder's check has passed them."""
        self.contents.add(_content(event))

    def consent_in(self, event: Event, site: str) -> ParticipantConsented | None:
        """The consent that a consent fact with a full date stands for, once for each participant."""
        if not isinstance(event, FactRecorded) or event.fact.name != CONSENT or event.participant in self.with_consent:
            return None
        try:
            day = date.fromisoformat(event.fact.value or "")
        except ValueError:
            return None  # only the month is known, or nothing: a person records the consent
        self.with_consent.add(event.participant or "")
        return ParticipantConsented(participant=event.participant, site=site, form="as imported", signed_on=day)


def _content(event: Event) -> str:
    return f"{event.kind} {canonical(content(event))}"


def _summary(path: Path, tables: list[Table], done: Imported) -> FolderImported:
    hashed = sha256("".join(f"{table.file} {table.sha256}\n" for table in tables).encode()).hexdigest()
    return FolderImported(
        folder=path.name,
        digest=hashed,
        recorded=done.recorded,
        already_there=done.already_there,
        conflicts=len(done.conflicts),
    )
