"""The haematological system of BILAG-2004, graded by a versioned table that is still to be checked against its source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from escalon.expressions.symbols import all_of, any_of, known
from escalon.instruments.activity.bilag_2004.attribution import attributed, is_asked, is_open
from escalon.instruments.activity.bilag_2004.form import CELL_LINES, VALUES
from escalon.instruments.activity.bilag_2004.grade import System
from escalon.instruments.kit.instrument import Items

TABLE = "bilag_haem_2009"


@dataclass(frozen=True, slots=True)
class CountRow:
    """One way to reach a grade: a value from one limit up to below another, perhaps together with a finding."""

    grade: str
    item: str
    start: Decimal | int | None
    below: Decimal | int | None
    together_with: str | None

    def holds(self, it: Items) -> Any:
        """Whether the value lies in the range, three-valued; a row without limits is a finding that is present."""
        value, conditions = it[self.item], []
        if self.start is not None:
            conditions.append(value >= self.start)
        if self.below is not None:
            conditions.append(value < self.below)
        if self.together_with:
            conditions.append(it[self.together_with])
        return all_of(conditions) if conditions else value


@dataclass(frozen=True, slots=True)
class CountTable:
    """A version of the haematological grading."""

    version: str
    confirmed: bool
    source: str
    rows: tuple[CountRow, ...]


@cache
def table(version: str = TABLE) -> CountTable:
    """The grading table of a version, as shipped beside this file."""
    text = files(__package__).joinpath(f"{version}.toml").read_text(encoding="utf-8")
    read: Mapping[str, Any] = tomllib.loads(text, parse_float=Decimal)
    rows = (
        CountRow(row["grade"], row["item"], row.get("from"), row.get("below"), row.get("with")) for row in read["row"]
    )
    return CountTable(read["version"], read["confirmed"], read["source"], tuple(rows))


def haematological(it: Items) -> System:
    """The highest grade that any row of the table gives for values due to lupus."""
    return System(
        **{grade.lower(): any_of(_met(it, row) for row in table().rows if row.grade == grade) for grade in "ABC"},
        assessed=any_of(known(it[name]) for name in VALUES["haematological"]),
    )


def attribution_open(it: Items) -> Any:
    """Whether an abnormal count still waits for its attribution."""
    return any_of(is_open(it, name, _abnormal(it, name)) for name in CELL_LINES)


def attribution_asked(it: Items) -> dict[str, Any]:
    """When the attribution of each count matters."""
    return {f"{name}_due_to_sle": is_asked(it, _abnormal(it, name)) for name in CELL_LINES}


def _abnormal(it: Items, name: str) -> Any:
    return any_of(row.holds(it) for row in table().rows if row.item == name)


def _met(it: Items, row: CountRow) -> Any:
    return attributed(it, row.item, row.holds(it)) if row.item in CELL_LINES else row.holds(it)
