"""The lines of an exported table as rows of the dictionary's, each cell as the table's mapping says it is meant."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from escalon.facts.words import not_known
from escalon.sources.columns import TABLES
from escalon.sources.headings import as_iso
from escalon.sources.tables import Table
from escalon.sources.written import Row

_BOX = "___"
"""What stands in the name of a REDCap column that is one box of several; unticked it is exported as 0 on every form."""

_BOXES = {"checked": "yes", "unchecked": "no"}
"""A box in an export of labels; whether an unticked one was looked at is asked before."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of an exported file: the line, the column, what is written there, and what to write instead."""

    line: int
    column: str
    text: str
    message: str


def texts_of(values: Any) -> set[str]:
    """A text, or each of a list, as text."""
    return {str(value) for value in (values if isinstance(values, list) else [values])}


def code_in(text: str, codes: Collection[str]) -> str:
    """The code a cell holds: itself, or the whole number a program wrote with a decimal point, `1.0` for 1."""
    whole = "" if text in codes else _WHOLE.sub(r"\1", text)
    return whole if whole in codes else text


_WHOLE = re.compile(r"^(-?\d+)\.0+$")


def dated(spec: Mapping[str, Any], wide: Table, rows: list[Row]) -> list[Row]:
    """The rows, each undated one with the day of the lines that agree with it in `date_from`, where those name one day."""
    if "date_from" not in spec:
        return rows
    missing, column = texts_of(spec.get("missing", [])), str(spec["date"]).lower()
    days: dict[tuple[str, ...], set[str]] = {}
    for row in wide.rows:
        if row.broken is None and (day := _known_cell(row, column, missing)):
            days.setdefault(_visit_of(spec, row), set()).add(day)

    def with_day(row: Row) -> Row:
        known = days.get(_visit_of(spec, row), set())
        is_said = _known_cell(row, column, missing) or len(known) != 1
        return row if is_said else replace(row, cells={**row.cells, column: next(iter(known))})

    return [with_day(row) for row in rows]


def _visit_of(spec: Mapping[str, Any], row: Row) -> tuple[str, ...]:
    return tuple(cell_of(row, column) for column in spec["date_from"])


def is_wanted(row: Row, only: Mapping[str, Any]) -> bool:
    """Whether a line holds in each column of `only` one of its texts."""
    return all(code_in(cell_of(row, column), texts_of(texts)) in texts_of(texts) for column, texts in only.items())


def fact_rows(spec: Mapping[str, Any], cells: Mapping[str, Any], rows: list[Row], notes: list[Note]) -> Iterator[Row]:
    """The filled cells of lines, each as a row of `facts`; a box nobody was asked about is noted and not known."""
    missing = {str(code) for code in spec.get("missing", [])}
    unasked: set[str] = set()
    for row in rows:
        for fact, said in cells.items():
            cell = {"column": said} if isinstance(said, str) else said
            text = cell_of(row, cell.get("column"))
            if not text or not _is_named(spec, cell, row):
                continue
            if not _was_asked(spec, cell, text, row):
                if fact not in unasked:
                    unasked.add(fact)
                    notes.append(Note(row.line, str(cell["column"]).lower(), text, _UNASKED))
                text = ""
            yield _fact(spec, fact, cell, text, row, missing)


def is_about(spec: Mapping[str, Any], row: Row) -> bool:
    """Whether a long table has a fact for what the row names; any other table takes the row."""
    cells = [cell for cell in spec.get("facts", {}).values() if isinstance(cell, Mapping)]
    return "name_column" not in spec or any(_is_named(spec, cell, row) for cell in cells)


def _is_named(spec: Mapping[str, Any], cell: Mapping[str, Any], row: Row) -> bool:
    """Whether a row of a long table is about this fact: its name column says one of the fact's names."""
    named, names = spec.get("name_column"), texts_of(cell.get("name", ""))
    return named is None or code_in(cell_of(row, named), names) in names


_UNASKED = (
    "an unticked box is exported as 0 on every form, filled or not, so it is not known here. Where the form's status says "
    'that it is complete, it is a no: write asked = { form_complete = "2" }'
)


def is_unticked(column: str, text: str) -> bool:
    """Whether a cell is one box of several that nobody ticked."""
    unticked = ("0", "unchecked")
    return _BOX in column and code_in(text.casefold(), unticked) in unticked


