"""A casebook read as a data folder: the same tables, cell by cell as written, each row knowing its entry.

So whatever reads a data folder (screening, scores, the report) reads a casebook too, by the same rules.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from escalon.casebook.current import Current, current_entries
from escalon.casebook.entry import Entry
from escalon.casebook.folder import TABLES, Folder, Row, Table
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    DltAdjudicated,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
    RowReported,
)

FILE = "casebook"
"""The file that rows name: `casebook:12` is entry 12."""

CONSENT = "informed_consent"
"""The fact that a recorded consent stands for: the day the form was signed, as the bundled study names it."""

Cells = dict[str, str]


def as_folder(entries: Iterable[Entry], place: Path) -> Folder:
    """The tables of a casebook as it stands (or stood, if `entries` end at a past moment)."""
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    current = current_entries(entries)
    for table, one, cells in _rows(current):
        rows[table].append(Row(one.entry.number, {name: text for name, text in cells.items() if text}))
    tables = {name: _table(name, some) for name, some in rows.items() if some or name == "facts"}
    return Folder(place, tables, ())


def _table(name: str, rows: list[Row]) -> Table:
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    last = max((row.line for row in rows), default=0)
    return Table(name, FILE, tuple(columns) or ("participant", "fact"), tuple(rows), f"entry {last}")


def _rows(current: list[Current]) -> Iterator[tuple[str, Current, Cells]]:
    adjudicated = _adjudicated(current)
    with_consent = {
        one.event.participant
        for one in current
        if isinstance(one.event, FactRecorded | FactCorrected) and one.event.fact.name == CONSENT
    }
    for one in current:
        code = one.event.participant or ""
        match one.event:
            case FactRecorded(fact=fact) | FactCorrected(fact=fact):
                yield "facts", one, _fact(code, fact)
            case RowReported(table=table, cells=cells):
                yield table, one, {"participant": code, **{cell.column: cell.text for cell in cells}}
            case ParticipantConsented(signed_on=day, form=form) if code not in with_consent:
                signed = day.isoformat()
                consent = {"fact": CONSENT, "value": signed, "date": signed, "source": f"consent form {form}"}
                yield "facts", one, {"participant": code, **consent}
            case CellsInfused() as given:
                yield "doses", one, _dose(code, given)
            case AdverseEventRecorded() as event:
                yield "adverse_events", one, _adverse_event(code, event, adjudicated.get(one.first.number))


def _fact(code: str, fact: Observation) -> Cells:
    written: Cells = {"participant": code, "fact": fact.name, "value": fact.value or "", "unit": fact.unit or ""}
    days = {"date": fact.day or "", "until": fact.until or "", "visit": fact.visit or ""}
    return written | days | {"lower": fact.lower or "", "upper": fact.upper or "", "source": fact.source}


def _dose(code: str, given: CellsInfused) -> Cells:
    cells = format(given.cells_per_kg, "f")
    day = given.at.date().isoformat()
    return {"participant": code, "level": str(given.level), "date": day, "cells_per_kg": cells, "source": given.product}


def _adverse_event(code: str, event: AdverseEventRecorded, is_dlt: bool | None) -> Cells:
    words: Mapping[bool | None, str] = {True: "yes", False: "no", None: ""}
    return {
        "participant": code,
        "term": event.term,
        "grade": str(event.grade),
        "start": event.onset,
        "end": event.end or "",
        "serious": words[event.serious],
        "related": words[event.related],
        "dlt": words[is_dlt],
        "source": event.source,
    }


def _adjudicated(current: list[Current]) -> dict[int, bool]:
    """For each adverse event, by the entry that recorded it, what its last adjudication said."""
    found: dict[int, bool] = {}
    for one in current:
        if isinstance(one.event, DltAdjudicated):
            found.update(dict.fromkeys(one.event.rests_on, one.event.is_dlt))
    return found


def write_folder(folder: Folder, to: Path) -> None:
    """Write the tables as CSV files, for programs that read data folders; the entry goes into the source column."""
    to.mkdir(parents=True, exist_ok=False)
    for name, table in folder.tables.items():
        columns = list(dict.fromkeys([*table.columns, "source"]))
        with (to / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row.cells, "source": _source(row)} for row in table.rows)


def _source(row: Row) -> str:
    said = row.cells.get("source")
    return f"{said}; entry {row.line}" if said else f"entry {row.line}"
