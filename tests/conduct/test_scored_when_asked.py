"""A score that is worked out only when a clause asks for it, at the visits it asks for, is the score worked out with all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.scores import ScoredFacts, computed
from escalon.conduct.judge.screening import on_the_day, situation
from escalon.criteria import Situation, examine, parse
from escalon.facts import Day, Fact, Facts
from escalon.history import Course, Frame
from escalon.protocol.study import Study
from escalon.sources.intake import Intake


@pytest.fixture(scope="module")
def everybody(study: Study, trial: Intake) -> list[tuple[str, Facts, Facts]]:
    """Some participants' facts, of each disease, scored when asked and scored at once."""
    courses = list(trial.trial.courses.values())[::4]
    return [(one.code, one.facts, one.facts.with_facts(computed(study, one.facts))) for one in courses]


def test_every_clause_says_the_same_of_every_day_of_decision(
    study: Study, trial: Intake, everybody: list[tuple[str, Facts, Facts]]
) -> None:
    last = last_day(trial.trial).latest
    days = [Day.of(last - timedelta(days=back)) for back in (0, 90, 400)]
    decided = 0
    for code, recorded, whole in everybody:
        for day in days:
            here, there = (
                situation(study, facts, trial.trial.course(code), day)
                for facts in (ScoredFacts(study, recorded), whole)
            )
            for criterion in study.criteria:
                found = examine(criterion.tree, here)
                assert found == examine(criterion.tree, there), (code, day, criterion.id)
                decided += found.value is not None
    assert decided > 200


def test_named_or_listed_it_holds_the_same_facts(study: Study, everybody: list[tuple[str, Facts, Facts]]) -> None:
    for _, recorded, whole in everybody:
        one_by_one = ScoredFacts(study, recorded)
        assert all(one_by_one.named(name) == whole.named(name) for name in whole.names())
        assert list(ScoredFacts(study, recorded)) == list(whole)
        assert len(ScoredFacts(study, recorded)) == len(whole)


def test_only_the_newest_visit_is_scored_where_the_newest_is_asked(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = {"age": "50", "sex": "female", "weight": 60, "creatinine": 80}
    units = {"weight": "kg", "creatinine": "umol/L"}
    facts = Facts(
        Fact(name, value, Day(2025, month, 3), units.get(name), visit=f"M{month}")
        for month in range(1, 7)
        for name, value in cells.items()
    )
    seen: list[str] = []
    from escalon.conduct.judge import scores

    whole = scores.score
    monkeypatch.setattr(scores, "score", lambda own, at, *more: (seen.append(at.visit), whole(own, at, *more))[1])
    known = Situation(ScoredFacts(study, facts), Day(2025, 12, 1)).facts.near(
        "cockcroft_gault", None, None, newest=True
    )
    assert [fact.day for fact in known if fact.name == "cockcroft_gault"] == [Day(2025, 6, 3)]
    assert seen == ["M6"]


def test_one_entry_that_settles_a_classification_settles_it(study: Study) -> None:
    day = Day(2025, 2, 7)
    facts = Facts([Fact("sle_2019.ana", False, day, visit="screening")])  # the entry criterion of EULAR/ACR 2019
    (found,) = ScoredFacts(study, facts).named("sle_2019")
    assert found.value == "not_met"
    few = Facts([Fact("tender_joints_28", 3, day, visit="screening")])  # a number of few entries is none
    assert ScoredFacts(study, few).named("das28_esr") == ()


def _kidneys(day: Day, creatinine: int | None, visit: str) -> list[Fact]:
    """What Cockcroft-Gault is made of, on a day, under a label."""
    said = {"age": (50, None), "sex": ("female", None), "weight": (60, "kg"), "creatinine": (creatinine, "umol/L")}
    return [Fact(name, value, day, unit, visit=visit) for name, (value, unit) in said.items()]


INFUSED = Day(2025, 1, 1)
CELLS = Fact("car_t_infusion", str(INFUSED), INFUSED)


@pytest.mark.parametrize("first_asked", [None, Day(2025, 3, 20)])
def test_a_visit_whose_label_is_written_again_out_of_its_days_is_scored_by_itself(
    study: Study, first_asked: Day | None
) -> None:
    inside, outside = Day(2025, 3, 2), Day(2025, 3, 20)  # day 60 of D60, and day 78, which is of no planned visit
    facts = Facts([CELLS, *_kidneys(inside, 60, "D60"), *_kidneys(outside, 600, "D60")])
    asked = ScoredFacts(study, facts)
    asked.near("cockcroft_gault", first_asked, None, newest=first_asked is not None)
    found = {fact.day: float(fact.number or 0) for fact in asked.near("cockcroft_gault", None, None)}
    assert found[inside] == pytest.approx(1.04 * 90 * 60 / 60, rel=0.01)
    assert found[outside] == pytest.approx(1.04 * 90 * 60 / 600, rel=0.01)
    assert asked.near("cockcroft_gault", None, None) == asked.named("cockcroft_gault")
    assert len(asked.named("cockcroft_gault")) == 2


LABELS = ("", "SCR", "BL", "D60", "D90", "unscheduled", "2025-03-20")
AROUND = st.integers(-70, 110).map(lambda number: Day.of(INFUSED.earliest + timedelta(days=number)))
ASKS = st.tuples(st.none() | AROUND, st.none() | AROUND, st.booleans())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(AROUND, st.sampled_from(LABELS), st.integers(40, 900)), min_size=1, max_size=6),
    st.lists(ASKS, min_size=1, max_size=4),
    st.booleans(),
)
def test_what_is_near_is_what_all_visits_give_in_whatever_order_it_is_asked(
    study: Study, visits: list[tuple[Day, str, int]], asks: list[tuple[Day | None, Day | None, bool]], infused: bool
) -> None:
    facts = Facts(
        [*([CELLS] if infused else []), *(one for day, label, value in visits for one in _kidneys(day, value, label))]
    )
    whole = facts.with_facts(computed(study, facts)).named("cockcroft_gault")
    asked = ScoredFacts(study, facts)
    for first, last, newest in asks:
        near = asked.near("cockcroft_gault", first, last, newest)
        assert set(near) <= set(whole)
        within = [fact for fact in whole if fact.day is not None and fact.day.is_within(first, last)]
        if newest:
            latest = max((fact.day.earliest for fact in within if fact.day), default=None)
            within = [fact for fact in within if fact.day is not None and fact.day.earliest == latest]
        assert set(within) <= set(near)


