"""Taking in a data folder: every row is used or refused with its reason, and the two are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from escalon.casebook.folder import Folder, Table, read_folder
from escalon.casebook.records import Infusion, Records, Unread, gathered
from escalon.casebook.wide_tables import MAPPING, Widened, widened
from escalon.conduct.data_tables import TABLES
from escalon.conduct.recorded_rows import MAKERS, RowError, read_cells
from escalon.facts import Day
from escalon.kinetics.samples_table import Infused, profiles_of
from escalon.protocol.study import Study

SYNTHETIC = "SYNTHETIC.txt"
"""The file that says of a folder that its people are invented."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a data folder: where, what, and what to write instead. `refused` says the row was left out."""

    file: str
    line: int
    column: str
    value: str
    message: str
    refused: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} {self.column}: {self.message}" if self.column else f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Count:
    """The rows of one table: read, used, refused. Read is always used + refused."""

    table: str
    file: str
    read: int
    used: int
    refused: int


@dataclass(frozen=True, slots=True)
class Intake:
    """A data folder taken in: the records, the problems, and the account of its rows."""

    folder: Path
    records: Records
    problems: tuple[Problem, ...]
    counts: tuple[Count, ...]
    hashes: Mapping[str, str]

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems that kept a row out."""
        return tuple(problem for problem in self.problems if problem.refused)

    def account(self) -> str:
        """The account in one line: rows read = used + refused."""
        read_, used, refused = (
            sum(getattr(count, part) for count in self.counts) for part in ("read", "used", "refused")
        )
        return f"{read_} rows read = {used} used + {refused} refused"


def take_in(study: Study, path: Path) -> Intake:
    """Read a data folder, or a casebook as one, against a study's dictionary. Raises FolderError if it is neither."""
    wide = widened(path) if path.is_dir() else ()
    folder = _casebook(path) or read_folder(path, also={one.into for one in wide})
    mapped = {one.table.file for one in wide}
    problems: list[Problem] = [_stranger(name) for name in folder.others if _is_surprising(name) and name not in mapped]
    problems += [_unread(one, column) for one in wide for column in one.unread]
    counts: list[Count] = []
    rows: dict[str, list[Any]] = {name: [] for name in TABLES}
    unread: list[Unread] = []
    tables = (*folder.tables.values(), *(one.table for one in wide))
    codes = _Codes()
    for table in tables:
        problems += _columns(table)
        used, refused = _taken(study, table, codes)
        rows[table.name] += used
        problems += refused
        unread += _unread_rows(table, refused)
        counts.append(Count(table.name, table.file, len(table.rows), len(used), len(table.rows) - len(used)))
    silent = _silent(rows, {table.name for table in tables})
    records = _records(folder, rows, [*unread, *silent])
    problems += _across(records)
    problems += [Problem("adverse_events.csv", 0, "", "", one.why.partition(": ")[2], refused=False) for one in silent]
    hashes = {table.file: table.sha256 for table in (*folder.tables.values(), *(one.table for one in wide))}
    return Intake(path, records, tuple(problems), tuple(counts), MappingProxyType(hashes))


def _casebook(path: Path) -> Folder | None:
    """The tables of the casebook in a folder, as it stands now; None where there is none. Each row names its entry."""
    if not (path / "casebook.toml").is_file():
        return None
    from escalon.casebook.as_folder import as_folder
    from escalon.casebook.location import open_casebook

    casebook = open_casebook(path, read_only=True)
    try:
        return as_folder(casebook.entries(), path)
    finally:
        casebook.close()


def _records(folder: Folder, rows: Mapping[str, list[Any]], unread: list[Unread]) -> Records:
    facts, treatments, infusions = (tuple(rows[name]) for name in ("facts", "treatments", "doses"))
    return Records(
        facts=facts,
        treatments=treatments,
        adverse_events=tuple(rows["adverse_events"]),
        infusions=infusions,
        samples=tuple(rows["samples"]),
        synthetic=(folder.path / SYNTHETIC).exists(),
        by_participant=gathered(facts, treatments, infusions),
        unread=tuple(unread),
    )


