"""Grades of laboratory values: every term a test can give, in both directions, one value or a million."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from escalon.expressions.program import Program
from escalon.facts import Finding, Interval, factor, spelled
from escalon.instruments.kit.assessment import UnknownItem, assess_with, without_confirmed
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.reading import ItemError, read
from escalon.instruments.safety.ctcae import limits, rules
from escalon.instruments.safety.ctcae.grading import Laboratory, in_one_unit, written_unit
from escalon.instruments.safety.ctcae.quantities import TABLES
from escalon.instruments.safety.ctcae.terms import ALIKE, LEAST, UnknownTerm, find_term

if TYPE_CHECKING:
    import numpy

    from escalon.expressions.columns import ColumnReading

    Column = numpy.ndarray[Any, Any]

# The names a laboratory writes a test under, by ours. Compared without regard to case, blanks and signs.
_ALSO: Mapping[str, list[str]] = TABLES["also"]


class UnknownTest(ValueError):
    """A test that grades no term; suggests the nearest name."""


@cache
def laboratory_terms() -> Mapping[str, tuple[Laboratory, Instrument]]:
    """Every term that a value can grade, by the name of its instrument."""
    return limits.REGISTER.entries | rules.REGISTER.entries


def tests() -> tuple[str, ...]:
    """The names of the laboratory tests that can be graded."""
    return tuple(dict.fromkeys(lab.quantity.name for lab, _ in laboratory_terms().values()))


@lru_cache(maxsize=4096)
def tests_named(name: str) -> tuple[str, ...]:
    """The tests that a recorded name stands for: `total_bilirubin` is bilirubin. Empty where there is none."""
    return tuple(dict.fromkeys(lab.quantity.name for lab in _by_test().get(_plain(name), ())))


def terms_of(test: str) -> tuple[Laboratory, ...]:
    """Every term a test or a term's name stands for; a test that can be too high and too low has two. Raises UnknownTest."""
    found = _by_test().get(_plain(test))
    if found:
        return found
    try:
        term = find_term(test)
    except UnknownTerm as error:
        close = get_close_matches(_plain(test), _by_test(), 2, ALIKE) if len(test) >= LEAST else []
        hint = f" Did you mean the test {' or '.join(close)}?" if close else f" Tests: {', '.join(tests())}"
        raise UnknownTest(f"{error}{hint}") from None
    own = tuple(
        lab
        for lab, _ in laboratory_terms().values()
        if lab.term is term and not lab.variant and lab.quantity.name != "ionised_calcium"  # asked for by its own name
    )
    if not own:
        raise UnknownTest(f"«{term.name}» is not graded from a number in CTCAE v5.0: choose its grade from the text")
    return own


def grade_laboratory(test: str, /, unit: str | None = None, **given: Any) -> tuple[Finding, ...]:
    """The grade of each term that a laboratory value can give, too high and too low apart.

    `given` has `value`, `lower`, `upper`, `baseline` and any modifier; limits and baseline are in the unit of the value
    unless they say otherwise; `confirm` names those that somebody checked. Raises UnknownTest, and UnknownItem for an
    input that none of the terms reads.
    """
    found = []
    every = terms_of(test)
    labs = in_unit(every, unit, given.get("value"))
    given, confirmed = without_confirmed(given)
    _check_inputs(test, labs, [*given, *confirmed])
    own = {} if unit is None else {"unit": unit}
    for lab in labs:
        instrument = laboratory_terms()[lab.name][1]
        wanted = {*instrument.items, *instrument.options}
        implied = _implied_limit(lab, given | own)
        items = {name: value for name, value in {**given, **implied}.items() if name in wanted}
        finding = assess_with(instrument, items | {"confirm": confirmed & set(instrument.items)} | own)
        found.append(_asked_in_usual_units(_by_its_own_name(finding, implied), every))
    return tuple(found)


def _asked_in_usual_units(finding: Finding, every: tuple[Laboratory, ...]) -> Finding:
    """Who gave no unit is asked for mmol/L or mg/dL where the term has a table for each, not for µmol/L, which nobody uses."""
    if "UNIT_MISSING" not in finding.flags or "mg/dL" not in {lab.quantity.unit for lab in every}:
        return finding
    return replace(finding, reasons=tuple(said.replace(" umol/L'", " mg/dL'") for said in finding.reasons))


def _by_its_own_name(finding: Finding, implied: Mapping[str, Any]) -> Finding:
    """A lower limit that stood in for the upper one is shown as the lower limit it is, and the other way round."""
    other = {"upper": "lower", "lower": "upper"}
    shown = {f"{name}{kind}": f"{other[name]}{kind}" for name in implied for kind in ("", "_recorded")}
    parts = {shown.get(name, name): value for name, value in finding.components.items()}
    return replace(finding, components=parts) if implied else finding


