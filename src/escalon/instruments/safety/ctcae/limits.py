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
from escalon.instruments.safety.ctcae.quantities import QUANTITIES
from escalon.instruments.safety.ctcae.terms import find_term

# Below the limit: term | what is measured, unit, limits of grades 1 to 4 | what else leads to a grade.
_FALLING = """
Anemia                     | hemoglobin      g/L    L 100 80   -    | 3 transfusion, 4 life_threatening
Anemia                     | hemoglobin      mmol/L L 6.2 4.9  -    | 3 transfusion, 4 life_threatening
White blood cell decreased | white_cells     10^9/L L 3.0 2.0  1.0  |
Neutrophil count decreased | neutrophils     10^9/L L 1.5 1.0  0.5  |
Lymphocyte count decreased | lymphocytes     10^9/L L 0.8 0.5  0.2  |
CD4 lymphocytes decreased  | cd4             10^9/L L 0.5 0.2  0.05 |
Platelet count decreased   | platelets       10^9/L L 75  50   25   |
Haptoglobin decreased      | haptoglobin     g/L    L -   -    -    |
Hypocalcemia               | calcium         mmol/L L 2.0 1.75 1.5  | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypocalcemia               | calcium         mg/dL  L 8.0 7.0  6.0  | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypocalcemia               | ionised_calcium mmol/L L 1.0 0.9  0.8  | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypomagnesemia             | magnesium       mmol/L L 0.5 0.4  0.3  | 4 life_threatening
Hypomagnesemia             | magnesium       mg/dL  L 1.2 0.9  0.7  | 4 life_threatening
Hypoglycemia               | glucose         mmol/L L 3.0 2.2  1.7  | 4 life_threatening
Hypoglycemia               | glucose         mg/dL  L 55  40   30   | 4 life_threatening
Hypoalbuminemia            | albumin         g/L    L 30  20   -    | 4 life_threatening
Acidosis                   | ph              1      L -   7.3  -    | 4 life_threatening
"""

# Above the limit.
_RISING = """
Lymphocyte count increased | lymphocytes     10^9/L -      4    20    -     |
Leukocytosis               | white_cells     10^9/L -      -    100   -     | 4 leucostasis
CPK increased              | cpk             U/L    U      2.5U 5U    10U   |
Blood lactate dehydrogenase increased | ldh             U/L    U      -    -     -     |
Activated partial thromboplastin time prolonged | aptt            s      U      1.5U 2.5U  -     | 3 bleeding
Hypernatremia              | sodium          mmol/L U      150  155   160   | 2 intervention, 3 hospitalised, 4 life_threatening
Hyperkalemia               | potassium       mmol/L U      5.5  6.0   7.0   | 2 intervention, 3 hospitalised, 4 life_threatening
Hypercalcemia              | calcium         mmol/L U      2.9  3.1   3.4   | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypercalcemia              | calcium         mg/dL  U      11.5 12.5  13.5  | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypercalcemia              | ionised_calcium mmol/L U      1.5  1.6   1.8   | 2 symptomatic, 3 hospitalised, 4 life_threatening
Hypermagnesemia            | magnesium       mmol/L U      -    1.23  3.30  | 4 life_threatening
Hypermagnesemia            | magnesium       mg/dL  U      -    3.0   8.0   | 4 life_threatening
Hypertriglyceridemia       | triglycerides   mmol/L >=1.71 3.42 5.7   11.4  | 4 life_threatening
Hypertriglyceridemia       | triglycerides   mg/dL  >=150  300  500   1000  | 4 life_threatening
Cholesterol high           | cholesterol     mmol/L U      7.75 10.34 12.92 |
Cholesterol high           | cholesterol     mg/dL  U      300  400   500   |
Alkalosis                  | ph              1      U      -    7.5   -     | 4 life_threatening
"""

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
    for line in table.strip().splitlines():
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


_add_table(_FALLING, falling=True)
_add_table(_RISING, falling=False)


globals().update(REGISTER.by_name())  # the catalogue looks at the module's names
