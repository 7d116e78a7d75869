"""Taking in a data folder: every row is used or refused with its reason, and the two are counted."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from escalon.facts import Day, read_day
from escalon.history import Entries, Entry, KeptFacts, Unread, entry_of_file
from escalon.history.collecting import without_collecting
from escalon.history.doses import last_of_first
from escalon.history.events import (
    CellsInfused,
    FactRecorded,
    MarkedSynthetic,
    NothingToReport,
    SampleMeasured,
)
from escalon.kinetics.qpcr_table import plates_of
from escalon.kinetics.sample import Sample, read_sample
from escalon.kinetics.samples_table import Infused, TableError, lacking, profiles_of
from escalon.protocol.design import days_of_one_dose
from escalon.protocol.study import Study
from escalon.sources.casebook import take_in_archive, take_in_casebook
from escalon.sources.columns import TABLES, must_stand
from escalon.sources.delimited import MOST_ABOVE, FolderError
from escalon.sources.frame import frame_of
from escalon.sources.headings import plainly_headed
from escalon.sources.intake import Count, Intake, problem_at
from escalon.sources.mapping import MAPPING, Leftover, Widened, leftovers, unmapped, widened
from escalon.sources.observed import Dictionary
from escalon.sources.qpcr_wells import NAME as WELLS
from escalon.sources.qpcr_wells import read_wells, wells_beside, with_levels
from escalon.sources.redcap import own_exports
from escalon.sources.tables import KINDS, WORKBOOK, Folder, Table, kind_of, read_folder
from escalon.sources.taking import TWICE, Codes, Problem, Taking, Told

SYNTHETIC = "SYNTHETIC.txt"
"""The file that says of a folder that its people are invented."""


@without_collecting()
def take_in(study: Study, path: str | Path) -> Intake:
    """Read a data folder, a casebook, or the archive of one, against a study's dictionary. Raises FolderError if it is none."""
    path = Path(path)
    if (path / "casebook.toml").is_file():
        return take_in_casebook(study, path)
    if (path / "entries.jsonl").is_file():
        return take_in_archive(study, path)
    return _take_in_folder(study, path)


def _take_in_folder(study: Study, path: Path) -> Intake:
    wide = (widened(path) or own_exports(study, path)) if path.is_dir() else ()
    folder = read_folder(path, also={one.into for one in wide})
    account = _Account()
    if (path / SYNTHETIC).exists():
        account.told.append(((MarkedSynthetic(), SYNTHETIC),))
    account.files(folder, wide)
    tidy = (plainly_headed(one, {at.name: at for at in TABLES[one.name]}) for one in folder.tables.values())
    tables = (*tidy, *(one.table for one in wide))
    if path.is_dir():
        tables, of_wells, counted = _with_wells(path, tables)
        account.problems += of_wells
        account.counts += counted
    codes, dictionary = Codes(), Dictionary(study)
    for table in tables:
        account.table(dictionary, table, codes)
    for rest in leftovers(wide):
        account.leftover(rest)
    account.nothing_to_report(tables, wide)
    return account.intake(study, path, tables)


