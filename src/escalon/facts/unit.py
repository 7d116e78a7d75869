"""The one place where units convert: exact decimal factors, UCUM and bedside spellings, and molar masses.

Two amounts of different kinds (mass and amount of substance) convert only for a named substance; everything else is
refused rather than guessed. `pint` is loaded only when two spellings really differ.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from escalon.facts.number import Number, exact, plain

# UCUM first, then the bedside spellings that mean it, apart by two blanks; matched without regard to case.
_BEDSIDE = """
10*9/L            x10e9/l  x10^9/l  ×10⁹/l  ×10^9/l  10^9/l  10e9/l  10⁹/l  x10*9/l  giga/l
10*3/uL           k/ul  10^3/ul  10^3/µl  x10e3/ul  ×10³/µl
/uL               /mm3  /mm³  cells/ul  cells/µl  /µl
mm/h              mm/hr  mm/1h
umol/L            umol/l  µmol/l  μmol/l
mmol/L            mmol/l
mg/L              mg/l
mg/dL             mg/dl
g/L               g/l
g/dL              g/dl
ng/mL             ng/ml
pg/mL             pg/ml
ug                µg  μg
uL                ul  µl  μl
mL                ml
L/min             l/min
mL/min            ml/min
mL/min/{1.73_m2}  ml/min/1.73m2  ml/min/1.73 m2  ml/min/1.73m²
mL/(15.min)       ml/15min  ml/15 min
mL/(5.min)        ml/5min  ml/5 min
Cel               °c  degc  c
[degF]            °f  degf  f
[iU]/mL           iu/ml
[iU]/L            iu/l
U/L               u/l
mm[Hg]            mmhg  mm hg
NRS               nrs  0-10  0–10
mg/d              mg/day  mg/24h  mg/24 h
g/d               g/day  g/24h  g/24 h
mg/wk             mg/week
g/wk              g/week
ug/d              ug/day  µg/day  μg/day  mcg/day
ug/wk             ug/week  µg/week  μg/week  mcg/week
a                 year  years
mo                month  months
wk                week  weeks
d                 day  days
h                 hour  hours
min               minute  minutes
m2                m²
kg/m2             kg/m²
mg/m2             mg/m²
g/g               mg/mg
{cells}/kg        cells/kg  /kg
{cells}/mL        cells/ml
{copies}/uL       copies/ul  copies/µl  copies/μl
{copies}/ug       copies/ug  copies/µg  copies/μg
%                 percent
1                 score  points  ratio  fold  none
"""
_SPELLINGS = {
    spelling.lower(): ucum
    for ucum, *spellings in (re.split(r"\s{2,}", line) for line in _BEDSIDE.strip().splitlines())
    for spelling in (ucum, *spellings)
} | {"": "1"}
# The units trials use daily, by kind, each with its size in the first of its line: exact, and held to pint by a test, so
# that pint is loaded only for others.
_DAILY = """
g/L 1  g/dL 10  mg/dL 1/100  mg/L 1/1000  ug/L 1/1000000  ug/dL 1/100000  ug/mL 1/1000  ng/mL 1/1000000  pg/mL 1/1000000000
mmol/L 1  umol/L 1/1000  nmol/L 1/1000000
10*9/L 1  10*3/uL 1  /uL 1/1000  10*12/L 1000
g 1  mg 1/1000  ug 1/1000000  kg 1000
L 1  mL 1/1000  uL 1/1000000  dL 1/10
m 1  cm 1/100  mm 1/1000
g/d 1  mg/d 1/1000  ug/d 1/1000000  mg/wk 1/7000
d 1  wk 7  h 1/24  min 1/1440
U/L 1
s 1
mL/min 1
L/min 1
mm/h 1
m2 1
kg/m2 1
mg/m2 1
mm[Hg] 1
"""
_SIZES = {
    unit: (kind, Fraction(size))
    for kind, line in enumerate(_DAILY.strip().splitlines())
    for unit, size in (entry.split() for entry in re.split(r"\s{2,}", line))
}
# Factors that pint would need an awkward spelling for, each exact: multiply the first to get the second.
_RATIOS = {
    ("mL/(15.min)", "mL/min"): Fraction(1, 15),
    ("mL/(5.min)", "mL/min"): Fraction(1, 5),
}
_ANNOTATION = re.compile(r"\{[^{}]*\}")
# Scales a person points at: these are not lengths of anything, so they convert only among themselves.
_SCALES = {"mm": Fraction(1), "cm": Fraction(10), "NRS": Fraction(10)}
# What 1 of the first unit weighs or counts in the second, by substance (conventional factors, not rounded further).
_SUBSTANCES: dict[str, tuple[str, str, Fraction]] = {
    "creatinine": (
        "mg/dL",
        "umol/L",
        Fraction("88.4"),
    ),  # spec instruments §0.3; Cockcroft & Gault use of mg/dL
    "protein/creatinine": ("g/g", "mg/mmol", Fraction("113.1")),  # spec SLE §0: 1 g/g = 113.1 mg/mmol
    "bilirubin": ("mg/dL", "umol/L", Fraction("17.104")),  # 10 / 584.66 g/mol
    "calcium": ("mg/dL", "mmol/L", Fraction("0.2495")),  # 10 / 40.078 g/mol
    "glucose": ("mg/dL", "mmol/L", Fraction("0.05551")),  # 10 / 180.156 g/mol
    "urate": ("mg/dL", "umol/L", Fraction("59.48")),  # 10 / 168.11 g/mol
    "magnesium": ("mg/dL", "mmol/L", Fraction("0.4114")),  # 10 / 24.305 g/mol
    "cholesterol": ("mg/dL", "mmol/L", Fraction("0.02586")),  # 10 / 386.65 g/mol
    "triglycerides": ("mg/dL", "mmol/L", Fraction("0.01129")),  # 10 / 885.7 g/mol (triolein)
}


class UnitError(ValueError):
    """Two units cannot be converted, or a unit is not known; says what would be accepted."""


def spelled(unit: str | None) -> str:
    """The UCUM spelling of a unit as people write it; `1` for a bare number."""
    text = (unit or "").strip()
    return _SPELLINGS.get(text.lower(), text)


def factor(unit: str, to: str, substance: str | None = None) -> Fraction:
    """What to multiply an amount in `unit` by to have it in `to`; exact. Raises UnitError."""
    start, end = spelled(unit), spelled(to)
    return Fraction(1) if start == end else _factor(start, end, substance)


def convert(value: Number, unit: str, to: str, substance: str | None = None) -> Fraction:
    """An amount in another unit, exactly; a substance name allows mass ↔ amount of substance. Raises UnitError."""
    if spelled(unit) == "[degF]" and spelled(to) == "Cel":
        return (exact(value) - 32) * Fraction(5, 9)
    if spelled(unit) == "Cel" and spelled(to) == "[degF]":
        return exact(value) * Fraction(9, 5) + 32
    return exact(value) * factor(unit, to, substance)


@cache
def _factor(start: str, end: str, substance: str | None) -> Fraction:
    if start in _SCALES and end in _SCALES:
        return _SCALES[start] / _SCALES[end]
    if (start, end) in _RATIOS:
        return _RATIOS[start, end]
    if (end, start) in _RATIOS:
        return 1 / _RATIOS[end, start]
    direct = _by_dimension(start, end)
    if direct is not None:
        return direct
    if substance in _SUBSTANCES:
        mass, amount, per = _SUBSTANCES[substance]
        for one, other, ratio in ((mass, amount, per), (amount, mass, 1 / per)):
            lead, tail = _by_dimension(start, one), _by_dimension(other, end)
            if lead is not None and tail is not None:
                return lead * ratio * tail
    of = f" of {substance}" if substance else ""
    raise UnitError(f"{start!r} cannot be converted to {end!r}{of}")


def _by_dimension(start: str, end: str) -> Fraction | None:
    """The factor between two units of one dimension; `None` when they are not, or a unit is unknown."""
    if start == end:
        return Fraction(1)
    if start in _SIZES and end in _SIZES:
        (kind, size), (other, size_of_end) = _SIZES[start], _SIZES[end]
        return size / size_of_end if kind == other else None
    if "{" in start or "{" in end:  # counted things (copies, cells): never the same as anything spelled otherwise
        return _by_annotation(start, end)
    registry = _registry()
    try:
        amount = registry.Quantity(Decimal(1), registry.from_ucum(start)).to(registry.from_ucum(end))
    except Exception:  # pint and the UCUM parser raise many kinds; each means «not convertible»
        return None
    return _tidy(Fraction(amount.magnitude))


def _by_annotation(start: str, end: str) -> Fraction | None:
    """Units with the same counted thing convert by the rest of the unit: {cells}/kg never becomes {copies}/kg."""
    (one, *more), (other, *others) = (_ANNOTATION.findall(unit) or [""] for unit in (start, end))
    if not one or one != other or more or others:
        return None
    return _by_dimension(*(_ANNOTATION.sub("1", unit).replace("{", "?") for unit in (start, end)))


def _tidy(ratio: Fraction) -> Fraction:
    """Undo decimal rounding in pint's 28 digits: 1/3 comes back as 1/3."""
    simple = ratio.limit_denominator(10**12)
    return simple if abs(simple - ratio) <= abs(ratio) * Fraction(1, 10**24) else ratio


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # slow to load, so only when two spellings differ

    return PintUcumRegistry(non_int_type=Decimal)


def amount(value: Number, unit: str | None) -> str:
    """An amount as people read it: `7.5 mg/d`, `12`."""
    bare = unit is None or spelled(unit) == "1"
    return plain(value) if bare else f"{plain(value)} {unit}"
