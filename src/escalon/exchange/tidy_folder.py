"""A trial's records as the tidy tables of the data dictionary: CSV, Parquet or JSON. Read back, they are the same records."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from escalon.casebook.records import AdverseEvent, Infusion, Records, Treatment
from escalon.conduct.data_tables import TABLES
from escalon.facts import Fact, Truth
from escalon.kinetics import Sample

FORMATS = ("csv", "parquet", "json")


class FormatError(ValueError):
    """A format that is not known; says which are."""


def tables_of(records: Records) -> dict[str, list[dict[str, str]]]:
    """The rows of every table, as text, with the columns of the dictionary; an unknown value is an empty cell."""
    groups: Mapping[str, tuple[tuple[Any, ...], Callable[[Any], dict[str, Any]]]] = {
        "facts": (records.facts, _fact),
        "treatments": (records.treatments, _treatment),
        "adverse_events": (records.adverse_events, _adverse_event),
        "doses": (records.infusions, _infusion),
        "samples": (records.samples, _sample),
    }
    return {
        name: [{key: _text(value) for key, value in row(record).items()} for record in some]
        for name, (some, row) in groups.items()
    }


def write_folder(records: Records, folder: Path, form: str = "csv") -> list[Path]:
    """Write the tables into a folder; returns the files. Raises FormatError."""
    if form not in FORMATS:
        raise FormatError(f"{form!r} is not a format. Write one of {', '.join(FORMATS)}")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables_of(records).items():
        columns = [
            column.name for column in TABLES[name] if column.required or any(row.get(column.name) for row in rows)
        ]
        kept = [{column: row.get(column, "") for column in columns} for row in rows]
        file = folder / f"{name}.{form}"
        _WRITERS[form](file, columns, kept)
        written.append(file)
    if records.synthetic:
        (folder / "SYNTHETIC.txt").write_text("SYNTHETIC DATA. Nobody in this folder exists.\n", encoding="utf-8")
    return written


def _csv(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _parquet(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    import polars as pl

    pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)).write_parquet(file)


def _json(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    filled = [{key: value for key, value in row.items() if value} for row in rows]
    file.write_text(json.dumps(filled, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


_WRITERS = {"csv": _csv, "parquet": _parquet, "json": _json}


def _text(value: Any) -> str:
    return "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _origin(source: str) -> str:
    """The source somebody wrote, without the place it was read from."""
    place, _, rest = source.partition(" (")
    return rest.removesuffix(")") if rest else "" if ":" in place else place


def _flag(truth: bool) -> Truth:
    return True if truth else None


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "participant": fact.participant, "fact": fact.name, "value": fact.value, "unit": fact.unit, "date": fact.day,
        "source": _origin(fact.source), "visit": fact.visit, "lower": fact.lower, "upper": fact.upper, "until": fact.until,
    }  # fmt: skip


def _treatment(course: Treatment) -> dict[str, Any]:
    return {
        "participant": course.participant, "treatment": course.treatment, "start": course.start, "end": course.end,
        "ongoing": _flag(course.ongoing), "dose": course.dose, "unit": course.unit, "route": course.route,
        "reason": course.reason, "source": _origin(course.source),
    }  # fmt: skip


def _adverse_event(event: AdverseEvent) -> dict[str, Any]:
    return {
        "participant": event.participant, "term": event.term, "grade": event.grade, "start": event.start, "end": event.end,
        "ongoing": _flag(event.ongoing), "serious": event.serious, "related": event.related, "dlt": event.dlt,
        "seriousness": "; ".join(event.seriousness), "baseline_grade": event.baseline_grade,
        "expected": event.expected, "aware": event.aware, "component_of": event.component_of,
        "outcome": event.outcome, "action": event.action, "description": event.description, "id": event.id,
        "source": _origin(event.source),
    }  # fmt: skip


def _infusion(infusion: Infusion) -> dict[str, Any]:
    return {
        "participant": infusion.participant, "level": infusion.level, "date": infusion.day,
        "cells_per_kg": infusion.cells_per_kg, "evaluable": infusion.evaluable, "source": _origin(infusion.source),
    }  # fmt: skip


def _sample(sample: Sample) -> dict[str, Any]:
    return {**sample.cells, "source": _origin(sample.source)}
