"""Grading a table of laboratory results: rows are gathered by test and unit and graded as columns.

What cannot be read is named and not graded; it never becomes a grade 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escalon.facts import UnitError, read_number, spelled
from escalon.instruments.safety.ctcae.grading import MODIFIERS, Laboratory
from escalon.instruments.safety.ctcae.laboratory import UnknownTest, grade_columns, in_unit, terms_of

NUMBERS = ("value", "lower", "upper", "baseline", "albumin", "temp_c", "sustained_minutes")
COLUMNS = ("test", "unit", *NUMBERS, *MODIFIERS)
"""The columns that grading reads; others are carried along and not read."""
ROOTS = ("value", "part:grade_value", "part:grade_worst")


@dataclass(frozen=True, slots=True)
class GradedRow:
    """One term's grade for one row: as recorded, by the number alone, and at worst; `problem` says why there is none."""

    row: int
    term: str
    grade: int | None
    grade_value: int | None
    grade_worst: int | None
    problem: str = ""


def grade_rows(rows: Sequence[Mapping[str, str]], tell: Callable[[int], None] | None = None) -> tuple[GradedRow, ...]:
    """Every term that each row's test can give, in the order of the rows.

    Rows have `test`, `value`, `unit`, `lower`, `upper`, `baseline` and any modifier; a limit is in the unit of the value.
    `tell` is called with the number of rows done.
    """
    found: list[GradedRow] = []
    groups: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for number, row in enumerate(rows):
        try:
            groups.setdefault((row.get("test", ""), row.get("unit", "")), []).append((number, _read(row)))
        except ValueError as error:
            found.append(GradedRow(number, row.get("test", ""), None, None, None, str(error)))
    done = 0
    for (test, unit), some in groups.items():
        found.extend(_grade_group(test, unit, some))
        done += len(some)
        if tell:
            tell(done)
    return tuple(sorted(found, key=lambda graded: graded.row))


def _read(row: Mapping[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name in NUMBERS:
        text = (row.get(name) or "").strip()
        if text:
            try:
                cells[name] = float(read_number(text))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    for name in MODIFIERS:
        text = (row.get(name) or "").strip().lower()
        if text:
            if text not in _TRUTHS:
                raise ValueError(f"{name}: {text!r} is neither yes nor no. Write yes or no, or leave it empty")
            cells[name] = _TRUTHS[text]
    if "value" not in cells:
        raise ValueError("value: is empty")
    return cells


_TRUTHS = {"yes": 1.0, "y": 1.0, "true": 1.0, "1": 1.0, "no": 0.0, "n": 0.0, "false": 0.0, "0": 0.0}


def _grade_group(test: str, unit: str, some: Sequence[tuple[int, dict[str, Any]]]) -> Iterable[GradedRow]:
    try:
        labs = in_unit(terms_of(test), unit or None, None)
        _check_unit(labs, test, unit)
    except (UnknownTest, UnitError) as error:
        return [GradedRow(number, test, None, None, None, str(error)) for number, _ in some]
    return [row for lab in labs for row in _grade_term(lab, unit, some)]


def _check_unit(labs: Sequence[Laboratory], test: str, unit: str) -> None:
    for lab in labs:
        accepted = (lab.quantity.unit, *lab.quantity.accepts)
        if not unit and lab.quantity.accepts and not lab.ratio_only:
            raise UnitError(f"{test} has no unit. Write {' or '.join(accepted)}")
        if unit and not lab.ratio_only and spelled(unit) not in {spelled(known) for known in accepted}:
            raise UnitError(f"{test} is in {unit!r}. Accepted: {', '.join(accepted)}")


def _grade_term(lab: Laboratory, unit: str, some: Sequence[tuple[int, dict[str, Any]]]) -> Iterable[GradedRow]:
    import numpy as np

    names = {name for _, cells in some for name in cells}
    columns = {name: np.array([cells.get(name, np.nan) for _, cells in some]) for name in names}
    results = grade_columns(lab.name, columns, unit or None, ROOTS)
    grades = [[None if grade != grade else int(grade) for grade in results[root].tolist()] for root in ROOTS]
    return [GradedRow(number, lab.term.name, *each) for (number, _), *each in zip(some, *grades, strict=True)]
