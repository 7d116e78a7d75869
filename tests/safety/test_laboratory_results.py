"""A participant's results, graded with the baseline rule; the table of worst grades."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from escalon.facts import Day, Fact, Facts
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory
from escalon.instruments.safety.ctcae.results import grade_results, worst_by_term

CONDITIONING, INFUSED, CUTOFF = date(2025, 3, 5), date(2025, 3, 10), date(2025, 6, 1)


def result(
    name: str, value: str | None, day: str, unit: str | None = None, lower: str | None = None, upper: str | None = None
) -> Fact:
    limits = [None if limit is None else Decimal(limit) for limit in (lower, upper)]
    return Fact(
        name,
        None if value is None else Decimal(value),
        Day.parse(day),
        unit,
        participant="P1",
        lower=limits[0],
        upper=limits[1],
    )


ALT = (
    result("alt", "60", "2025-02-20", "U/L", upper="40"),
    result("alt", "80", "2025-03-04", "U/L", upper="40"),
    result("alt", None, "2025-03-04", "U/L", upper="40"),
    result("alt", "300", "2025-03-05", "U/L", upper="40"),
    result("alt", "119", "2025-03-20", "U/L", upper="40"),
    result("alt", "241", "2025-04-01", "U/L", upper="40"),
)


def test_baseline_is_the_last_value_before_lymphodepletion() -> None:
    assert [one.finding.components.get("baseline") for one in grade_results(Facts(ALT), CONDITIONING)][-1] == 80
    assert [one.finding.components.get("baseline") for one in grade_results(Facts(ALT), INFUSED)][-1] == 300
    assert "baseline" not in grade_results(Facts(ALT), None)[-1].finding.components


def test_partial_day_that_may_be_later_is_no_baseline() -> None:
    found = grade_results(Facts([result("alt", "80", "2025-03", "U/L", upper="40")]), CONDITIONING)
    assert "baseline" not in found[-1].finding.components


@pytest.mark.parametrize(
    ("name", "unit", "upper", "baselines", "later", "bounds"),
    [("alt", "U/L", "40", ("150", "60"), "200", (0, 2)), ("creatinine", "umol/L", "106", ("60", "120"), "190", (2, 3))],
)
def test_two_baselines_of_one_day_that_differ_leave_the_grade_between_what_each_gives(
    name, unit, upper, baselines, later, bounds
) -> None:
    before = [result(name, one, "2025-02-20", unit, upper=upper) for one in baselines]
    found = grade_results(Facts([*before, result(name, later, "2025-03-10", unit, upper=upper)]), date(2025, 2, 26))[-1]
    assert (found.finding.value, found.finding.bounds) == (None, bounds)
    assert "baseline_undecided" in found.finding.flags
    assert found.grade is None
    alike = [result(name, baselines[0], "2025-02-20", unit, upper=upper)] * 2
    agreed = grade_results(Facts([*alike, result(name, later, "2025-03-10", unit, upper=upper)]), date(2025, 2, 26))[-1]
    assert agreed.finding.value is not None


def test_every_result_is_graded_against_that_baseline() -> None:
    found = grade_results(Facts(ALT), CONDITIONING)
    assert [one.grade for one in found] == [0, 0, 2, 0, 2]
    assert str(found[-1].finding.day) == "2025-04-01"


def test_baseline_in_another_unit_is_converted() -> None:
    facts = Facts(
        [
            result("creatinine", "1", "2025-03-01", "mg/dL", upper="1.2"),
            result("creatinine", "140", "2025-03-20", "umol/L", upper="106"),
        ]
    )
    assert [one.grade for one in grade_results(facts, CONDITIONING)] == [0, 2]


def test_names_of_the_study_are_understood() -> None:
    facts = Facts(
        [
            result("haemoglobin", "9.9", "2025-03-20", "g/dL", "12", "16"),
            result("wbc", "2.5", "2025-03-20", "10^9/L", "4"),
        ]
    )
    found = {one.term: one.grade for one in grade_results(facts, CONDITIONING)}
    assert found["Anemia"] == 2
    assert found["White blood cell decreased"] == 2


def test_worst_is_taken_of_full_days_in_the_window() -> None:
    worst = worst_by_term(grade_results(Facts(ALT), CONDITIONING), INFUSED, CUTOFF)
    assert {term: one.grade for term, one in worst.items()} == {"Alanine aminotransferase increased": 2}
    assert (
        worst_by_term(grade_results(Facts(ALT), CONDITIONING), INFUSED, date(2025, 3, 21))[
            "Alanine aminotransferase increased"
        ].grade
        == 0
    )


def test_input_that_no_term_reads_is_refused() -> None:
    with pytest.raises(UnknownItem, match="baselin"):
        grade_laboratory("alt", value=60, upper=40, baselin=30)