@dataclass
class _Account:
    """What the files of a folder say, and what became of each of their rows."""

    told: list[Told | KeptFacts] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    def files(self, folder: Folder, wide: tuple[Widened, ...]) -> None:
        """The files and columns that nothing reads, and what the reader of a table noticed about it as a whole."""
        have = {*folder.tables, *(one.into for one in wide)}
        mapped = {one.table.file for one in wide}
        others = [name for name in folder.others if name not in mapped and kind_of(name)[0] != WELLS]
        self.problems += [_stranger(name, have) for name in others if _is_surprising(name)]
        self.problems += [_unread(file, column) for file, column in unmapped(wide)]
        for one in wide:
            self.problems += [
                Problem(one.wide.file, note.line, note.column, note.text, note.message, refused=False)
                for note in one.notes
            ]
        self.unread += [one for problem in self.problems for one in _unread_file(problem)]
        as_written = {table.file: table for table in (*folder.tables.values(), *(one.wide for one in wide))}
        for table in as_written.values():
            self.problems += [
                Problem(table.file, line, column, "", said, refused=False) for line, column, said in table.notes
            ]

    def table(self, dictionary: Dictionary, table: Table, codes: Codes) -> None:
        """The rows of a table: each is used, or refused with every reason."""
        self.problems += _columns(table)
        used, found = _taken(dictionary, table, codes)
        self.told += [used] if isinstance(used, KeptFacts) else used
        self.problems += found
        self.unread += _unread_rows(table, [problem for problem in found if problem.refused])
        self.counts.append(Count(table.name, table.file, len(table.rows), len(used), len(table.rows) - len(used)))

    def leftover(self, rest: Leftover) -> None:
        """The lines of an export that no table takes."""
        for problem, unread in _untaken(rest):
            self.problems.append(problem)
            self.unread.append(unread)
        number = len(rest.untaken)
        self.counts.append(Count("", rest.file, number + rest.left_out, 0, number, rest.left_out))

    def nothing_to_report(self, tables: Iterable[Table], wide: tuple[Widened, ...]) -> None:
        """A table of adverse events with its header only says that there was none; so says no line of many not taken."""
        events = [table for table in tables if table.name == "adverse_events"]
        taken_from = {one.wide.file for one in wide if one.wide.rows}
        said = [table for table in events if table.file not in taken_from]
        is_lost = any(one.table == "adverse_events" for one in self.unread)
        if said and not any(table.rows for table in events) and not is_lost:
            self.told.append(((NothingToReport(table="adverse_events"), said[0].file),))

    def intake(self, study: Study, path: Path, tables: Sequence[Table]) -> Intake:
        """The folder as a history, with what only shows between its rows."""
        entries = _numbered(self.told)
        telling = tuple(entries.telling())
        across = [*_across(telling), *_of_samples(study, telling), *_silent(telling, {one.name for one in tables})]
        hashes, problems = {table.file: table.sha256 for table in tables}, (*self.problems, *across)
        unread, counts = tuple(self.unread), tuple(self.counts)
        return Intake(path, frame_of(study), entries, unread, problems, counts, MappingProxyType(hashes))


def _numbered(told: Iterable[Told | KeptFacts]) -> Entries:
    """What the rows say as entries in order, each with its number."""
    parts: list[Entry | KeptFacts] = []
    number = 1
    for one in told:
        if isinstance(one, KeptFacts):
            parts.append(replace(one, first=number))
            number += len(one)
            continue
        for event, place in one:
            parts.append(entry_of_file(number, event, place))
            number += 1
    return Entries(parts)


def _with_wells(path: Path, tables: tuple[Table, ...]) -> tuple[tuple[Table, ...], list[Problem], list[Count]]:
    """The tables with the levels that the wells beside them give; a wells table that cannot be used gives none."""
    file = wells_beside(path)
    if file is None:
        return tables, [], []
    try:
        rows = read_wells(file)
        plates = plates_of(rows)
    except (TableError, FolderError) as error:
        refused = _refused_wells(getattr(error, "problems", [str(error)]))
        return tables, refused, [Count(WELLS, file.name, len(refused), 0, len(refused))]
    judged = [
        Problem(
            file.name, 0, "run", run.name, f"run {run.name} is not accepted: {'; '.join(run.failures)}", refused=False
        )
        for run in plates.runs.values()
        if not run.accepted
    ]
    found = [with_levels(table, plates) if table.name == "samples" else (table, ()) for table in tables]
    notes = [Problem(table.file, *note, refused=False) for table, some in found for note in some]
    refused = _refused_wells(plates.problems)
    lost = len({(one.file, one.line) for one in refused if one.line})
    counted = Count(WELLS, file.name, len(rows), len(rows) - lost, lost)
    return tuple(table for table, _ in found), refused + judged + notes, [counted]


