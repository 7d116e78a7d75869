"""What people write in brackets behind the name of a column: the unit of its numbers, or how its dates are written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from escalon.facts import read_moment, spelled
from escalon.facts.amount import AmountError, read_amount
from escalon.facts.written_day import Dates
from escalon.sources.columns import Cell, Column
from escalon.sources.tables import Table
from escalon.sources.written import Row

_NAMES = frozenset("participant analyte level role run sample source visit".split())
"""Columns of names, never of amounts: what stands in brackets behind one, `participant (ID)`, is no unit of it."""
_LIMITS = frozenset({"uln", "lln"})
_BRACKETS = re.compile(r"(.+?)_*[\[(](.+)[\])]")
_ORDERS: Mapping[str, Dates | None] = {
    **dict.fromkeys(("dmy", "tmj", "jma"), "dmy"), "mdy": "mdy", **dict.fromkeys(("ymd", "jmt", "amj")),
}  # fmt: skip
"""`dd/mm/yyyy`, `TT.MM.JJJJ`, `jj/mm/aaaa`: by the first letter of each part."""


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """The name of a column, and what stands behind it in brackets."""

    name: str
    unit: str = ""
    dates: Dates | None = None
    takes_unit: bool = field(default=True, repr=False)
    """Whether a cell may hold its unit; a dose has a column for it, so nothing is put behind the number."""

    def read(self, text: str) -> str:
        """A cell with what its column says: a day in ISO form, a number beside its unit. Raises ValueError where it cannot be."""
        if self.dates is not None and text:
            return as_iso(text, self.dates)
        if self.unit and text and not self.takes_unit:
            raise ValueError(
                f"the unit behind the column's name, ({self.unit}), is not read. Name the column {self.name} alone, and "
                "write the unit in the column unit"
            )
        try:
            own = read_amount(text).unit if self.unit else self.unit
        except AmountError:
            return text
        return text if own is not None and spelled(own) == spelled(self.unit) else f"{text} {self.unit}"


def heading(column: str) -> ColumnHead:
    """A column as its first row names it, in small letters and with underscores.

    >>> heading("temp_c_[°f]"), heading("date_(dd/mm/yyyy)")
    (ColumnHead(name='temp_c', unit='°f', dates=None), ColumnHead(name='date', unit='', dates='dmy'))
    """
    found = _BRACKETS.fullmatch(column)
    if found is None:
        return ColumnHead(column)
    name, said = found.groups()
    order = "".join(part[0] for part in re.split(r"[\W_]+", said) if part)
    if order in _ORDERS:
        return ColumnHead(name, dates=_ORDERS[order])
    return ColumnHead(name, "" if name in _NAMES or said in _LIMITS else said)


def as_iso(text: str, dates: Dates | None) -> str:
    """A date, written as its column or mapping says, in ISO form with its clock. Raises DayError."""
    moment = read_moment(text, dates)
    return f"{moment.day}T{moment.clock:%H:%M}" if moment.clock else str(moment.day)


def plainly_headed(table: Table, known: Mapping[str, Column] | None = None) -> Table:
    """A table whose columns are named alone: `temp_c [°F]` is the column `temp_c`, its bare numbers in °F.

    Where the `known` columns are given, only they are looked for, and a unit is only said of numbers.
    """
    parted = {column: heading(column) for column in table.columns if known is None or column not in known}
    parted = {column: one for column, one in parted.items() if one.name != column and (not known or one.name in known)}
    names = tuple(parted.get(column, ColumnHead(column)).name for column in table.columns)
    if not parted or len(set(names)) < len(names):
        return table
    if known is not None:
        parted = {at: _fitting(one, known[one.name].cell) for at, one in parted.items()}
    return replace(table, columns=names, rows=[_row(row, parted) for row in table.rows])


def _fitting(one: ColumnHead, cell: Cell) -> ColumnHead:
    if cell in ("value", "amount"):
        return one
    return replace(one, takes_unit=False) if cell in ("number", "whole") else replace(one, unit="")


def _row(row: Row, parted: Mapping[str, ColumnHead]) -> Row:
    cells, broken = {}, row.broken
    for column, text in row.cells.items():
        own = parted.get(column, ColumnHead(column))
        try:
            cells[own.name] = own.read(text)
        except ValueError as error:
            cells[own.name], broken = text, broken or (own.name, text, str(error))
    return replace(row, cells=cells, broken=broken)
