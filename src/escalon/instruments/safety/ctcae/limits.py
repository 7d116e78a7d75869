"""CTCAE v5.0 terms that one row of limits grades, as the dictionary prints them.

`L` and `U` are the laboratory's limits of normal. A grade begins beyond its limit (below it, above it), or at it where marked
`>=`. Where the dictionary prints SI and conventional limits that are not the same number (7.75 mmol/L is not 300 mg/dL), both
rows are kept and the laboratory's own unit chooses: nothing is converted first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from escalon.expressions.symbols import case, otherwise
from escalon.instruments.kit.item import number
from escalon.instruments.safety.ctcae.grading import Conditions, Laboratory, Register
from escalon.instruments.safety.ctcae.quantities import QUANTITIES, TABLES
from escalon.instruments.safety.ctcae.terms import find_term

REGISTER = Register(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a table: a number, or a multiple of a reference limit; `included` where the grade starts at it."""

    factor: str
    reference: str | None = None
    included: bool = False

    def of(self, x: Any) -> Any:
        """The limit as a term over the inputs."""
        factor = Fraction(self.factor)
        return factor if self.reference is None else x[self.reference] if factor == 1 else factor * x[self.reference]


_REFERENCES = {"L": "lower", "U": "upper", "B": "baseline"}


def read_limit(text: str) -> Limit | None:
    """Read a cell: `-` none, `100`, `U`, `2.5U`, `>=1.71` where the grade starts at the limit itself."""
    if text == "-":
        return None
    included = text.startswith((">=", "<="))
    text = text.removeprefix(">=").removeprefix("<=")
    if text[-1] in _REFERENCES:
        return Limit(text[:-1] or "1", _REFERENCES[text[-1]], included)
    return Limit(text, None, included)


def stepped(cells: Iterable[str], *, falling: bool) -> tuple[Callable[[Any], Conditions], tuple[str, ...]]:
    """The conditions of a row of limits for grades 1–4, and the reference limits it reads."""
    limits = {grade: limit for grade, cell in enumerate(cells, 1) if (limit := read_limit(cell))}

    def conditions(x: Any) -> Conditions:
        return {grade: _beyond(x, limit, falling) for grade, limit in limits.items()}

    return conditions, tuple(dict.fromkeys(limit.reference for limit in limits.values() if limit.reference))


def _beyond(x: Any, limit: Limit, falling: bool) -> Any:
    end = limit.of(x)
    if falling:
        return x.value <= end if limit.included else x.value < end
    return x.value >= end if limit.included else x.value > end


def _corrected_calcium(per_gram: str) -> Any:
    """Total calcium, corrected for an albumin below 40 g/L where one is given; otherwise the value is taken as corrected."""

    def corrected(x: Any) -> Any:
        low = otherwise(x.albumin < 40, False)
        return case(low, x.value + Fraction(per_gram) * (40 - x.albumin), x.value)

    return corrected


# mmol/L: + 0.02 for each g/L of albumin below 40; mg/dL: + 0.8 for each g/dL (spec SAF-4, secondary source).
_CORRECTIONS = {("calcium", "mmol/L"): _corrected_calcium("0.02"), ("calcium", "mg/dL"): _corrected_calcium("0.08")}
_ALBUMIN = number("albumin, where the value is total calcium", 0, None, "g/L", accepts=("g/dL",), needed=False)


def _alternatives(text: str) -> dict[int, tuple[str, ...]]:
    pairs = [part.split() for part in text.split(",") if part.strip()]
    return {int(grade): (modifier,) for grade, modifier in pairs}


def _add_table(table: str, *, falling: bool) -> None:
    for line in table.splitlines():
        term, row, also = (part.strip() for part in line.split("|"))
        quantity, unit, *cells = row.split()
        conditions, limits = stepped(cells, falling=falling)
        ratio_only = all(cell == "-" or cell[-1] in "LU" for cell in cells)
        REGISTER.add(
            Laboratory(
                find_term(term),
                QUANTITIES[quantity, unit],
                conditions,
                limits,
                alternatives=_alternatives(also),
                ratio_only=ratio_only,
                corrected=_CORRECTIONS.get((quantity, unit)),
                more={"albumin": _ALBUMIN} if quantity == "calcium" else {},
            )
        )


_add_table(TABLES["falling"], falling=True)
_add_table(TABLES["rising"], falling=False)


globals().update(REGISTER.by_name())  # the catalogue looks at the module's names