def _refused_wells(said: Iterable[str]) -> list[Problem]:
    """What is wrong with wells, each with its line where it has one."""
    found = []
    for text in said:
        place, _, why = text.partition(": ")
        found.append(problem_at(place, "", "", why or text, refused=True))
    return found


def _unread_rows(table: Table, refused: list[Problem]) -> list[Unread]:
    """The refused rows that could say something: a row that is there twice says nothing new."""
    wrong = {problem.line for problem in refused}
    lines = {row.line: row for row in table.rows if row.line in wrong} if wrong else {}
    found: dict[tuple[int, str], Unread] = {}
    for problem in refused:
        row = lines.get(problem.line)
        if row is not None and problem.value != TWICE:
            day = _day_or_none(row.cells.get(_DAY_OF[table.name], ""))
            who = row.cells.get("participant", "")
            known = found.get((row.line, who))
            why = f"{known.why}; {problem.message}" if known else str(problem)
            found[row.line, who] = Unread(
                table.name, who, day, why, row.cells.get("fact") or row.cells.get("analyte", "")
            )
    return list(found.values())


def _untaken(rest: Leftover) -> list[tuple[Problem, Unread]]:
    """The lines of an export of which something is read by no table: each could hold a dose, an event or a withdrawal, so it
    holds what rests on there being none.
    """
    found = []
    for row, why in rest.untaken[:_NAMED]:
        problem = Problem(rest.file, row.line, *why)
        found.append((problem, Unread("adverse_events", rest.participant(row), None, str(problem))))
    if more := rest.untaken[_NAMED:]:
        row, (column, _, message) = more[0]
        said = f"this line and {len(more) - 1} more, the first because {message}"
        problem = Problem(rest.file, row.line, column, "", said)
        found.append((problem, Unread("adverse_events", "", None, str(problem))))
    return found


_NAMED = 50
"""So many lines are named one by one; a laboratory's table may have fifty thousand that nobody wants."""


def _day_or_none(text: str) -> Day | None:
    try:
        return read_day(text) if text else None
    except ValueError:
        return None


_DAY_OF = {"facts": "date", "treatments": "start", "adverse_events": "start", "doses": "date", "samples": "date"}


def _silent(entries: Iterable[Entry], tables: set[str]) -> list[Problem]:
    """People were infused and there is no table of adverse events: that is silence, not «no event»."""
    if not any(isinstance(entry.event, CellsInfused) for entry in entries) or "adverse_events" in tables:
        return []
    why = "there is no such table. If there was no event, write the table with its header only"
    return [Problem("adverse_events.csv", 0, "", "", why, refused=False)]


def _is_surprising(name: str) -> bool:
    stem, kind = kind_of(name)
    return (
        stem in TABLES
        or name.endswith("]")
        or kind in (*KINDS, WORKBOOK, "xls", "ods", "sas7bdat", "xpt", "sav", "dta")
    )


def _unread_file(problem: Problem) -> list[Unread]:
    """A file that bears a table's name and is not read: what it would say of doses and events is not known."""
    return [Unread(kind_of(problem.file)[0], "", None, str(problem))] if problem.refused else []


def _unread(file: str, column: str) -> Problem:
    message = f"this column is not mapped. Map it, or write it in `ignore` of {MAPPING}"
    return Problem(file, 1, column, "", message, refused=False)


def _stranger(name: str, have: Collection[str]) -> Problem:
    stem, kind = kind_of(name)
    if name.endswith("]"):
        return Problem(name, 0, "", "", f"this sheet is not read. Tables are: {', '.join(TABLES)}", refused=False)
    if stem in TABLES and stem not in have:
        what = (
            f"a file of the kind {kind!r} is not read" if kind != WORKBOOK else "no sheet of this workbook can be read"
        )
        return Problem(name, 0, "", "", f"{what}. Save it as «CSV UTF-8»: {stem}.csv")
    close = get_close_matches(stem, TABLES, 1, 0.6)
    hint = f" The table {stem} is read from another file" if stem in have else ""
    hint = hint or f" Did you mean {close[0]}.csv?" if close else f" Tables are: {', '.join(TABLES)}"
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