def _implied_limit(lab: Laboratory, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A value below the lower limit is not above the upper one, whatever that is, and the other way round."""
    inputs = dict(in_one_unit(replace(lab, limits=("lower", "upper", "baseline")), given))
    for missing, known in (("upper", "lower"), ("lower", "upper")):
        if missing in lab.limits and inputs.get(missing) is None and inputs.get(known) is not None:
            value, limit = (_between(lab, inputs.get(name)) for name in ("value", known))
            less, more = (value, limit) if known == "lower" else (limit, value)
            if (
                less
                and more
                and (less.high < more.low or (less.high == more.low and (less.high_open or more.low_open)))
            ):
                return {missing: inputs[known]}
    return {}


def _between(lab: Laboratory, raw: Any) -> Interval | None:
    """The numbers a value may be, in the term's own unit, a plain one as an interval of it alone; None where it is none."""
    try:
        found = read("value", lab.quantity.item(lab.quantity.name), raw).value
    except ItemError:
        return None
    return (
        found if isinstance(found, Interval) else Interval(found, found) if isinstance(found, int | Fraction) else None
    )


def _check_inputs(test: str, labs: tuple[Laboratory, ...], given: Collection[str]) -> None:
    """The limits and the baseline may be given for any test; anything else must be read by one of its terms."""
    instruments = [laboratory_terms()[lab.name][1] for lab in labs]
    known = {"lower", "upper", "baseline"} | {name for one in instruments for name in (*one.items, *one.options)}
    strange = sorted(set(given) - known)
    if strange:
        raise UnknownItem(f"{test} has no input {', '.join(strange)}. Inputs: {', '.join(sorted(known))}")


def grade_columns(
    name: str, columns: Mapping[str, Any], unit: str | None = None, roots: tuple[str, ...] = ("part:grade_value",)
) -> "dict[str, Column]":
    """The grades of one term for columns of values: NaN where there is none. `name` is the instrument's name.

    A column may be left out where it was recorded for nobody. All columns are in `unit` (default: the term's own).
    """
    lab, _ = laboratory_terms()[name]
    reading = _column_reading(name, roots)
    scaled = _in_own_unit(lab, columns, unit)
    return reading({node.name: scaled.get(node.name) for node in reading.inputs})


def _in_own_unit(lab: Laboratory, columns: Mapping[str, Any], unit: str | None) -> Mapping[str, Any]:
    if unit is None or spelled(unit) == spelled(lab.quantity.unit) or lab.ratio_only:
        return columns
    import numpy as np

    ratio = factor(unit, lab.quantity.unit, lab.quantity.substance)
    scaled = dict(columns)
    for name in {"value", *lab.limits} & set(columns):
        if columns[name] is not None:
            # To ten decimals, so that 8.0 g/dL is 80 g/L and not a last digit beside it.
            scaled[name] = np.round(np.asarray(columns[name], float) * ratio.numerator / ratio.denominator, 10)
    return scaled


@cache
def _column_reading(name: str, roots: tuple[str, ...]) -> "ColumnReading":
    from escalon.expressions.columns import compile_columns

    instrument = laboratory_terms()[name][1]
    whole = instrument.program()
    return compile_columns(Program(whole.steps, {root: whole.roots[root] for root in roots}), instrument.is_exact)


def in_unit(labs: tuple[Laboratory, ...], unit: str | None, value: Any) -> tuple[Laboratory, ...]:
    """Of each term, the row whose system of units the laboratory uses; the first where the unit does not tell."""
    written = spelled(unit or written_unit(value) or "")
    chosen: dict[tuple[str, str], Laboratory] = {}
    for lab in labs:
        key = (lab.term.name, lab.quantity.name)
        units = {spelled(known) for known in (lab.quantity.unit, *lab.quantity.accepts)}
        if key not in chosen or written in units:
            chosen[key] = lab
    return tuple(chosen.values())


@cache
def _by_test() -> Mapping[str, tuple[Laboratory, ...]]:
    found: dict[str, list[Laboratory]] = {}
    for lab, _ in laboratory_terms().values():
        alone = not any(item.needed for item in lab.more.values())  # febrile neutropenia needs a temperature as well
        if not lab.variant and alone:
            for name in (lab.quantity.name, *_ALSO.get(lab.quantity.name, ())):
                found.setdefault(_plain(name), []).append(lab)
    return {name: tuple(labs) for name, labs in found.items()}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