def _was_asked(spec: Mapping[str, Any], cell: Mapping[str, Any], text: str, row: Row) -> bool:
    """Whether a box was looked at: a ticked one was; an unticked one where its form is complete."""
    if not is_unticked(str(cell["column"]), text):
        return True
    asked = cell.get("asked", spec.get("asked", {}))
    return bool(asked) and is_wanted(row, asked)


def _meant(cell: Mapping[str, Any], text: str, missing: set[str]) -> tuple[str, tuple[str, str, str] | None]:
    """What a code stands for; a code that `values` does not list is no value."""
    values = cell.get("values")
    if not text or code_in(text, missing) in missing:
        return "", None
    if values is None:
        return (_BOXES.get(text.casefold(), text) if _BOX in str(cell["column"]) else text), None
    if (code := code_in(text, values)) in values:
        return str(values[code]), None
    column = str(cell["column"]).lower()
    listed = ", ".join(map(str, values))
    return text, (
        column,
        text,
        f"{column} is {text!r}, a code that `values` of the mapping does not list. Listed: {listed}",
    )


def _fact(spec: Mapping[str, Any], fact: str, cell: Mapping[str, Any], text: str, row: Row, missing: set[str]) -> Row:
    visit, visits = _known_cell(row, spec.get("visit"), missing), spec.get("visits", {})
    value, broken = _meant(cell, text, missing)
    said = _known_cell(row, cell.get("date"), missing) or _known_cell(row, spec.get("date"), missing)
    day, wrong = _day(spec, said, "date")
    if str(cell["column"]).lower() == str(spec.get("date")).lower() or _DAY_BY_PARTS.match(value):
        value, no_day = _day(spec, value, "value")
        wrong = wrong or no_day
    made = {
        "participant": cell_of(row, spec["participant"]),
        "fact": fact,
        "value": value,
        "unit": _unit(cell, row, missing) if value else "",
        "date": day,
        "source": f"column {cell['column']}",
        "visit": str(visits.get(code_in(visit, visits), visit)),
        "lower": _known_cell(row, cell.get("lower"), missing),
        "upper": _known_cell(row, cell.get("upper"), missing),
    }
    return Row(row.line, made, broken or wrong)


def records(spec: Mapping[str, Any], cells: Mapping[str, Any], rows: list[Row], days: Collection[str]) -> Iterator[Row]:
    """Lines as rows of another table, its `days` in ISO form."""
    missing = {str(code) for code in spec.get("missing", [])}
    for row in rows:
        made = {"participant": cell_of(row, spec["participant"])}
        broken = None
        for column, said in cells.items():
            cell: Mapping[str, Any] = {"column": said} if isinstance(said, str) else said
            made[column], wrong = _meant(cell, cell_of(row, cell.get("column")), missing)
            no_day = None
            if column in days:
                made[column], no_day = _day(spec, made[column], column)
            broken = broken or wrong or no_day
            if unit := _unit(cell, row, missing):
                made["unit"] = unit
        yield Row(row.line, made, broken)


def _unit(cell: Mapping[str, Any], row: Row, missing: set[str]) -> str:
    """The unit the row itself writes, where the mapping names its column; else the mapping's own."""
    said = _known_cell(row, cell.get("unit_column"), missing)
    units = cell.get("units", {})
    return str(units.get(code_in(said, units), said)) or str(cell.get("unit", ""))


def days_of(into: str) -> set[str]:
    """The columns of a table that hold days."""
    return {column.name for column in TABLES[into] if column.cell == "day"}


_DAY_BY_PARTS = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}(?!\d)")
"""Never a number: a day whose order of parts the mapping says."""


def _day(spec: Mapping[str, Any], text: str, column: str) -> tuple[str, tuple[str, str, str] | None]:
    """A date as the mapping says its file writes them (`dates`), or why it is none: in that order of parts, and no other."""
    if "dates" not in spec or not_known(text):
        return text, None
    try:
        return as_iso(text, spec["dates"]), None
    except ValueError as error:
        return text, (column, text, str(error))


def cell_of(row: Row, column: Any) -> str:
    """What stands in a column, however its name is written; empty where it has none."""
    return row.cells.get(str(column).lower(), "") if column else ""


def _known_cell(row: Row, column: Any, missing: set[str]) -> str:
    """A cell beside a value; empty where it holds a code for «missing»."""
    text = cell_of(row, column)
    return "" if code_in(text, missing) in missing else text
