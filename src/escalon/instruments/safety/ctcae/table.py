"""Grading a table of laboratory results: rows are gathered by test and unit and graded as columns.

What cannot be read is named and not graded; it never becomes a grade 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from escalon.facts import Finding, Interval, ReadError, Status, UnitError, factor, read_truth
from escalon.facts.amount import read_amount
from escalon.facts.number import thousands
from escalon.facts.words import not_known, truth
from escalon.instruments.safety.ctcae.grading import MODIFIERS, Laboratory
from escalon.instruments.safety.ctcae.laboratory import (
    UnknownTest,
    grade_columns,
    grade_laboratory,
    in_unit,
    laboratory_terms,
    terms_of,
)

NUMBERS = ("value", "lower", "upper", "baseline", "albumin", "temp_c", "sustained_minutes")
CONFIRM = ("confirm", "confirmed")
COLUMNS = ("test", "unit", *NUMBERS, *MODIFIERS, *CONFIRM)
"""The columns that grading reads; others are carried along and not read."""
ROOTS = ("value", "part:grade_value", "part:grade_worst")


@dataclass(frozen=True, slots=True)
class GradedRow:
    """One term's grade for one row: as recorded, by the number alone, and at worst.

    `problem` says why the row cannot be read, `says` what a person should know of one that can.
    """

    row: int
    term: str
    grade: int | None
    grade_value: int | None
    grade_worst: int | None
    problem: str = ""
    says: str = ""


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
    """The cells of a row: plain numbers and truths as doubles; a number with its unit, or below a limit, as it is written."""
    cells: dict[str, Any] = {}
    for name in NUMBERS:
        text = (row.get(name) or "").strip()
        if not_known(text):
            continue
        try:
            amount = read_amount(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        is_plain = amount.unit is None and not thousands(text)
        cells[name] = float(amount.value) if is_plain and not isinstance(amount.value, Interval) else text
    for name in MODIFIERS:
        try:
            found = read_truth((row.get(name) or "").strip())
        except ReadError as error:
            raise ValueError(f"{name}: {error}") from None
        if found is not None:
            cells[name] = float(found)
    if "value" not in cells:
        raise ValueError("value: is empty")
    confirmed = next((text for name in CONFIRM if (text := (row.get(name) or "").strip())), "")
    answer = truth(confirmed)
    if confirmed and answer is not False:
        cells["confirm"] = confirmed if answer is None else " ".join(name for name in NUMBERS if name in cells)
    return cells


def _grade_group(test: str, unit: str, some: Sequence[tuple[int, dict[str, Any]]]) -> Iterable[GradedRow]:
    try:
        labs = in_unit(terms_of(test), unit or None, None)
    except (UnknownTest, UnitError) as error:
        return [GradedRow(number, test, None, None, None, str(error)) for number, _ in some]
    item = labs[0].quantity.item(labs[0].quantity.name)
    is_bare = not unit and item.needs_unit and not labs[0].ratio_only
    spans = _usual(labs, unit)
    plain, apart = list[tuple[int, dict[str, Any]]](), list[tuple[int, dict[str, Any]]]()
    for one in some:
        is_plain = _is_usual(one[1], spans) and not _has_limit_implied(labs, one[1])
        (plain if (is_bare and _is_numbers(one[1])) or is_plain else apart).append(one)
    if is_bare:
        why = f"{test} has no unit. Write {' or '.join(item.units)}"
        graded = [GradedRow(number, test, None, None, None, why) for number, _ in plain]
    else:
        graded = [row for lab in labs for row in _grade_term(lab, unit, plain)] if plain else []
    return graded + [row for one in apart for row in _grade_as_visit(test, unit, *one)]


def _usual(labs: Sequence[Laboratory], unit: str) -> Mapping[str, tuple[float, float]]:
    """Between which numbers, in the unit of the rows, nothing is refused, held or flagged, by what was measured.

    Nothing where the unit is not one of the test's: then no row is plain, and each is told so.
    """
    found: dict[str, tuple[float, float]] = {}
    for lab in labs:
        items = laboratory_terms()[lab.name][1].items
        try:
            scale = factor(unit or lab.quantity.unit, lab.quantity.unit, lab.quantity.substance)
        except UnitError:
            return {}
        for name, item in ((name, items[name]) for name in NUMBERS if name in items):
            times = 1 if name in lab.more else scale
            lows, highs = zip((item.low, item.high), item.query, item.doubtful, strict=True)
            low = max((float(end / times) for end in lows if end is not None), default=-inf)
            high = min((float(end / times) for end in highs if end is not None), default=inf)
            least, most = found.get(name, (-inf, inf))
            found[name] = max(low, least), min(high, most)
    return found


def _is_numbers(cells: Mapping[str, Any]) -> bool:
    """Whether a row is numbers and truths alone."""
    return not any(isinstance(cell, str) for cell in cells.values())


def _is_usual(cells: Mapping[str, Any], spans: Mapping[str, tuple[float, float]]) -> bool:
    """Whether each number of a row is within what is usual, so that nothing is asked about it."""
    known = bool(spans) and _is_numbers(cells)
    return known and all(low <= cells.get(name, low) <= high for name, (low, high) in spans.items())


def _has_limit_implied(labs: Sequence[Laboratory], cells: Mapping[str, Any]) -> bool:
    """Whether a limit that a term asks for follows from the other: a value below the lower is not above the upper one."""
    lacks = {name for lab in labs for name in lab.limits} - cells.keys()
    is_low, is_high = cells["value"] < cells.get("lower", -inf), cells["value"] > cells.get("upper", inf)
    return ("upper" in lacks and is_low) or ("lower" in lacks and is_high)


def _grade_as_visit(test: str, unit: str, number: int, cells: Mapping[str, Any]) -> Iterable[GradedRow]:
    """A row with an interval or a unit of its own in a cell, graded by the reading for one visit."""
    given = {name: bool(cell) if name in MODIFIERS else cell for name, cell in cells.items()}
    known = {name for lab in terms_of(test) for name in laboratory_terms()[lab.name][1].items}
    known |= {"lower", "upper", "baseline", "confirm"}
    try:
        found = grade_laboratory(test, unit or None, **{name: cell for name, cell in given.items() if name in known})
    except ValueError as error:
        return [GradedRow(number, test, None, None, None, str(error))]
    return [_of_finding(number, finding) for finding in found]


def _of_finding(number: int, finding: Finding) -> GradedRow:
    term = laboratory_terms()[finding.name][0].term.name
    if finding.status is Status.INVALID:
        return GradedRow(number, term, None, None, None, "; ".join(finding.reasons))
    grades = (finding.value, *(finding.components.get(part) for part in ("grade_value", "grade_worst")))
    grade, by_value, worst = (grade if isinstance(grade, int) else None for grade in grades)
    return GradedRow(number, term, grade, by_value, worst, says="; ".join(finding.reasons))


def _grade_term(lab: Laboratory, unit: str, some: Sequence[tuple[int, dict[str, Any]]]) -> Iterable[GradedRow]:
    import numpy as np

    names = {name for _, cells in some for name in cells}
    columns = {name: np.array([cells.get(name, np.nan) for _, cells in some]) for name in names}
    results = grade_columns(lab.name, columns, unit or None, ROOTS)
    grades = [[None if grade != grade else int(grade) for grade in results[root].tolist()] for root in ROOTS]
    return [GradedRow(number, lab.term.name, *each) for (number, _), *each in zip(some, *grades, strict=True)]
