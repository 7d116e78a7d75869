"""`escalon dose product --table`: every row of a file judged, or the whole file refused by name and line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from escalon.cli.dose_entries import bag_of, infusion_of, tracked, weight_of, wrong

if TYPE_CHECKING:
    from escalon.protocol.study import Study

_TABLE_COLUMNS = "participant level weight cells_per_ml viability car_fraction car_gate volume residual cells".split()
_ADDED = "cells_given cells_per_kg deviation_percent in_window level_delivered flags reasons".split()


def judge_table(study: "Study", table: Path, output: Path | None, as_json: bool) -> None:
    """Every row judged; a row that cannot be read stops the whole table, named with its line."""
    from escalon.casebook.folder import read_table
    from escalon.reporting.tables.grid import csv_text

    read = read_table(table)
    unknown = [name for name in read.columns if name not in _TABLE_COLUMNS]
    absent = [name for name in ("participant", "level", "weight") if name not in read.columns]
    if unknown or absent:
        what = f"column {absent[0]} is missing" if absent else f"column {unknown[0]!r} is not known"
        wrong(f"{table.name}:1: {what}. Columns: {', '.join(_TABLE_COLUMNS)}")
    judged, problems = [], []
    for row in tracked(read.rows):
        try:
            judged.append(_judged(study, row.cells))
        except ValueError as error:
            problems.append(f"{table.name}:{row.line}: {str(error).removeprefix('--')}")
    if problems:
        for problem in problems:
            typer.echo(problem, err=True)
        typer.echo(f"escalon: {len(problems)} of {len(read.rows)} rows cannot be read; nothing was judged", err=True)
        raise typer.Exit(2)
    if as_json:
        text = json.dumps(
            [dict(zip((*read.columns, *_ADDED), row, strict=True)) for row in judged], ensure_ascii=False, indent=2
        )
    else:
        text = csv_text((*read.columns, *_ADDED), judged).rstrip("\n")
    if output:
        output.write_text(text + "\n", encoding="utf-8")
        typer.echo(f"{len(judged)} rows judged: {output}")
    else:
        typer.echo(text)
    raise typer.Exit(0 if all(row[len(read.columns) + 3] == "yes" for row in judged) else 1)


def _judged(study: "Study", cells: Any) -> list[Any]:
    """One row with what was concluded behind it."""
    from escalon.facts import jsonable

    given = {name: cells.get(name) or None for name in _TABLE_COLUMNS}
    names = ("cells_per_ml", "viability", "car_fraction", "volume", "residual", "cells")
    bag = bag_of(
        **{name: given[name] for name in names}, car_gate=given["car_gate"] or "viable", release_viability=None
    )
    if not (given["level"] or "").isdigit():
        raise ValueError(f"level {given['level']!r} is not a number of a level")
    weight = weight_of(study, given["weight"], None, None, None)
    found = infusion_of(study, int(given["level"] or 0), bag, weight)
    parts, verdict = found.verdict.components, {True: "yes", False: "no", None: "not known"}[found.verdict.value]  # type: ignore[index]
    flags = dict.fromkeys((*found.per_kg.flags, *found.verdict.flags))
    return [
        *cells.values(), jsonable(found.cells.value), jsonable(found.per_kg.value),
        jsonable(parts.get("deviation_percent")), verdict, parts.get("level_delivered"), " ".join(flags),
        "; ".join(found.verdict.reasons),
    ]  # fmt: skip