class _Codes:
    """The participant codes met so far. P01 and p01 may be one person or two: whoever comes second is refused."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    def check(self, code: str) -> None:
        first = self._written.setdefault(code.lower(), code)
        if first != code:
            raise RowError(
                "participant", code, f"{code} and {first} differ only in capitals. Write one code for one participant"
            )


def _unread_rows(table: Table, refused: list[Problem]) -> list[Unread]:
    """The refused rows that could say something: a row that is there twice says nothing new."""
    lines = {row.line: row for row in table.rows}
    found: dict[tuple[int, str], Unread] = {}
    for problem in refused:
        row = lines.get(problem.line)
        if row is not None and problem.value != _TWICE:
            day = _day_or_none(row.cells.get(_DAY_OF[table.name], ""))
            who = row.cells.get("participant", "")
            known = found.get((row.line, who))
            why = f"{known.why}; {problem.message}" if known else str(problem)
            found[row.line, who] = Unread(
                table.name, who, day, why, row.cells.get("fact") or row.cells.get("analyte", "")
            )
    return list(found.values())


def _day_or_none(text: str) -> Day | None:
    try:
        return Day.parse(text) if text else None
    except ValueError:
        return None


_DAY_OF = {"facts": "date", "treatments": "start", "adverse_events": "start", "doses": "date", "samples": "date"}
_TWICE = "the same row again"


def _silent(rows: Mapping[str, list[Any]], tables: set[str]) -> list[Unread]:
    """People were infused and there is no table of adverse events: that is silence, not «no event»."""
    if not rows["doses"] or "adverse_events" in tables:
        return []
    why = "adverse_events.csv: there is no such table. If there was no event, write the table with its header only"
    return [Unread("adverse_events", "", None, why)]


def _is_surprising(name: str) -> bool:
    return name.lower().endswith((".csv", ".parquet", ".xlsx"))


def _unread(wide: Widened, column: str) -> Problem:
    message = f"this column is not mapped. Map it, or write it in `ignore` of {MAPPING}"
    return Problem(wide.table.file, 1, column, "", message, refused=False)


def _stranger(name: str) -> Problem:
    stem = name.rsplit(".", 1)[0].lower()
    close = get_close_matches(stem, TABLES, 1, 0.6)
    hint = f" Did you mean {close[0]}.csv?" if close else f" Tables are: {', '.join(TABLES)}"
    return Problem(name, 0, "", "", f"this file is not read.{hint}", refused=False)


def _columns(table: Table) -> list[Problem]:
    known = {column.name for column in TABLES[table.name]}
    found = []
    for name in table.columns:
        if name not in known:
            close = get_close_matches(name, known, 1, 0.6)
            hint = f" Did you mean {close[0]}?" if close else f" Columns are: {', '.join(sorted(known))}"
            found.append(Problem(table.file, 1, name, "", f"this column is not read.{hint}", refused=False))
    return found


def _taken(study: Study, table: Table, codes: _Codes) -> tuple[list[Any], list[Problem]]:
    """The rows of a table that can be used, and why each of the others cannot; every problem of a row is named."""
    missing = [column for column in TABLES[table.name] if column.required and column.name not in table.columns]
    if missing:
        text = ", ".join(column.name for column in missing)
        message = f"the column {text} is missing, so no row can be used. Columns: {', '.join(table.columns)}"
        first = Problem(table.file, 1, missing[0].name, "", message, refused=not table.rows)
        return [], [
            first,
            *(Problem(table.file, row.line, missing[0].name, "", "no such column") for row in table.rows),
        ]
    used: list[Any] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, ...], int] = {}
    for row in table.rows:
        cells, errors = read_cells(TABLES[table.name], row)
        if not errors:
            try:
                codes.check(cells["participant"])
                record = MAKERS[table.name](study, cells, f"{table.file}:{row.line}")
            except RowError as error:
                errors.append(error)
        key = tuple(row.cells.values())
        if key in seen and not errors:
            errors.append(RowError("", _TWICE, f"the same row as line {seen[key]}. Take one of them out"))
        seen.setdefault(key, row.line)
        if errors:
            problems += [Problem(table.file, row.line, error.column, error.value, str(error)) for error in errors]
        else:
            used.append(record)
    return used, problems


def _across(records: Records) -> list[Problem]:
    """What only shows between rows: two infusions of one person, events of people nobody has facts about."""
    problems = []
    seen: dict[str, Infusion] = {}
    for infusion in records.infusions:
        other = seen.setdefault(infusion.participant, infusion)
        if other is not infusion:
            message = (
                f"{infusion.participant} is infused twice ({other.source.split(' ')[0]} too); the study infuses once"
            )
            problems.append(_placed(infusion.source, "participant", infusion.participant, message))
    infused = {one.participant: Infused(one.day) for one in records.infusions}
    for one in profiles_of((s for s in records.samples if s.participant in infused), infused).problems:
        problems.append(_placed(one.source, "analyte", one.analyte, one.why))
    known = {fact.participant for fact in records.facts}
    for group in (records.treatments, records.adverse_events, records.infusions, records.samples):
        for record in group:
            if record.participant not in known:
                message = f"{record.participant} has no row among the facts. Check the code"
                problems.append(_placed(record.source, "participant", record.participant, message))
                known.add(record.participant)
    return problems


def _placed(source: str, column: str, value: str, message: str) -> Problem:
    file, _, line = source.split(" ")[0].rpartition(":")
    return Problem(file, int(line), column, value, message, refused=False)
