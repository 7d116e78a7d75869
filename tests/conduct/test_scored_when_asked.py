"""A score that is worked out only when a clause asks for it, at the visits it asks for, is the score worked out with all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.scores import ScoredFacts, computed
from escalon.conduct.judge.screening import situation
from escalon.criteria import Situation, examine
from escalon.facts import Day, Fact, Facts
from escalon.protocol.study import Study
from escalon.sources.folder import Intake


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
