"""A value below or above what was measured, and an open score, decide a criterion where they lie on one side of its limit."""

from decimal import Decimal
from fractions import Fraction

import pytest

from escalon.criteria import examine, parse
from escalon.facts import Day, Fact, Facts, Finding, Interval, Status
from escalon.instruments import assess
from tests.criteria.strategies import situation

DAY = Day(2025, 5, 2)


def below(limit: str) -> Interval:
    return Interval(high=Fraction(limit), high_open=True)


def above(limit: str) -> Interval:
    return Interval(low=Fraction(limit), low_open=True)


def verdict(rule: str, *facts: Fact) -> Finding:
    return examine(parse(rule), situation(Facts(facts)))


@pytest.mark.parametrize(
    ("rule", "value", "upper", "wanted"),
    [
        ("platelets >= 50", below("10"), None, False),
        ("platelets < 30", below("10"), None, True),
        ("platelets < 30", below("30"), None, True),
        ("platelets < 30", Interval(high=Fraction(30)), None, None),
        ("platelets < 30", below("50"), None, None),
        ("platelets != 30", below("30"), None, True),
        ("alt / uln <= 3", below("10"), Decimal(40), True),
        ("alt / uln <= 3", above("1000"), Decimal(40), False),
        ("alt / uln <= 3", above("100"), Decimal(40), None),
        ("alt / uln <= 3", below("10"), None, None),
        ("alt + 1 > 10", above("9"), None, True),
    ],
)
def test_a_comparison_is_decided_when_the_whole_interval_lies_on_one_side(rule, value, upper, wanted):
    name = rule.split()[0]
    assert verdict(rule, Fact(name, value, DAY, upper=upper)).value is wanted


def test_the_reason_shows_what_was_written_and_what_would_settle_it():
    found = verdict("platelets < 30", Fact("platelets", below("50"), DAY))
    assert found.reasons == ("platelets: <50 on 2025-05-02, wanted < 30",)
    assert found.missing == ("platelets on 2025-05-02 more exactly: <50 leaves it open",)


def test_the_highest_of_several_is_at_least_every_one_of_them():
    facts = Fact("esr", Decimal(3), DAY), Fact("esr", below("5"), Day(2025, 5, 1))
    assert verdict("highest esr >= 3", *facts).value is True
    assert verdict("highest esr >= 4", *facts).value is None
    assert verdict("highest esr < 5", *facts).value is True
    assert verdict("lowest esr <= 3", *facts).value is True


@pytest.mark.parametrize(("rule", "value"), [("highest esr >= 30", below("20")), ("lowest esr <= 10", above("25"))])
def test_a_value_that_is_not_known_leaves_the_highest_open_beside_an_interval_that_cannot_be_it(rule, value):
    facts = Fact("esr", Decimal("20.1"), DAY), Fact("esr", value, Day(2025, 5, 1)), Fact("esr", None, Day(2025, 4, 30))
    assert verdict(rule, *facts).value is None


def test_two_values_of_one_day_decide_where_both_do():
    facts = Fact("esr", Decimal(3), DAY), Fact("esr", below("5"), DAY)
    assert verdict("esr < 5", *facts).value is True
    assert verdict("esr < 4", *facts).value is None
    assert verdict("latest highest esr < 5", *facts).value is True


def score(finding: Finding) -> Fact:
    return Fact(finding.name, finding.value, DAY, finding.unit, behind=finding)


OPEN = assess("cdai", tender=10, swollen=5, patient_global="0 cm")
MEASURED = assess("das28_crp", tender=4, swollen=5, crp=(below("5"), "mg/L"), global_health="50 mm")


def test_what_a_score_is_at_least_decides_whatever_is_missing():
    assert OPEN.bounds == (15, 25)
    assert verdict("cdai > 10", score(OPEN)).value is True
    assert verdict("cdai > 30", score(OPEN)).value is False
    found = verdict("cdai > 22", score(OPEN))
    assert found.value is None
    assert found.missing == ("cdai on 2025-05-02: physician_global is not known",)


def test_a_score_of_a_value_below_the_limit_of_measurement_decides():
    assert verdict("das28_crp > 3.2", score(MEASURED)).value is True
    assert verdict("das28_crp > 5.1", score(MEASURED)).value is False
    assert verdict("das28_crp > 3.8", score(MEASURED)).value is None


def test_the_bounds_of_a_score_that_may_stay_unknown_decide_nothing():
    unsure = Finding("cdai", None, Status.MISSING, bounds=(15, 25), may_be_unknown=True, reasons=("no rule",))
    assert verdict("cdai > 10", score(unsure)).value is None


def test_contradictory_entries_decide_nothing():
    wrong = Finding("cdai", None, Status.INVALID, bounds=(15, 25), reasons=("tender is 10 and 12",))
    assert verdict("cdai > 10", score(wrong)).value is None


def test_a_classification_that_does_not_apply_is_not_met():
    away = Finding("sle_2019", None, Status.NOT_APPLICABLE, reasons=("the entry criterion is not met",))
    assert verdict("sle_2019 is met", score(away)).value is False
    assert verdict("not (sle_2019 is met)", score(away)).value is True


def test_a_number_and_a_response_that_do_not_apply_stay_unknown():
    away = Finding("response", None, Status.NOT_APPLICABLE)
    assert verdict("response > 3", score(away)).value is None
    assert verdict("response", score(away)).value is None


def test_a_classification_that_is_open_is_decided_where_no_answer_left_is_the_one_asked_for():
    halfway = Finding("sle_2019", None, Status.INDETERMINATE, bounds=("excluded", "not_met"), reasons=("open",))
    assert verdict("sle_2019 is met", score(halfway)).value is False
    assert verdict("sle_2019 is excluded", score(halfway)).value is None


def test_the_bounds_of_a_score_say_nothing_of_its_parts():
    part = Fact("cdai.joints", None, DAY, behind=OPEN)
    assert verdict("cdai.joints > 10", part).value is None
