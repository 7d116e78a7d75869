"""What is one visit: the days of its facts before the name they were written under."""

import pytest

from escalon.conduct.judge.assessments import assessments
from escalon.conduct.judge.scores import computed
from escalon.facts import Day, Fact, Facts

INFUSED = Fact("car_t_infusion", "2025-02-01", Day(2025, 2, 1))


def counts(days, visit, infused=True):
    """The items of a DAS28, each on its day."""
    names = {"tender_joints_28": 9, "swollen_joints_28": 7, "esr": 41, "patient_global": 63}
    units = {"esr": "mm/h", "patient_global": "mm"}
    found = [
        Fact(name, names[name], Day.parse(day), units.get(name), visit=visit)
        for name, day in zip(names, days, strict=True)
    ]
    return Facts([*found, *([INFUSED] if infused else [])])


def das28(study, facts):
    return [fact for fact in computed(study, facts) if fact.name == "das28_esr" and fact.value is not None]


@pytest.mark.parametrize("infused", [True, False])
@pytest.mark.parametrize(
    ("visit", "days"),
    [
        ("NA", ("2025-02-07", "2025-03-20", "2025-05-05", "2025-06-07")),  # IN-42: four months are no visit
        ("Unscheduled", ("2025-02-07", "2025-02-07", "2025-08-20", "2025-08-20")),  # IN-43
        ("follow-up", ("2025-02-07", "2025-02-07", "2025-08-07", "2025-08-07")),  # IN-44
        ("V", ("2025-02-07", "2025-02-07", "2025-02-07", "2025-03-07")),
    ],
)
def test_a_label_used_again_months_later_is_no_visit(study, visit, days, infused):
    assert das28(study, counts(days, visit, infused)) == []


def test_a_label_within_two_weeks_is_one_visit(study):
    days = ("2025-03-07", "2025-03-07", "2025-03-10", "2025-03-07")
    assert [fact.visit for fact in das28(study, counts(days, "Unscheduled"))] == ["Unscheduled"]


def test_no_visit_stretches_over_the_infusion(study):
    days = ("2025-01-31", "2025-01-31", "2025-02-01", "2025-01-31")
    assert das28(study, counts(days, "Unscheduled")) == []
    assert len(das28(study, counts(days, "Unscheduled", infused=False))) == 1


def test_a_planned_label_holds_for_the_days_of_its_window(study):
    inside = ("2025-03-01", "2025-02-27", "2025-02-26", "2025-03-04")  # days 28, 26, 25, 31
    assert [fact.visit for fact in das28(study, counts(inside, "D28"))] == ["D28"]
    outside = ("2025-03-01", "2025-03-01", "2025-03-06", "2025-03-01")  # the ESR on day 33
    assert das28(study, counts(outside, "D28")) == []


def test_where_label_and_day_disagree_the_day_wins_and_says_so(study):
    found = das28(study, counts(("2025-05-02",) * 4, "D28"))  # day 90
    assert [fact.visit for fact in found] == ["D90"]
    assert "LABEL_AND_DAY_DISAGREE" in found[0].behind.flags
    assert "labelled D28 and dated 2025-05-02, day 90" in found[0].behind.reasons[-1]


def test_every_dated_fact_belongs_to_one_assessment(study):
    facts = counts(("2025-02-07", "2025-03-20", "2025-05-05", "2025-06-07"), "NA")
    found = assessments(study, facts)
    assert sorted(fact.name for one in found for fact in one.all) == sorted(fact.name for fact in facts)
    assert len({one.visit for one in found}) == len(found)
