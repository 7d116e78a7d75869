"""An independent reading of the laboratory limits: the cells of the specification page, evaluated as they stand.

Nothing here comes from the implementation: a cell such as `3 * U < x ≤ 5 * U` is turned into a Python comparison over exact
fractions, and the grade is the one whose cell holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from tests.safety.spec_pages import NONE, Row

# What the `when` column means for inputs beside the value.
MODIFIERS = {
    "symptomatic": {"symptomatic": True, "intervention": False},
    "asymptomatic": {"symptomatic": False, "intervention": False},
    "anticoagulant": {"anticoagulated": True},
    "no anticoagulant": {"anticoagulated": False},
    "consequences": {"consequences": True},
    "no consequences": {"consequences": False},
    "longer than 24 hours": {"longer_than_24_h": True},
    "up to 24 hours": {"longer_than_24_h": False},
    "no pulmonary symptoms": {"pulmonary_symptoms": False},
}


def holds(condition: str, values: Mapping[str, Fraction]) -> bool:
    """Whether a cell's condition is true of exact values for x, L, U and B."""
    text = condition.replace("≤", "<=").replace("≥", ">=")
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r"F('\1')", text)
    return bool(eval(text, {"__builtins__": {}}, {**values, "F": Fraction}))  # a page of this repository


def applies(row: Row, values: Mapping[str, Fraction]) -> bool:
    """Whether the row's `when` holds: a comparison of the baseline, or a modifier, which the caller sets."""
    when = row.cells["when"]
    return when in NONE or when in MODIFIERS or holds(when, values)


def true_cells(row: Row, values: Mapping[str, Fraction]) -> list[int]:
    """The grades whose cell holds."""
    return [
        grade for grade in (1, 2, 3, 4) if row.cells[str(grade)] not in NONE and holds(row.cells[str(grade)], values)
    ]


def grade(row: Row, values: Mapping[str, Fraction]) -> int:
    """The worst grade whose cell holds; 0 where none does."""
    return max(true_cells(row, values), default=0)


def numbers(row: Row) -> list[Fraction]:
    """The fixed limits that the row prints."""
    text = " ".join(row.cells[grade] for grade in "1234")
    return [Fraction(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?! \*)", text)]


def factors(row: Row) -> list[Fraction]:
    """The multiples that the row prints."""
    text = " ".join(row.cells[grade] for grade in "1234")
    return [Fraction(found) for found in re.findall(r"(\d+(?:\.\d+)?) \*", text)]


def reads(row: Row, symbol: str) -> bool:
    """Whether the row reads L, U or B."""
    return any(re.search(rf"\b{symbol}\b", row.cells[key]) for key in ("1", "2", "3", "4", "when"))