def _taken(dictionary: Dictionary, table: Table, codes: Codes) -> tuple[Sequence[Told] | KeptFacts, list[Problem]]:
    """The rows of a table that can be used, and why each of the others cannot; every problem of a row is named."""
    missing = [name for name in must_stand(table.name) if name not in table.columns]
    missing += lacking(table.columns) if table.name == "samples" else []
    if missing:
        text = ", ".join(missing)
        message = f"the column {text} is missing, so no row can be used. Columns: {', '.join(table.columns)}"
        first = Problem(table.file, 1, missing[0], "", message, refused=not table.rows)
        why = _named_below(table, missing) or "no such column"
        return [], [first, *(Problem(table.file, row.line, missing[0], "", why) for row in table.rows)]
    taking = Taking(dictionary, table, codes)
    return taking.rows(), taking.problems


def _named_below(table: Table, missing: Sequence[str]) -> str:
    """That a row further down names the columns; empty where none of the first does."""
    for row in table.rows[:MOST_ABOVE]:
        names = {text.lower().replace(" ", "_") for text in row.cells.values()}
        if len(names.intersection(missing)) >= min(2, len(missing)):
            return f"no such column, but line {row.line} names it. Take out what stands above line {row.line}"
    return ""


def _across(entries: Iterable[Entry]) -> list[Problem]:
    """What only shows between rows: events of people nobody has facts about."""
    problems = []
    known = {entry.event.participant for entry in entries if type(entry.event) is FactRecorded}
    infused: dict[str, str] = {}
    people: dict[str, str] = {}
    alike: set[str] = set()
    for entry in entries:
        if isinstance(entry.event, CellsInfused):
            first = infused.setdefault(entry.participant or "", entry.place)
            if first != entry.place:
                message = f"{entry.participant} is infused again ({first} too): a bag of one dose, or a later dose"
                problems.append(problem_at(entry.place, "participant", entry.participant or "", message))
        code = entry.participant
        if code is not None:
            first = people.setdefault(written_alike(code), code)
            if first != code and code not in alike:
                alike.add(code)
                message = f"{code} and {first} may be one person. Write one code for one participant"
                problems.append(problem_at(entry.place, "participant", code, message))
        if code is not None and code not in known:
            problems.append(
                problem_at(entry.place, "participant", code, f"{code} has no row among the facts. Check the code")
            )
            known.add(code)
    return problems


@lru_cache(maxsize=1 << 14)
def written_alike(code: str) -> str:
    """A code without what differs where one person was entered twice: `--1` of double entry, zeros in front, separators, an O."""
    once = re.sub(r"(?<=\d)o|o(?=\d)", "0", re.sub(r"--\d$", "", code.casefold()))
    short = re.sub(r"(?<!\d)0+(?=\d)", "", once)
    return re.sub(r"(?<!\d)[-_.]|[-_.](?!\d)", "", short)


def _of_samples(study: Study, entries: Iterable[Entry]) -> list[Problem]:
    """What `kinetics` could not use: a sample without a day from infusion, or one that contradicts another."""
    given: dict[str, list[Infused]] = {}
    samples: list[Sample] = []
    for entry in entries:
        event, code = entry.event, entry.participant or ""
        if isinstance(event, CellsInfused) and (day := event.happened(UTC)) is not None:
            given.setdefault(code, []).append(Infused(day, f"level {event.level}"))
        if isinstance(event, SampleMeasured):
            samples.append(read_sample({"participant": code, **event.cells}, entry.place))
    infused = last_of_first(given, days_of_one_dose(study))
    found = profiles_of((one for one in samples if one.participant in infused), infused).problems
    waiting = {
        one.participant: one for one in reversed(samples) if one.participant not in infused and one.elapsed is None
    }
    return [problem_at(one.source, "analyte", one.analyte, one.why) for one in found] + [
        problem_at(
            one.source, "participant", code, f"{code} has samples and no infusion among the doses: no day runs for them"
        )
        for code, one in sorted(waiting.items())
    ]
