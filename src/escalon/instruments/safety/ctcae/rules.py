"""CTCAE v5.0 terms whose grade needs more than one row of limits: baselines, symptoms within a range, several ways to a grade.

`B`, the baseline, is the last value before the first dose of lymphodepletion. It is abnormal when above the upper limit of
normal; then multiples are taken of it and not of that limit (new in v5.0), so a value above the limit can be grade 0.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, otherwise
from escalon.instruments.kit.item import choice, number, truth
from escalon.instruments.safety.ctcae.grading import Conditions, Laboratory, Register
from escalon.instruments.safety.ctcae.quantities import QUANTITIES
from escalon.instruments.safety.ctcae.terms import find_term

REGISTER = Register(__name__)
Rule = Callable[[Any], Conditions]


def _special(term: str, quantity: str, unit: str, *limits: str, **more: Any) -> Callable[[Rule], Rule]:
    """Add a term whose rule is written out as a function of its inputs."""

    def add(conditions: Rule) -> Rule:
        REGISTER.add(Laboratory(find_term(term), QUANTITIES[quantity, unit], conditions, limits, **more))
        return conditions

    return add


# ---- multiples of the upper limit, or of an abnormal baseline (new in v5.0)


def _reference(x: Any) -> tuple[Any, Any]:
    """Whether the baseline was abnormal (above the upper limit), and what multiples are taken of."""
    abnormal = otherwise(x.baseline > x.upper, False)
    return abnormal, case(abnormal, x.baseline, x.upper)


def _by_baseline(term: str, quantity: str, unit: str, onset: str, steps: tuple[str, str, str], included: bool) -> None:
    """Grade 1 begins above ULN; with an abnormal baseline at `onset` times baseline (at it, where the text has no sign)."""

    def conditions(x: Any) -> Conditions:
        abnormal, reference = _reference(x)
        start = Fraction(onset) * x.baseline
        first = case(abnormal, x.value >= start if included else x.value > start, x.value > x.upper)
        return {1: first} | {
            grade: x.value > Fraction(step) * reference for grade, step in zip((2, 3, 4), steps, strict=True)
        }

    _special(term, quantity, unit, "upper", "baseline", ratio_only=True)(conditions)


_by_baseline("Alanine aminotransferase increased", "alt", "U/L", "1.5", ("3", "5", "20"), included=True)
_by_baseline("Aspartate aminotransferase increased", "ast", "U/L", "1.5", ("3", "5", "20"), included=True)
_by_baseline("Alkaline phosphatase increased", "alp", "U/L", "2", ("2.5", "5", "20"), included=True)
_by_baseline("GGT increased", "ggt", "U/L", "2", ("2.5", "5", "20"), included=True)
_by_baseline("Blood bilirubin increased", "bilirubin", "umol/L", "1", ("1.5", "3", "10"), included=False)


@_special("Creatinine increased", "creatinine", "umol/L", "upper", "baseline", ratio_only=True)
def _creatinine(x: Any) -> Conditions:
    """Literal reading: above 1.5 times baseline is grade 2 even within the reference range (flagged `within_reference`)."""

    def times_baseline(factor: str) -> Any:
        return otherwise(x.value > Fraction(factor) * x.baseline, False)

    return {
        1: x.value > x.upper,
        2: any_of(times_baseline("1.5"), x.value > Fraction("1.5") * x.upper),
        3: any_of(times_baseline("3"), x.value > 3 * x.upper),
        4: x.value > 6 * x.upper,
    }


@_special(
    "Eosinophilia", "eosinophils", "10^9/L", "upper", "baseline",
    ratio_only=True, alternatives={3: ("steroids",)}, needs_baseline=True,
)  # fmt: skip
def _eosinophilia(x: Any) -> Conditions:
    return {1: all_of(x.value > x.upper, x.value > x.baseline)}


@_special("Hemoglobin increased", "hemoglobin", "g/L", "upper")
def _hemoglobin_increased(x: Any) -> Conditions:
    """The text says «increase in»; read as the increase above the upper limit of normal."""
    return {1: x.value > x.upper, 2: x.value > x.upper + 20, 3: x.value > x.upper + 40}


@_special(
    "INR increased", "inr", "1", "baseline",
    selector="anticoagulated", alternatives={3: ("bleeding",)}, needs_baseline=True,
)  # fmt: skip
def _inr(x: Any) -> Conditions:
    """On an anticoagulant multiples of baseline only; otherwise the INR itself; not recorded, what both tables say."""

    def reached(fixed: str, times: str) -> Any:
        plain, multiple = x.value > Fraction(fixed), x.value > Fraction(times) * x.baseline
        chosen = case(x.anticoagulated, multiple, plain)
        return any_of(all_of(plain, multiple), all_of(any_of(plain, multiple), chosen))

    return {1: reached("1.2", "1"), 2: reached("1.5", "1.5"), 3: reached("2.5", "2.5")}


def _fibrinogen(x: Any, abnormal: Any) -> Conditions:
    """The worse of the fixed limits and, where abnormal, the fall from baseline; below 0.5 g/L (50 mg/dL) always grade 4."""

    def fallen(share: str) -> Any:  # (B - x) / B at least the share
        return otherwise(all_of(abnormal, x.value <= (1 - Fraction(share)) * x.baseline), False)

    return {
        1: x.value < x.lower,
        2: any_of(x.value < Fraction("0.75") * x.lower, fallen("0.25")),
        3: any_of(x.value < Fraction("0.5") * x.lower, fallen("0.5")),
        4: any_of(x.value < Fraction("0.25") * x.lower, fallen("0.75"), x.value < Fraction("0.5")),
    }


@_special("Fibrinogen decreased", "fibrinogen", "g/L", "lower", "baseline")
def _fibrinogen_by_baseline(x: Any) -> Conditions:
    """«If abnormal» refers to the baseline: the fall counts only where the baseline was below the lower limit."""
    return _fibrinogen(x, x.baseline < x.lower)


@_special("Fibrinogen decreased", "fibrinogen", "g/L", "lower", "baseline", variant="current")
def _fibrinogen_by_current(x: Any) -> Conditions:
    """The other reading, selectable: «if abnormal» refers to the current value."""
    return _fibrinogen(x, x.value < x.lower)


# ---- symptoms within the range


def _pancreatic(x: Any) -> Conditions:
    """Above twice the limit, symptoms raise the grade by one."""
    return {
        1: x.value > x.upper,
        2: x.value > Fraction("1.5") * x.upper,
        3: any_of(x.value > 5 * x.upper, all_of(x.value > 2 * x.upper, x.symptomatic)),
        4: all_of(x.value > 5 * x.upper, x.symptomatic),
    }


_special("Lipase increased", "lipase", "U/L", "upper", splits=("symptomatic",), ratio_only=True)(_pancreatic)
_special("Serum amylase increased", "amylase", "U/L", "upper", splits=("symptomatic",), ratio_only=True)(_pancreatic)


@_special("Hyponatremia", "sodium", "mmol/L", "lower", splits=("symptomatic",), alternatives={4: ("life_threatening",)})
def _hyponatremia(x: Any) -> Conditions:
    """The printed whole-number bands are read as continuous: 129.5 belongs to 125–129."""
    return {
        1: x.value < x.lower,
        2: x.value < 130,
        3: any_of(x.value < 125, all_of(x.value < 130, x.symptomatic)),
        4: x.value < 120,
    }


@_special(
    "Hypokalemia", "potassium", "mmol/L", "lower",
    splits=("symptomatic", "intervention"), alternatives={3: ("hospitalised",), 4: ("life_threatening",)},
)  # fmt: skip
def _hypokalemia(x: Any) -> Conditions:
    return {
        1: x.value < x.lower,
        2: all_of(x.value < x.lower, any_of(x.symptomatic, x.intervention)),
        3: x.value < 3,
        4: x.value < Fraction("2.5"),
    }


@_special(
    "Hyperuricemia", "urate", "umol/L", "upper",
    splits=("consequences",), alternatives={4: ("life_threatening",)}, ratio_only=True,
)  # fmt: skip
def _hyperuricemia(x: Any) -> Conditions:
    return {1: x.value > x.upper, 3: all_of(x.value > x.upper, x.consequences)}


@_special("Blood bicarbonate decreased", "bicarbonate", "mmol/L", "lower", ratio_only=True)
def _bicarbonate(x: Any) -> Conditions:
    """Below the lower limit with no intervention; once treated, report acidosis or alkalosis instead."""
    return {1: x.value < x.lower}


# ---- measurements


@_special("Electrocardiogram QT corrected interval prolonged", "qtc", "ms", "baseline", alternatives={4: ("torsade",)})
def _qtc(x: Any) -> Conditions:
    """Whole-number bands read as continuous; more than 60 ms above baseline is grade 3 on its own."""
    return {
        1: x.value >= 450,
        2: x.value > 480,
        3: any_of(x.value > 500, otherwise(x.value - x.baseline > 60, False)),
    }


DIPSTICKS = ("negative", "trace", "1+", "2+", "3+", "4+")


@_special(
    "Proteinuria", "urine_protein", "g/24h", "upper",
    more={"dipstick": choice("dipstick, used only without a 24-hour collection", *DIPSTICKS, needed=False)},
    instead="dipstick",
)  # fmt: skip
def _proteinuria(x: Any) -> Conditions:
    """A 24-hour collection takes precedence over the dipstick."""
    one, two, four = (any_of(*(x.dipstick == mark for mark in DIPSTICKS[start:])) for start in (2, 3, 5))
    return {
        1: otherwise(any_of(x.value >= x.upper, x.value >= 1), one),
        2: otherwise(x.value >= 1, two),
        3: otherwise(x.value >= Fraction("3.5"), four),
    }


@_special("Ejection fraction decreased", "ejection_fraction", "%", "baseline")
def _ejection_fraction(x: Any) -> Conditions:
    """Whole-number bands read as continuous; the fall from baseline in percentage points."""
    fall = x.baseline - x.value
    return {
        2: any_of(x.value <= 50, otherwise(fall >= 10, False)),
        3: any_of(x.value < 40, otherwise(fall >= 20, False)),
        4: x.value < 20,
    }


@_special("Fever", "temperature", "°C", splits=("longer_than_24_h",))
def _fever(x: Any) -> Conditions:
    return {
        1: x.value >= 38,
        2: x.value > 39,
        3: x.value > 40,
        4: all_of(x.value > 40, x.longer_than_24_h),
    }


@_special(
    "Febrile neutropenia", "neutrophils", "10^9/L",
    more={
        "temp_c": number("single temperature", 25, 45, "°C"),
        "sustained_minutes": number("how long the temperature was 38.0 °C or more", 0, None, "min"),
    },
    alternatives={4: ("life_threatening",)},
)  # fmt: skip
def _febrile_neutropenia(x: Any) -> Conditions:
    """ANC below 1.0 with a single temperature above 38.3 °C, or 38.0 °C and more for longer than one hour."""
    hot = any_of(x.temp_c > Fraction("38.3"), all_of(x.temp_c >= 38, x.sustained_minutes > 60))
    return {3: all_of(x.value < 1, hot)}


@_special(
    "Chronic kidney disease", "egfr", "mL/min/1.73m2", "lower",
    alternatives={4: ("dialysis",)},
    more={"proteinuria": truth("proteinuria of 2+, or urine protein/creatinine above 0.5; no if not recorded", needed=False)},
)  # fmt: skip
def _chronic_kidney_disease(x: Any) -> Conditions:
    """Whole-number bands read as continuous: 59.5 belongs to 59–30. That it is chronic, a number cannot say."""
    return {
        1: any_of(x.value < x.lower, otherwise(x.proteinuria, False)),
        2: x.value < 60,
        3: x.value < 30,
        4: x.value < 15,
    }


@_special("Carbon monoxide diffusing capacity decreased", "dlco", "mL/min/mmHg", "lower", "baseline",
          splits=("pulmonary_symptoms",))  # fmt: skip
def _diffusing_capacity(x: Any) -> Conditions:
    """Units below baseline where there is one, else below the lower limit of normal."""
    fall = otherwise(x.baseline - x.value, x.lower - x.value)
    return {1: fall >= 3, 2: fall > 5, 3: any_of(fall > 8, all_of(fall > 5, x.pulmonary_symptoms))}


@_special("Forced expiratory volume decreased", "fev1", "%")
def _forced_expiratory_volume(x: Any) -> Conditions:
    """Percent of predicted; whole-number bands read as continuous."""
    return {1: x.value < 100, 2: x.value < 70, 3: x.value < 60, 4: x.value < 50}


@_special("Vital capacity abnormal", "fvc", "%", alternatives={2: ("limits_instrumental",), 3: ("limits_self_care",)})
def _vital_capacity(x: Any) -> Conditions:
    """Forced vital capacity in percent of predicted."""
    return {1: x.value <= 90, 2: x.value < 75, 3: x.value < 50}


_WEIGHT: Mapping[int, str] = {1: "0.05", 2: "0.10", 3: "0.20"}


@_special("Weight loss", "weight", "kg", "baseline", needs_baseline=True)
def _weight_loss(x: Any) -> Conditions:
    return {grade: x.value <= (1 - Fraction(share)) * x.baseline for grade, share in _WEIGHT.items()}


@_special("Weight gain", "weight", "kg", "baseline", needs_baseline=True)
def _weight_gain(x: Any) -> Conditions:
    return {grade: x.value >= (1 + Fraction(share)) * x.baseline for grade, share in _WEIGHT.items()}


globals().update(REGISTER.by_name())  # the catalogue looks at the module's names
