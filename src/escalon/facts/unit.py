"""The one place where units convert: exact decimal factors, UCUM and bedside spellings, and molar masses.

Two amounts of different kinds (mass and amount of substance) convert only for a named substance; everything else is
refused rather than guessed. A few letters mean something else for each kind of quantity (`G/L` of cells is 10⁹/L, `IU/L` of an
enzyme is U/L), so a unit is read beside the one it is to become. `pint` is loaded only when two spellings really differ.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from escalon.facts.number import Number, exact, narrow, plain

# UCUM first, then the bedside spellings that mean it, apart by two blanks; matched without regard to case, blanks, the kind
# of µ and how a power of ten is written.
_BEDSIDE = Path(__file__).with_name("units.txt").read_text(encoding="utf-8")
_THOUSANDS = re.compile(r"[x*·]?1(0{2,6})/")
_POWER = re.compile(r"(?:[x*·]?10(?:\^|\*\*?|e)?|e)\(?\+?(\d{1,2})\)?个?/(.+)")
_MICROLITRE = re.compile(r"mm\^?3|cu\.?mm|cmm|mcl", re.IGNORECASE)  # a cubic millimetre is one
_FLAT = str.maketrans(
    {"µ": "u", "μ": "u", "×": "x", "³": "3", "²": "2", "º": "°"} | dict(zip("⁰¹⁴⁵⁶⁷⁸⁹", "01456789", strict=True))
)


def _key(text: str) -> str:
    """A unit's spelling without what people vary: case, blanks, the µ, raised digits, how a power of ten is written."""
    key = _THOUSANDS.sub(lambda found: f"10*{len(found[1])}/", _flat(text).lower(), count=1)
    power = _POWER.fullmatch(key)
    return f"10*{power[1]}/{power[2]}" if power else key


def _flat(text: str) -> str:
    """A unit without blanks, one kind of µ, raised digits lowered, every name of the microlitre as `uL`."""
    return _MICROLITRE.sub("uL", "".join(narrow(text).split()).translate(_FLAT))


# The units trials use daily, by kind, each with its size in the first of its line: exact, and held to pint by a test, so
# that pint is loaded only for others.
_DAILY = Path(__file__).with_name("sizes.txt").read_text(encoding="utf-8")
_SIZES = {
    unit: (kind, Fraction(size))
    for kind, line in enumerate(_DAILY.strip().splitlines())
    for unit, size in (entry.split() for entry in re.split(r"\s{2,}", line))
}
_SPELLINGS = (
    {_key(unit): unit for unit in _SIZES}
    | {
        _key(spelling): ucum
        for ucum, *spellings in (re.split(r"\s{2,}", line) for line in _BEDSIDE.strip().splitlines())
        for spelling in (ucum, *spellings)
    }
    | {"": "1"}
)
# What the same letters mean beside one kind of quantity, and nowhere else: what it is to become, then the spellings as written.
_BESIDE: dict[str, dict[str, str]] = {
    unit: {"G/L": "10*9/L", "GI/L": "10*9/L", "Gpt/L": "10*9/L", "T/L": "10*12/L", "TI/L": "10*12/L", "Tpt/L": "10*12/L",
           "K/uL": "10*3/uL", "k/uL": "10*3/uL", "M/uL": "10*6/uL"}
    for unit, (kind, _) in _SIZES.items() if kind == _SIZES["10*9/L"][0]
} | {
    "U/L": dict.fromkeys(("IU/L", "iu/L", "iU/L", "[iU]/L", "IE/L", "UI/L", "units/L", "unit/L", "mU/mL", "mIU/mL"), "U/L"),
    "U/mL": dict.fromkeys(("IU/mL", "iu/mL", "IE/mL", "UI/mL", "kU/L", "kIU/L"), "U/mL"),
    "[iU]/mL": dict.fromkeys(("U/mL", "u/mL", "kIU/L", "kU/L"), "[iU]/mL"),
}  # fmt: skip
# The charge of an ion: what a milliequivalent of it is in millimoles.
_CHARGES = {"sodium": 1, "potassium": 1, "bicarbonate": 1, "chloride": 1, "lithium": 1, "calcium": 2, "magnesium": 2}
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
    "haemoglobin": ("g/L", "mmol/L", 1 / Fraction("16.1145")),  # Hb(Fe), 16 114.5 g/mol: a quarter of the tetramer
}


class UnitError(ValueError):
    """Two units cannot be converted, or a unit is not known; says what would be accepted."""


