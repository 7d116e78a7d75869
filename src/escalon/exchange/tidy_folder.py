"""A history as the tidy tables of the data dictionary: CSV, Parquet or JSON. Read back, it is the same history."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from escalon.conduct.judge.dose_review import OUTCOMES
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.given import first_doses
from escalon.escalation import EscalationError
from escalon.facts.whole import whole_folder
from escalon.history import Trial
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import Study
from escalon.sources.as_rows import tables_of, unsayable
from escalon.sources.columns import TABLES, must_stand
from escalon.sources.delimited import quiet
from escalon.sources.folder import SYNTHETIC, take_in

FORMATS = ("csv", "parquet", "json")
NOTICE = "SYNTHETIC DATA. Nobody in this folder exists.\n"


class FormatError(ValueError):
    """A format that is not known; says which are."""


def write_folder(
    trial: Trial, folder: Path, form: str = "csv", study: Study | None = None, notice: str = NOTICE
) -> list[Path]:
    """Write the tables into a folder; returns the files. Raises FormatError.

    A table without rows is written only where somebody said that there was nothing to report: an empty table says so.
    With the study of a casebook, nothing is written that would answer otherwise, read back, than the casebook does.
    """
    if form not in FORMATS:
        raise FormatError(f"{form!r} is not a format. Write one of {', '.join(FORMATS)}")
    if lost := unsayable(trial) or told_otherwise(study, trial):
        raise FormatError(f"a data folder cannot say this, so nothing is written: {'; '.join(lost)}. Settle it first")
    earlier = [one for name in TABLES for kind in FORMATS if (one := folder / f"{name}.{kind}").exists()]
    is_room = trial.synthetic and (folder / SYNTHETIC).exists()  # an earlier synthetic trial makes room
    with whole_folder(folder, instead_of=[one.name for one in earlier] if is_room else ()) as beside:
        written = _write_tables(trial, beside, form)
        if trial.synthetic:
            (beside / SYNTHETIC).write_text(notice, encoding="utf-8")
        _refuse_a_mixture(folder, trial, [] if is_room else earlier, {one.name for one in written})
    return [folder / one.name for one in written]


def _refuse_a_mixture(folder: Path, trial: Trial, earlier: list[Path], written: set[str]) -> None:
    """Tables that would stand among these belong to another trial, or another state of this one; so does the mark of none."""
    others = [one.name for one in earlier if one.name not in written]
    if (folder / SYNTHETIC).exists() and not trial.synthetic:
        others.append(SYNTHETIC)
    if others:
        raise FormatError(
            f"{folder} holds {', '.join(others)}, which would be read with these. Write into a new folder"
        )


def _write_tables(trial: Trial, folder: Path, form: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in tables_of(trial).items():
        if not (rows or name == "facts" or name in trial.attested):
            continue
        needed = must_stand(name)
        columns = [one.name for one in TABLES[name] if one.name in needed or any(row.get(one.name) for row in rows)]
        kept = [{column: row.get(column, "") for column in columns} for row in rows]
        file = folder / f"{name}.{form}"
        _WRITERS[form](file, columns, kept)
        written.append(file)
    return written


def told_otherwise(study: Study | None, trial: Trial) -> list[str]:
    """Of whom the rows, read back, say otherwise than the casebook how they count for the next dose: rows have no order."""
    asked = [course.code for course in trial.courses.values() if course.infusions or course.adverse_events]
    recorded = [entry.at for entry in trial.entries.values() if entry.at]
    if study is None or not asked or not recorded:
        return []
    with TemporaryDirectory() as kept:
        _write_tables(trial.of(asked), Path(kept), "csv")
        rows = take_in(study, Path(kept)).trial
    today = max(recorded).astimezone(trial.frame.zone).date()
    closed = (dlt_window(study, given.last.earliest).dosing_from for given in first_doses(study, trial))
    days = sorted({today, *(max(day, today) for day in closed)})
    found = [_differs(_counted(study, trial, day), _counted(study, rows, day)) for day in days]
    return list(dict.fromkeys(said for each in found for said in each))


def _counted(study: Study, trial: Trial, day: date) -> dict[str, str]:
    """How everybody counts on a day, in words; under no name, why nobody can say."""
    try:
        found = decide_next_dose(study, trial, day)
    except EscalationError:
        return {"": "no dose can be decided"}
    return {one.participant: OUTCOMES[one.outcome] + ", in doubt" * one.in_doubt for one in found.reviews}


def _differs(kept: dict[str, str], rows: dict[str, str]) -> Iterator[str]:
    for code in sorted({*kept, *rows}):
        if kept.get(code) != rows.get(code):
            yield f"{code or 'the trial'}: {kept.get(code, 'decided')} by the record, {rows.get(code, 'decided')} by its rows"


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