def test_a_change_is_known_in_a_study_that_scores_nothing(study: Study) -> None:
    kept = {
        "inclusion": tuple(one for one in study.inclusion if one.id == "I-2c"),
        "exclusion": (),
        "watched": (),
        "visits": (),
    }
    crp = tuple(one for one in study.endpoints if one.measure == ("crp",))
    plain = study.model_copy(update={**kept, "endpoints": crp})
    assert (plain.instruments, len(crp)) == ((), 1)
    asked = [Fact("crp", value, day, "mg/L") for value, day in ((40, Day(2024, 12, 20)), (10, Day(2025, 3, 2)))]
    (found,) = ScoredFacts(plain, Facts([CELLS, *asked])).named("crp.change")
    assert found.value == -30
    assert found == ScoredFacts(study, Facts([CELLS, *asked])).named("crp.change")[0]
    assert [fact.value for fact in ScoredFacts(plain, Facts([CELLS, *asked])).named("crp")] == [40, 10]
    assert "crp.change" in ScoredFacts(plain, Facts([CELLS, *asked])).names()


NOBODY = Course("P-1", Frame())
"""A course in which no act is recorded: what is asked is in the facts alone."""
HOWS = ("", "latest ", "earliest ", "highest ", "lowest ", "latest highest ", "latest lowest ")
WHENS = (
    "", " at screening", " ever", " before infusion", " after infusion", " within 30 days before infusion",
    " since 30 days before screening", " at least 20 days before infusion",
)  # fmt: skip
RULES = [
    *(f"{how}cockcroft_gault >= 60 mL/min{when}" for how in HOWS for when in WHENS),
    *(f"count of cockcroft_gault{when} >= 2" for when in WHENS),
    "any of (creatinine > 900 umol/L at screening, cockcroft_gault < 30 mL/min at screening)",
    "highest cockcroft_gault ever - lowest cockcroft_gault ever >= 20 mL/min",
]
VISITS = st.tuples(AROUND, st.sampled_from(LABELS), st.sampled_from([60, 90, 300, 900, None, "both"]))
RECORDED = st.tuples(
    AROUND | st.sampled_from([Day(2025, 1), Day(2024)]), st.sampled_from(LABELS), st.sampled_from([50, 80, None])
)


def _told(visits: list[tuple[Day, str, Any]], recorded: list[tuple[Day, str, int | None]]) -> Facts:
    """Visits with a creatinine, without, or with two; and clearances somebody wrote down, some as not known."""
    found = [fact for day, label, value in visits for fact in _kidneys(day, 60 if value == "both" else value, label)]
    found += [_kidneys(day, 600, label)[-1] for day, label, value in visits if value == "both"]
    found += [Fact("cockcroft_gault", value, day, "mL/min", visit=label) for day, label, value in recorded]
    return Facts([*found, CELLS, Fact("screening_visit", "2024-12-10", Day(2024, 12, 10))])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(VISITS, min_size=1, max_size=5),
    st.lists(RECORDED, max_size=2),
    st.lists(st.tuples(st.sampled_from(RULES), AROUND), min_size=1, max_size=8),
)
def test_every_rule_says_the_same_of_scores_worked_out_when_asked(
    study: Study, visits: list[Any], recorded: list[Any], asked: list[tuple[str, Day]]
) -> None:
    facts = _told(visits, recorded)
    when_asked, whole = ScoredFacts(study, facts), facts.with_facts(computed(study, facts))
    for rule, day in asked:
        tree = parse(rule)
        assert examine(tree, on_the_day(study, when_asked, NOBODY, day)) == examine(
            tree, on_the_day(study, whole, NOBODY, day)
        ), rule


def test_the_rules_it_is_asked_of_have_each_answer(study: Study) -> None:
    facts = _told([(Day(2024, 12, 12), "SCR", 60), (Day(2024, 12, 20), "BL", 900)], [])
    here = on_the_day(study, ScoredFacts(study, facts), NOBODY, Day(2024, 12, 31))
    found = {rule: examine(parse(rule), here).value for rule in RULES}
    assert set(found.values()) == {True, False, None}
    assert found["highest cockcroft_gault >= 60 mL/min ever"] is True
    assert found["lowest cockcroft_gault >= 60 mL/min ever"] is False


def test_a_recorded_score_of_the_same_label_is_beaten_by_what_lies_between(study: Study) -> None:
    visits = [(Day(2025, 1, 1), "", 60), (Day(2025, 2, 23), "D60", 60)]  # the second lies in the days of D60
    facts = _told([*visits], [(Day(2024, 12, 1), "D60", 50)])
    here = on_the_day(study, ScoredFacts(study, facts), NOBODY, Day(2025, 2, 23))
    assert examine(parse("cockcroft_gault >= 60 mL/min"), here).value is True
