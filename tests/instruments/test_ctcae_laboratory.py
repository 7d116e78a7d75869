"""The laboratory grades against the printed limits, read by an independent naive evaluation; coverage, overlap, boundaries."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Fact, Status
from escalon.instruments import assess, catalogue
from escalon.instruments.safety.ctcae.laboratory import (
    UnknownTest,
    grade_columns,
    grade_laboratory,
    laboratory_terms,
    terms_of,
)
from escalon.instruments.safety.ctcae.table import grade_rows
from tests.instruments import naive_ctcae as naive
from tests.safety.spec_pages import Row, rows

LIMITS = rows("limits")
SMALL = Fraction(1, 1000)
each_row = pytest.mark.parametrize("row", LIMITS, ids=str)
FALLING = (
    "ejection_fraction_decreased", "weight_loss", "diffusing_capacity_decreased", "expiratory_volume_decreased",
    "vital_capacity_abnormal",
)  # fmt: skip
"""Terms that are worse when low though no cell of theirs reads the lower limit of normal."""


def mild_limit(row: Row) -> Fraction:
    """A limit of normal on the mild side of the fixed limits, where the printed ranges make sense."""
    fixed = naive.numbers(row)
    if row.cells["instrument"].endswith("fibrinogen_decreased"):
        return Fraction(2)
    if not fixed:
        return Fraction(40)
    if naive.reads(row, "L"):
        return max(fixed) * Fraction(11, 10) if "acidosis" not in row.cells["instrument"] else Fraction("7.35")
    return min(fixed) * Fraction(9, 10) if "alkalosis" not in row.cells["instrument"] else Fraction("7.45")


def settings(row: Row) -> list[dict[str, Fraction]]:
    """Limits of normal and baselines for which the row applies."""
    reference = mild_limit(row)
    if row.cells["instrument"].endswith("proteinuria"):
        reference = Fraction("0.15")
    baselines = [reference * factor for factor in (Fraction(1, 2), Fraction(9, 10), 1, Fraction(3, 2), 2)]
    found = [{"L": reference, "U": reference, "B": baseline} for baseline in baselines]
    return [values for values in found if naive.applies(row, values | {"x": reference})]


def grid(row: Row, values: dict[str, Fraction]) -> list[Fraction]:
    """Every boundary, and a little to each side of it, and what lies between."""
    item = catalogue()[row.cells["instrument"]].items["value"]
    marks = {*values.values(), *naive.numbers(row)}
    marks |= {factor * values[name] for factor in naive.factors(row) for name in ("L", "U", "B")}
    marks |= {values[name] + shift for name in ("U", "B") for shift in (20, 40, 60, -10, -20, 10)}
    marks |= {(1 + sign * share) * values["B"] for share in (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(1, 4),
                                                           Fraction(1, 2), Fraction(3, 4)) for sign in (1, -1)}  # fmt: skip
    ordered = sorted(marks)
    marks |= {(a + b) / 2 for a, b in pairwise(ordered)}
    near = {mark + shift for mark in marks for shift in (-SMALL, 0, SMALL)}
    low, high = item.low or 0, item.high
    return sorted(mark for mark in near if mark >= low and (high is None or mark <= high))


def graded(row: Row, values: dict[str, Fraction]) -> Any:
    instrument = catalogue()[row.cells["instrument"]]
    named = {"value": values["x"], "lower": values["L"], "upper": values["U"], "baseline": values["B"]}
    modifiers = naive.MODIFIERS.get(row.cells["when"], {})
    results = instrument.scalar()(
        **{name: number for name, number in named.items() if name in instrument.items}, **modifiers
    )
    return results["value"]


@each_row
def test_grade_is_that_of_the_printed_cell_at_and_beside_every_boundary(row: Row) -> None:
    tried = 0
    for values in settings(row):
        for x in grid(row, values):
            case = values | {"x": x}
            assert graded(row, case) == naive.grade(row, case), case
            tried += 1
    assert tried > 5


# Where a grade can be reached in several ways, the worst that holds is meant, and cells may overlap.
@pytest.mark.parametrize("row", [row for row in LIMITS if row.cells["read"] == "exclusive"], ids=str)
def test_cells_do_not_overlap(row: Row) -> None:
    for values in settings(row):
        for x in grid(row, values):
            assert len(naive.true_cells(row, values | {"x": x})) <= 1


@each_row
def test_cells_leave_no_gap(row: Row) -> None:
    """Going from normal to worse the grade never falls back, so there is no value between two grades that has none."""
    for values in settings(row):
        values = values | {"B": values["B"]}
        grades = [naive.grade(row, values | {"x": x}) for x in grid(row, values)]
        falling = worse_when_low(row)
        ordered = list(reversed(grades)) if falling else grades
        assert ordered == sorted(ordered), values


def worse_when_low(row: Row) -> bool:
    name = row.cells["instrument"]
    return naive.reads(row, "L") or name.endswith(FALLING)


def test_every_laboratory_term_stands_on_the_page() -> None:
    measured = {name for name in laboratory_terms() if not name.endswith("_current")}
    assert measured - {row.cells["instrument"] for row in LIMITS} == {"ctcae_febrile_neutropenia"}


# ---- properties


value = st.decimals(min_value="0.01", max_value=2000, places=2).map(Fraction)
NUMBERED = [name for name in laboratory_terms() if name not in ("ctcae_febrile_neutropenia", "ctcae_proteinuria")]


@given(name=st.sampled_from(NUMBERED), a=value, b=value, reference=value, baseline=value)
def test_a_worse_value_never_lowers_a_grade(
    name: str, a: Fraction, b: Fraction, reference: Fraction, baseline: Fraction
) -> None:
    low, high = sorted((a, b))
    row = next(
        row for row in LIMITS if row.cells["instrument"].removesuffix("_current") == name.removesuffix("_current")
    )
    better, worse = (high, low) if worse_when_low(row) else (low, high)
    instrument = catalogue()[name]
    same = {"lower": reference, "upper": reference, "baseline": baseline}
    known = {key: number for key, number in same.items() if key in instrument.items}
    grades = [instrument.scalar()(value=x, **known)["part:grade_value"] for x in (better, worse)]
    assert grades[0] <= grades[1]


@given(value, value)
def test_unit_does_not_change_a_grade(hemoglobin: Fraction, lower: Fraction) -> None:
    per_litre = assess("ctcae_anemia", value=(hemoglobin, "g/L"), lower=(lower, "g/L"))
    per_decilitre = assess("ctcae_anemia", value=(hemoglobin / 10, "g/dL"), lower=(lower / 10, "g/dL"))
    assert per_litre.value == per_decilitre.value


bilirubin = st.decimals(min_value=1, max_value=40, places=2).map(Fraction)  # usual in umol/L and in mg/dL
potassium = st.decimals(min_value="1.5", max_value=9, places=2).map(Fraction)


@given(bilirubin, bilirubin, bilirubin)
def test_unit_does_not_change_a_multiple(x: Fraction, upper: Fraction, baseline: Fraction) -> None:
    (molar,) = grade_laboratory("bilirubin", value=x, upper=upper, baseline=baseline, unit="umol/L")
    (mass,) = grade_laboratory("bilirubin", value=x, upper=upper, baseline=baseline, unit="mg/dL")
    assert molar.value is not None
    assert molar.value == mass.value


@given(potassium, st.none() | potassium, st.none() | potassium)
def test_grade_lies_within_what_number_and_worst_case_allow(
    x: Fraction, lower: Fraction | None, upper: Fraction | None
) -> None:
    for finding in grade_laboratory("potassium", value=x, lower=lower, upper=upper):
        low, high = finding.components["grade_value"], finding.components["grade_worst"]
        if low is not None and high is not None:
            assert low <= high
            assert finding.value is None or low <= finding.value <= high


# ---- missing, modifiers, units


def test_missing_reference_limit_is_no_grade_and_not_grade_zero() -> None:
    finding = assess("ctcae_anemia", value="110 g/L")
    assert (finding.value, finding.status, finding.bounds) == (None, Status.INDETERMINATE, (0, 1))
    assert finding.missing == ("lower",)


def test_missing_baseline_uses_the_upper_limit_and_says_so() -> None:
    finding = assess("ctcae_alanine_aminotransferase_increased", value=130, upper=40)
    assert (finding.value, finding.flags) == (2, ("baseline_missing",))


def test_symptom_not_recorded_leaves_the_grade_between_two() -> None:
    finding = assess("ctcae_hyponatremia", value=127, lower=135)
    assert (finding.value, finding.bounds, finding.missing) == (None, (2, 3), ("symptomatic",))
    assert finding.components["grade_value"] == 2


def test_symptom_is_not_asked_for_where_it_does_not_decide() -> None:
    assert assess("ctcae_hyponatremia", value=133, lower=135).value == 1


def test_worst_case_policy_takes_symptoms_as_present() -> None:
    assert assess("ctcae_hyponatremia", value=127, lower=135, modifiers="worst_case").value == 3
    assert assess("ctcae_lipase_increased", value=130, upper=60, modifiers="worst_case").value == 3


def test_alternative_raises_the_grade_only_when_recorded() -> None:
    assert assess("ctcae_anemia", value="95 g/L", lower="120 g/L").value == 2
    assert assess("ctcae_anemia", value="95 g/L", lower="120 g/L", transfusion="yes").value == 3
    assert assess("ctcae_anemia", value="130 g/L", lower="120 g/L", transfusion="yes").value == 0


def test_anticoagulation_decides_the_table_and_is_not_guessed() -> None:
    assert assess("ctcae_inr_increased", value=2, baseline=2, anticoagulated="yes").value == 0
    assert assess("ctcae_inr_increased", value=2, baseline=2, anticoagulated="no").value == 2
    assert assess("ctcae_inr_increased", value=2, baseline=2).bounds == (0, 2)


def test_fixed_limit_within_the_reference_range_is_flagged() -> None:
    finding = assess("ctcae_neutrophil_count_decreased", value="1.3 10^9/L", lower="1.2 10^9/L")
    assert (finding.value, finding.flags) == (2, ("within_reference",))


def test_fibrinogen_reading_is_selectable() -> None:
    given_ = {"value": "1.9 g/L", "lower": "2 g/L", "baseline": "3 g/L"}
    assert assess("ctcae_fibrinogen_decreased", **given_).value == 1
    assert assess("ctcae_fibrinogen_decreased_current", **given_).value == 2


def test_bare_number_is_refused_where_units_differ() -> None:
    finding = assess("ctcae_anemia", value=9.9, lower=12)
    assert finding.status is Status.INVALID
    assert "g/dL" in finding.reasons[0]


def test_conventional_units_have_their_own_printed_limits() -> None:
    (mass,) = grade_laboratory("cholesterol", value="300 mg/dL", upper=200)
    (molar,) = grade_laboratory("cholesterol", value="7.76 mmol/L", upper=5.2)
    assert (mass.value, molar.value) == (1, 2)


def test_fact_brings_its_unit_and_reference_limits() -> None:
    fact = Fact("hemoglobin", Fraction(99, 10), unit="g/dL", lower=12, upper=16)
    found = {finding.name: finding.value for finding in grade_laboratory("hb", value=fact)}
    assert found == {"ctcae_anemia": 2, "ctcae_hemoglobin_increased": 0}


def test_both_directions_are_two_terms() -> None:
    names = [finding.name for finding in grade_laboratory("sodium", value=140, lower=135, upper=145)]
    assert names == ["ctcae_hypernatremia", "ctcae_hyponatremia"]


def test_comparison_is_exact_on_decimals() -> None:
    assert assess("ctcae_alanine_aminotransferase_increased", value="3.3", upper="1.1", baseline="1").value == 1


@pytest.mark.parametrize("name", ["ferritin", "crp"])
def test_what_is_no_term_is_refused(name: str) -> None:
    with pytest.raises(UnknownTest, match="not a term"):
        terms_of(name)


def test_hyperglycemia_has_no_number() -> None:
    with pytest.raises(UnknownTest, match="not graded from a number"):
        terms_of("Hyperglycemia")


# ---- columns and tables


@pytest.mark.parametrize("name", laboratory_terms())
def test_columns_agree_with_one_value_at_a_time(name: str) -> None:
    _, instrument = laboratory_terms()[name]
    rng = np.random.default_rng(5)
    size = 400
    columns = {key: np.round(rng.lognormal(2.5, 1.5, size), 2) for key in ("value", "lower", "upper", "baseline")}
    for column in columns.values():
        column[rng.random(size) < 0.1] = np.nan
    columns = {key: column for key, column in columns.items() if key in instrument.items}
    found = grade_columns(name, columns)["part:grade_value"]
    for place in range(size):
        one = {key: None if np.isnan(column[place]) else float(column[place]) for key, column in columns.items()}
        expected = instrument.scalar()(**one)["part:grade_value"]
        assert (expected is None and np.isnan(found[place])) or found[place] == expected, one


def test_columns_in_another_unit_meet_the_limit_exactly() -> None:
    found = grade_columns("ctcae_anemia", {"value": np.array([8.0, 10.0, 7.99]), "lower": np.array([12.0] * 3)}, "g/dL")
    assert found["part:grade_value"].tolist() == [2, 1, 3]


def test_table_grades_rows_and_names_what_it_cannot_read() -> None:
    table = [
        {"test": "hb", "value": "9.9", "unit": "g/dL", "lower": "12", "upper": "16"},
        {"test": "anc", "value": "490", "unit": "/uL", "lower": "2000"},
        {"test": "anc", "value": "<100", "unit": "/uL"},
        {"test": "hb", "value": "99", "unit": ""},
        {"test": "ferritin", "value": "900", "unit": "ng/mL"},
        {"test": "sodium", "value": "127", "unit": "mmol/L", "lower": "135", "upper": "145"},
    ]
    found = [(one.row, one.term, one.grade, one.grade_value) for one in grade_rows(table) if not one.problem]
    assert (0, "Anemia", 2, 2) in found
    assert (1, "Neutrophil count decreased", 4, 4) in found
    assert (5, "Hyponatremia", None, 2) in found
    assert (5, "Hypernatremia", 0, 0) in found
    assert (2, "Neutrophil count decreased", 4, 4) in found
    assert {one.row for one in grade_rows(table) if one.problem} == {3, 4}


@pytest.mark.parametrize("test", ["glucose", "calcium", "cholesterol", "triglycerides", "magnesium"])
def test_a_bare_number_is_asked_for_in_the_units_laboratories_use(test):
    for finding in grade_laboratory(test, value=100):
        if "UNIT_MISSING" in finding.flags:
            assert "value='100 mmol/L' or value='100 mg/dL'" in finding.reasons[0]


@pytest.mark.parametrize(
    "row",
    [
        {"test": "alt", "unit": "U/L", "value": "12", "lower": "15"},
        {"test": "haptoglobin", "unit": "mg/dL", "value": "250", "upper": "200"},
        {"test": "egfr", "unit": "mL/min/1.73m2", "value": "130", "upper": "120"},
    ],
)
def test_a_row_with_the_other_limit_alone_is_graded_as_one_value_is(row: dict[str, str]) -> None:
    (found,) = grade_rows([row])
    (one,) = grade_laboratory(row["test"], **{name: text for name, text in row.items() if name != "test"})
    assert (found.grade, found.grade_worst) == (one.value, one.components["grade_worst"])
    assert found.grade == 0
