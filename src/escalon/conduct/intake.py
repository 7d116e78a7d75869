"""Taking in a data folder: every row is used or refused with its reason, and the two are counted."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from escalon.casebook.folder import Folder, Row, Table, read_folder
from escalon.casebook.records import AdverseEvent, Infusion, Records, Sample, Treatment, Unread, gathered
from escalon.casebook.wide_tables import MAPPING, Widened, widened
from escalon.conduct.data_tables import TABLES, Column
from escalon.expressions.tree import Kind
from escalon.facts import Day, Fact, UnitError, factor, read_number
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.reading import ItemError, read
from escalon.protocol.study import FactDefinition, FactKind, Study

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
SYNTHETIC = "SYNTHETIC.txt"
"""The file that says of a folder that its people are invented."""
FINDING: FactKind = "label"
"""A finding recorded as such, whose items are not in the data: any label or number is taken as it is written."""
_NOT_DETECTED = frozenset({"nd", "blq", "undetermined", "not detected", "<lloq"})


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


class _RowError(ValueError):
    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value = column, value


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
            raise _RowError(
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
            found[row.line, who] = Unread(table.name, who, day, why, row.cells.get("fact", ""))
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
        cells, errors = _cells(TABLES[table.name], row)
        if not errors:
            try:
                codes.check(cells["participant"])
                record = _MAKERS[table.name](study, cells, f"{table.file}:{row.line}")
            except _RowError as error:
                errors.append(error)
        key = tuple(row.cells.values())
        if key in seen and not errors:
            errors.append(_RowError("", _TWICE, f"the same row as line {seen[key]}. Take one of them out"))
        seen.setdefault(key, row.line)
        if errors:
            problems += [Problem(table.file, row.line, error.column, error.value, str(error)) for error in errors]
        else:
            used.append(record)
    return used, problems


def _cells(columns: tuple[Column, ...], row: Row) -> tuple[dict[str, Any], list[_RowError]]:
    cells: dict[str, Any] = {}
    errors: list[_RowError] = []
    for column in columns:
        text = row.cells.get(column.name, "")
        if not text:
            cells[column.name] = None
            if column.required:
                errors.append(_RowError(column.name, "", f"empty. Write {column.about}"))
            continue
        try:
            cells[column.name] = _CELLS[column.cell](text)
        except ValueError as error:
            errors.append(_RowError(column.name, text, str(error)))
    return cells, errors


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text!r} is not a participant code. Write letters and digits, such as P01")
    return text


def _truth(text: str) -> bool:
    word = text.lower()
    if word in ("yes", "y", "true", "1"):
        return True
    if word in ("no", "n", "false", "0"):
        return False
    raise ValueError(f"{text!r} is neither yes nor no. Write yes or no, or leave it empty if it is not known")


def _whole(text: str) -> int:
    number = read_number(text)
    if number != int(number):
        raise ValueError(f"{text!r} is not a whole number")
    return int(number)


_CELLS: Mapping[str, Callable[[str], Any]] = {
    "code": _code, "name": str, "text": str, "value": str, "unit": str, "day": Day.parse, "number": read_number,
    "whole": _whole, "truth": _truth,
}  # fmt: skip


def _fact(study: Study, cells: Mapping[str, Any], source: str) -> Fact:
    definition = _defined(study, "fact", cells["fact"])
    value = _value(definition, cells["value"], cells["unit"])
    if cells["date"] is None and value is not None and definition.kind in ("number", "integer", "event"):
        raise _RowError("date", "", f"{definition.name} has no date. Write the day, month or year it was observed")
    if cells["until"] is not None and cells["date"] is not None and cells["until"].is_before(cells["date"]):
        raise _RowError("until", str(cells["until"]), f"{cells['until']} is before {cells['date']}")
    lower, upper = cells["lower"], cells["upper"]
    _limits(definition, lower, upper)
    return Fact(
        definition.name, value, cells["date"], cells["unit"], _source(cells, source), cells["participant"],
        lower=lower, upper=upper, until=cells["until"], visit=cells["visit"] or "",
    )  # fmt: skip


def _limits(definition: FactDefinition, lower: Decimal | None, upper: Decimal | None) -> None:
    """Reference limits that can be true: a limit such as -99 is a code for «missing», and a ratio to it would pass anything."""
    if lower is not None and upper is not None and lower > upper:
        raise _RowError("upper", str(upper), f"the upper limit {upper} is below the lower limit {lower}")
    positive = definition.low is not None and definition.low >= 0
    for name, limit in (("lower", lower), ("upper", upper)):
        if limit is not None and positive and (limit < 0 or (limit == 0 and name == "upper")):
            raise _RowError(
                name, str(limit), f"the {name} limit {limit} is not possible. Leave it empty if it is not known"
            )


def _source(cells: Mapping[str, Any], place: str) -> str:
    return f"{place} ({cells['source']})" if cells["source"] else place


def _defined(study: Study, column: str, name: str) -> FactDefinition:
    definition = study.vocabulary.get(name)
    if definition is None and name.partition(".")[0] in (
        *study.instruments,
        *(one.partition(".")[0] for one in study.awaited),
    ):
        return FactDefinition(name, f"{name}, concluded elsewhere and recorded", FINDING, group="findings")
    if definition is None:
        close = get_close_matches(name, study.vocabulary, 2, 0.6)
        hint = f" Did you mean {' or '.join(close)}?" if close else " `escalon data dictionary` lists the names"
        raise _RowError(column, name, f"{name!r} is not in the data dictionary.{hint}")
    return definition


def _value(definition: FactDefinition, text: str | None, unit: str | None) -> Any:
    """The recorded value, as it was written and in its own unit, once it is known to be acceptable."""
    if text is None:
        return None
    if definition.kind == FINDING and not definition.choices:
        return _recorded_finding(text)
    if definition.kind == "date":
        try:
            return str(Day.parse(text))
        except ValueError as error:
            raise _RowError("value", text, str(error)) from None
    if definition.unit and not unit and definition.kind in ("number", "integer"):
        options = " or ".join(definition.units)
        raise _RowError("unit", "", f"{definition.name} {text} has no unit. Write {options}")
    try:
        entry = read(definition.name, _as_item(definition), (text, unit) if unit else text)
    except ItemError as error:
        column = "unit" if error.code in ("WRONG_UNIT", "UNIT_MISSING") else "value"
        raise _RowError(column, unit or "" if column == "unit" else text, str(error)) from None
    if "NOT_ATTRIBUTABLE" in entry.flags:
        return "not_attributable"
    if isinstance(entry.value, bool | str) or entry.value is None:
        return entry.value
    return _number_as_written(text)


def _recorded_finding(text: str) -> Any:
    word = text.lower()
    if word in ("yes", "no"):
        return word == "yes"
    try:
        return read_number(text)
    except ValueError:
        return text


def _number_as_written(text: str) -> Decimal | str:
    return text if text.startswith(("<", "≤")) else read_number(text.split()[0])


def _as_item(definition: FactDefinition) -> Item:
    kinds = {"number": Kind.NUMBER, "integer": Kind.INTEGER, "label": Kind.LABEL}
    return Item(
        definition.label, kinds.get(definition.kind, Kind.TRUTH), definition.low, definition.high, definition.unit,
        definition.accepts, definition.substance, definition.choices,
    )  # fmt: skip


def _treatment(study: Study, cells: Mapping[str, Any], source: str) -> Treatment:
    name = _treatment_name(study, cells["treatment"])
    if cells["dose"] is not None and not cells["unit"]:
        raise _RowError("unit", "", f"the dose {cells['dose']} has no unit. Write it as mg/week, mg/day or mg")
    if cells["dose"] is not None and cells["dose"] <= 0:
        message = (
            "a dose is above 0. If the drug was not given, write that among the facts: its name, value no, and the day"
        )
        raise _RowError("dose", str(cells["dose"]), message)
    _ordered(cells)
    return Treatment(
        cells["participant"], name, cells["start"], cells["end"], bool(cells["ongoing"]), cells["dose"],
        cells["unit"] or "", cells["route"] or "", cells["reason"] or "", _source(cells, source),
    )  # fmt: skip


def _treatment_name(study: Study, name: str) -> str:
    members = {member for definition in study.vocabulary.values() for member in definition.members}
    if name not in members and _defined(study, "treatment", name).kind not in ("treatment", "event"):
        raise _RowError("treatment", name, f"{name} is no treatment. Write a drug or procedure of the data dictionary")
    return name


def _ordered(cells: Mapping[str, Any]) -> None:
    start, end = cells["start"], cells["end"]
    if end is not None and end.is_before(start):
        raise _RowError("end", str(end), f"{end} is before the start {start}")
    if end is not None and cells["ongoing"]:
        raise _RowError("ongoing", "yes", f"it cannot be ongoing and have ended on {end}. Keep one of the two")


def _adverse_event(study: Study, cells: Mapping[str, Any], source: str) -> AdverseEvent:
    if not 1 <= cells["grade"] <= 5:
        raise _RowError("grade", str(cells["grade"]), f"grade {cells['grade']} does not exist. Write 1, 2, 3, 4 or 5")
    _ordered(cells)
    if cells["aware"] is not None and (cells["aware"].is_partial or cells["aware"].is_before(cells["start"])):
        raise _RowError(
            "aware", str(cells["aware"]), "the day of awareness is a full day, not before the event's first"
        )
    return AdverseEvent(
        cells["participant"], cells["term"], cells["grade"], cells["start"], cells["end"], bool(cells["ongoing"]),
        cells["serious"], cells["related"], cells["dlt"], cells["outcome"] or "", cells["action"] or "",
        cells["description"] or "", cells["id"] or "", _source(cells, source),
        cells["expected"], cells["aware"], cells["component_of"] or "",
    )  # fmt: skip


def _infusion(study: Study, cells: Mapping[str, Any], source: str) -> Infusion:
    levels = [level.number for level in study.dose.levels]
    if cells["level"] not in levels:
        raise _RowError(
            "level", str(cells["level"]), f"there is no level {cells['level']}. Levels: {', '.join(map(str, levels))}"
        )
    if cells["date"].is_partial:
        raise _RowError(
            "date", str(cells["date"]), "the day of infusion is needed in full, since the DLT window runs from it"
        )
    if cells["cells_per_kg"] is not None and cells["cells_per_kg"] <= 0:
        raise _RowError("cells_per_kg", str(cells["cells_per_kg"]), "the cells given are above 0")
    return Infusion(
        cells["participant"], cells["level"], cells["date"], cells["cells_per_kg"], cells["evaluable"],
        _source(cells, source),
    )  # fmt: skip


def _sample(study: Study, cells: Mapping[str, Any], source: str) -> Sample:
    text = cells["value"] or ""
    below = text.lower() in _NOT_DETECTED or text.startswith("<")
    try:
        value = None if not text or below else read_number(text)
    except ValueError as error:
        raise _RowError("value", text, f"{error} Or write ND, BLQ, or leave it empty") from None
    if value is not None and value < 0:
        raise _RowError("value", text, "a measured amount is not below 0")
    _sample_unit(study, cells)
    if cells["date"] is None and cells["day"] is None and not cells["collected"] and not cells["nominal_day"]:
        raise _RowError("date", "", "the sample has neither a date nor a day from infusion")
    return Sample(
        cells["participant"], cells["analyte"] or "car_transgene", cells["date"], value, cells["unit"], below,
        cells["lloq"], cells["day"], text if below else "", _source(cells, source),
    )  # fmt: skip


def _sample_unit(study: Study, cells: Mapping[str, Any]) -> None:
    definition = _defined(study, "analyte", cells["analyte"] or "car_transgene")
    if definition.unit is None:
        return
    try:
        factor(cells["unit"], definition.unit, definition.substance)
    except UnitError as error:
        if cells["unit"] not in definition.units:
            raise _RowError("unit", cells["unit"], f"{error}. Write {' or '.join(definition.units)}") from None


_MAKERS: Mapping[str, Callable[[Study, Mapping[str, Any], str], Any]] = {
    "facts": _fact, "treatments": _treatment, "adverse_events": _adverse_event, "doses": _infusion, "samples": _sample,
}  # fmt: skip


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
