"""The tables of a data folder, column by column: what the dictionary prints and what the check enforces."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from escalon.kinetics.sample import COLUMNS as SAMPLE_COLUMNS
from escalon.safety.words import Criterion, Outcome, Syndrome

Cell: TypeAlias = Literal[
    "code",
    "name",
    "text",
    "day",
    "number",
    "amount",
    "whole",
    "grade",
    "truth",
    "value",
    "unit",
    "relation",
    "outcome",
    "criteria",
    "syndrome",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind of cell, what it means, whether a cell must be filled, and whether the column itself must stand."""

    name: str
    cell: Cell
    about: str
    required: bool = False
    stands: bool = False


_SAMPLE_CELLS: dict[str, Cell] = {
    "participant": "code", "analyte": "name", "date": "day", "value": "value", "unit": "unit",
    **dict.fromkeys(("day", "nominal_day", "lloq", "lod", "uloq"), "amount"),
}  # fmt: skip
_NEEDED_OF_A_SAMPLE = ("participant", "analyte", "unit")


def _tables() -> dict[str, tuple[Column, ...]]:
    """The tables of `columns.txt`: a column a line; behind the kind of cell `!` where it must be filled, `+` where the column
    must stand though a cell may be empty.
    """
    lists = {"criteria": Criterion, "syndromes": Syndrome, "outcomes": Outcome}
    said = {name: ", ".join(words) for name, words in lists.items()}
    found: dict[str, tuple[Column, ...]] = {}
    for line in Path(__file__).with_name("columns.txt").read_text(encoding="utf-8").splitlines():
        name, _, told = line.partition("|")
        if not told:
            table = name.strip("[]")
            continue
        cell, about = (part.strip() for part in told.split("|", 1))
        kind: Cell = cell.rstrip("!+ ")  # type: ignore[assignment]
        one = Column(name.strip(), kind, about.format_map(said), cell.endswith("!"), cell.endswith("+"))
        found[table] = (*found.get(table, ()), one)
    return found


TABLES: dict[str, tuple[Column, ...]] = _tables() | {
    "samples": tuple(
        Column(name, _SAMPLE_CELLS.get(name, "text"), about, name in _NEEDED_OF_A_SAMPLE)
        for name, about in SAMPLE_COLUMNS.items()
    ),
}


def must_stand(table: str) -> list[str]:
    """The columns a table cannot be read without."""
    return [one.name for one in TABLES[table] if one.required or one.stands]
