"""A history as the tidy tables of the data dictionary: CSV, Parquet or JSON. Read back, it is the same history."""

import csv
import json
from pathlib import Path

from escalon.history import Trial
from escalon.sources.as_rows import tables_of, unsayable
from escalon.sources.columns import TABLES
from escalon.sources.tables import quiet

FORMATS = ("csv", "parquet", "json")


class FormatError(ValueError):
    """A format that is not known; says which are."""


def write_folder(trial: Trial, folder: Path, form: str = "csv") -> list[Path]:
    """Write the tables into a folder; returns the files. Raises FormatError.

    A table without rows is written only where somebody said that there was nothing to report: an empty table says so.
    """
    if form not in FORMATS:
        raise FormatError(f"{form!r} is not a format. Write one of {', '.join(FORMATS)}")
    if lost := unsayable(trial):
        raise FormatError(f"a data folder cannot say this, so nothing is written: {'; '.join(lost)}. Settle it first")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables_of(trial).items():
        if not (rows or name == "facts" or name in trial.attested):
            continue
        columns = [
            column.name for column in TABLES[name] if column.required or any(row.get(column.name) for row in rows)
        ]
        kept = [{column: row.get(column, "") for column in columns} for row in rows]
        file = folder / f"{name}.{form}"
        _WRITERS[form](file, columns, kept)
        written.append(file)
    if trial.synthetic:
        (folder / "SYNTHETIC.txt").write_text("SYNTHETIC DATA. Nobody in this folder exists.\n", encoding="utf-8")
    return written


def _csv(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: quiet(text) for name, text in row.items()} for row in rows)


def _parquet(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    import polars as pl

    pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)).write_parquet(file)


def _json(file: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    filled = [{key: value for key, value in row.items() if value} for row in rows]
    file.write_text(json.dumps(filled, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


_WRITERS = {"csv": _csv, "parquet": _parquet, "json": _json}
