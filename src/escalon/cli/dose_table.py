"""`escalon dose product --table`: every row of a file judged, or the whole file refused by name and line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from escalon.cli.dose_entries import bag_of, surface_of, weight_of
from escalon.cli.input_table import each_row, read_rows
from escalon.cli.output import give_rows

if TYPE_CHECKING:
    from escalon.protocol.study import Study

_TABLE_COLUMNS = (
    "participant level weight cells_per_ml viability car_fraction car_gate volume residual cells given height".split()
)
_ADDED = "deviation_percent in_window level_delivered flags reasons".split()


def judge_table(study: "Study", table: Path, output: Path | None, as_json: bool) -> None:
    """Every row judged; a row that cannot be read stops the whole table, named with its line."""
    columns, rows = read_rows(table, _needed(study), _TABLE_COLUMNS)
    judged = each_row(rows, lambda cells: _judged(study, cells), "doses")
    first = (
        ("cells_given", "cells_per_kg" if _per(study) else "dose_given")
        if study.dose.levels[0].amount.is_cells
        else ("given_in_all", "dose_given")
    )
    give_rows((*columns, *first, *_ADDED), judged, output, as_json, "rows judged")
    raise typer.Exit(0 if all(row[len(columns) + 3] == "yes" for row in judged) else 1)


def _per(study: "Study") -> str:
    return study.dose.levels[0].amount.per


def _needed(study: "Study") -> tuple[str, ...]:
    """The columns without which no row can be judged: a flat dose asks for no weight."""
    return ("participant", "level", "weight") if _per(study) else ("participant", "level")


def _judged(study: "Study", cells: Any) -> list[Any]:
    """One row with what was concluded behind it."""
    from escalon.conduct.judge.dose_day import steps_of
    from escalon.facts import jsonable

    given = {name: cells.get(name) or None for name in _TABLE_COLUMNS}
    names = ("cells_per_ml", "viability", "car_fraction", "volume", "residual", "cells", "given")
    known = {name: given[name] for name in names}
    bag = bag_of(study, **known, car_gate=given["car_gate"] or "viable", release_viability=None)
    if not (given["level"] or "").removeprefix("-").isdecimal():
        raise ValueError(f"level {given['level']!r} is not a number of a level")
    weight = weight_of(study, given["weight"], None, None, None)
    surface = surface_of(study, given["height"], weight)
    found = steps_of(study, int(given["level"] or 0), bag, weight, surface=surface)
    parts, verdict = found.verdict.components, {True: "yes", False: "no", None: "not known"}[found.verdict.value]  # type: ignore[index]
    flags = dict.fromkeys((*found.per_kg.flags, *found.verdict.flags))
    return [
        *cells.values(), jsonable(found.cells.value), jsonable(found.per_kg.value),
        jsonable(parts.get("deviation_percent")), verdict, parts.get("level_delivered"), " ".join(flags),
        "; ".join(found.verdict.reasons),
    ]  # fmt: skip