@lru_cache(maxsize=4096)
def spelled(unit: str | None, beside: str | None = None) -> str:
    """The UCUM spelling of a unit as people write it, beside the unit it is to become; `1` for a bare number."""
    text = (unit or "").strip()
    if beside is not None:
        to = spelled(beside)
        there = _BESIDE.get(to, {}).get(re.sub(r"l$", "L", _flat(text)))
        if there is None and to.startswith("{cells}"):
            there = _of_cells(_key(text))
        if there is not None:
            return there
    key = _key(text)
    return _SPELLINGS.get(key) or (key.replace("l", "L") if key.startswith("10*") else text)


_CELLS = re.compile(
    r"(?:(?:[x*·]?10(?:\^|\*\*?|e)(\d+)|(million|mio))\.?)?(?:car-?t?\+?)?(?:cells?)?((?:/(?:ml|ul|kg))?)"
)


def _of_cells(key: str) -> str | None:
    """A number of cells as it is written beside one: `10^6/kg`, `million cells`, `CAR+ cells/mL`."""
    found = _CELLS.fullmatch(key)
    if found is None or not key:
        return None
    power = found[1] or ("6" if found[2] else "")
    return f"{f'10*{power}.' if power else ''}{{cells}}{found[3].replace('l', 'L')}"


def factor(unit: str, to: str, substance: str | None = None) -> Fraction:
    """What to multiply an amount in `unit` by to have it in `to`; exact. Raises UnitError."""
    start, end = spelled(unit, to), spelled(to)
    found = Fraction(1) if start == end else _factor(start, end, substance)
    if found is None:
        of = f" of {substance}" if substance else ""
        written = (re.sub(r"[{}]", "", one) for one in (unit, to))
        raise UnitError("{!r} cannot be converted to {!r}".format(*written) + of)
    return found


def convert(value: Number, unit: str, to: str, substance: str | None = None) -> Fraction:
    """An amount in another unit, exactly; a substance name allows mass ↔ amount of substance. Raises UnitError."""
    start, end = spelled(unit, to), spelled(to)
    if start == "[degF]" and end == "Cel":
        return (exact(value) - 32) * Fraction(5, 9)
    if start == "Cel" and end == "[degF]":
        return exact(value) * Fraction(9, 5) + 32
    if start == "K" and end == "Cel":
        return exact(value) - Fraction("273.15")
    return exact(value) * factor(unit, to, substance)


@cache
def _factor(start: str, end: str, substance: str | None) -> Fraction | None:
    if start in _SCALES and end in _SCALES:
        return _SCALES[start] / _SCALES[end]
    if (start, end) in _RATIOS:
        return _RATIOS[start, end]
    if (end, start) in _RATIOS:
        return 1 / _RATIOS[end, start]
    if start == "meq/L" and substance in _CHARGES:
        of_ions = _factor("mmol/L", end, substance)
        return None if of_ions is None else of_ions / _CHARGES[substance]
    direct = None if "meq/L" in (start, end) else _by_dimension(start, end)
    if direct is not None:
        return direct
    if substance in _SUBSTANCES:
        mass, amount, per = _SUBSTANCES[substance]
        for one, other, ratio in ((mass, amount, per), (amount, mass, 1 / per)):
            lead, tail = _by_dimension(start, one), _by_dimension(other, end)
            if lead is not None and tail is not None:
                return lead * ratio * tail
    return None


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
        one, other = registry.from_ucum(start), registry.from_ucum(end)
        nothing, single = (registry.Quantity(Decimal(many), one.units).to(other.units).magnitude for many in (0, 1))
    except Exception:  # pint and the UCUM parser raise many kinds; each means «not convertible»
        return None
    return (
        None if nothing else _tidy(Fraction(single)) * _times(one) / _times(other)
    )  # °C and K differ by more than a factor


def _times(unit: Any) -> Fraction:
    """The number a unit is written with: 1/30 of `mm/(30.min)`, which the parser works out as a double."""
    return Fraction(unit.magnitude).limit_denominator(10**6)


def is_unit(text: str) -> bool:
    """Whether a unit is known at all: one of the daily ones, a count of something in one, or one that UCUM has."""
    unit = spelled(text)
    bare = _ANNOTATION.sub("1", unit)
    return unit in _SIZES or bare == "1" or unit in _SPELLINGS.values() or _by_dimension(bare, f"2.{bare}") is not None


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
