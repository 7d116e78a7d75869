"""A decision table brought by the user: CSV in, the same walk as BOIN's out.

Three layouts, told apart by the header:

* `n,t,decision` - one cell a line; decisions E, S, D, DU.
* `n,0,1,2,3,...` - one row per n, the decision for 0, 1, 2, ... DLTs.
* `n,escalate,de_escalate,eliminate` - boundaries per n: escalate at t <= the first, de-escalate at t >= the second,
  eliminate at t >= the third (empty: never).
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from escalon.escalation.decision_table import LETTERS, Advice, DecisionTable, TableWalk, by_boundaries
from escalon.escalation.errors import EscalationError
from escalon.facts.plain_file import text_of

LAYOUTS = "`n,t,decision`, `n,0,1,2,3,…` or `n,escalate,de_escalate,eliminate`"


def read_decision_table(source: str | Path) -> DecisionTable:
    """Read a decision table from a CSV file (a path) or from its text; every slip is named with its line."""
    if isinstance(source, Path) and not source.is_file():
        raise EscalationError(f"{source}: there is no such file. Write a CSV with a header: {LAYOUTS}")
    where = str(source) if isinstance(source, Path) else "decision table"
    text = text_of(source) if isinstance(source, Path) else source
    lines = [(number, row) for number, row in enumerate(csv.reader(io.StringIO(text)), start=1) if any(row)]
    if len(lines) < 2:
        raise EscalationError(f"{where}: no rows. Write a header and a row per n: {LAYOUTS}")
    header = [cell.strip().lower() for cell in lines[0][1]]
    cells: dict[tuple[int, int], Advice] = {}
    for number, row in lines[1:]:
        place = f"{where}, line {number}"
        if len(row) > len(header):
            raise EscalationError(f"{place}: {len(row)} cells under a header of {len(header)}")
        padded = [cell.strip() for cell in row] + [""] * (len(header) - len(row))
        for key, cell in _row(header, padded, place).items():
            if cells.setdefault(key, cell) != cell:
                raise EscalationError(f"{place}: n = {key[0]}, t = {key[1]} is given twice, differently")
    return _whole(cells, where)


def _row(header: list[str], row: list[str], place: str) -> dict[tuple[int, int], Advice]:
    if header == ["n", "t", "decision"]:
        n, t = _count(row[0], place), _count(row[1], place)
        return {(n, t): _letter(row[2], place)}
    n = _count(row[0], place)
    if header[:3] == ["n", "escalate", "de_escalate"]:
        e, d, x = (_count(cell, place) if cell else None for cell in (*row[1:4], "", "")[:3])
        return {(n, t): by_boundaries(t, e, d, x) for t in range(n + 1)}
    if header[0] == "n" and all(re.fullmatch("[0-9]{1,3}", cell) for cell in header[1:]):
        given = {(n, int(t)): _letter(cell, place) for t, cell in zip(header[1:], row[1:], strict=False) if cell}
        beyond = [t for _, t in given if t > n]
        if beyond:
            raise EscalationError(f"{place}: a decision for {beyond[0]} DLTs of {n}; leave cells beyond n empty")
        return given
    raise EscalationError(f"{place}: unknown header {','.join(header)}. Write {LAYOUTS}")


def _count(cell: str, place: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", cell):
        raise EscalationError(f"{place}: “{cell}” is not a count. Write 0, 1, 2, … (at most 999)")
    return int(cell)


def _letter(cell: str, place: str) -> Advice:
    if cell.upper() not in LETTERS:
        raise EscalationError(
            f"{place}: “{cell}” is not a decision. Write E (escalate), S (stay), D (de-escalate) or DU"
        )
    return LETTERS[cell.upper()]


def _whole(cells: dict[tuple[int, int], Advice], where: str) -> DecisionTable:
    """Check that every n given has a decision for each t = 0..n; an n not given stays undefined."""
    sizes = sorted({n for n, _ in cells if n})
    if not sizes:
        raise EscalationError(f"{where}: no row says anything of n = 1 or more")
    rows: dict[int, tuple[Advice, ...]] = {0: (Advice.STAY,)}
    for n in sizes:
        missing = [t for t in range(n + 1) if (n, t) not in cells]
        if missing:
            raise EscalationError(f"{where}: n = {n} has no decision for t = {', '.join(map(str, missing))}")
        rows[n] = tuple(cells[n, t] for t in range(n + 1))
    for n, t in cells:
        if t > n:
            raise EscalationError(f"{where}: {t} DLTs of {n} is impossible")
    return DecisionTable(tuple(rows.get(n) for n in range(sizes[-1] + 1)))


def user_table(
    levels: int, table: DecisionTable | str | Path, target: float, *, name: str = "user table", **walk: int
) -> TableWalk:
    """A design driven by the user's own table; `target` is the risk its MTD selection aims at. `walk`: cohort, start, lowest."""
    read = table if isinstance(table, DecisionTable) else read_decision_table(table)
    return TableWalk(name, levels, read, target, says=(), **walk)
