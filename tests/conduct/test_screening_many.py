"""What screening says of one among many is what each clause says of that one alone, of all that is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.scores import computed
from escalon.conduct.judge.screening import Clause, Verdict, clauses_of, on_the_day
from escalon.criteria import Situation, english, examine
from escalon.facts import Day, Fact, Facts
from escalon.history import Course, Frame
from escalon.protocol.study import Study
from escalon.sources.intake import Intake

NOBODY = Course("P-1", Frame())


class Whole(Facts):
    """Facts of which every one of a name is looked at, whatever is asked."""

    def near(self, name: str, first: Day | None, last: Day | None, newest: bool = False) -> tuple[Fact, ...]:
        return self.named(name)


def alone(study: Study, facts: Facts, day: Day) -> list[tuple[str, object]]:
    """What every clause says of somebody, each by itself, with every score worked out: its sentence and its finding."""
    here = on_the_day(study, Whole([*facts, *computed(study, facts)]), NOBODY, day)
    found = []
    for one in study.criteria:
        applies = None if one.applies is None else examine(one.applies, here)
        is_for = applies is None or applies.value is True
        found.append((english(one.tree, here.label), examine(one.tree, here) if is_for else applies))
    return found


def among_many(study: Study, facts: Facts, day: Day) -> list[tuple[str, object]]:
    from escalon.conduct.judge.scores import ScoredFacts

    here = on_the_day(study, ScoredFacts(study, facts), NOBODY, day)
    return [(one.sentence, one.finding) for one in clauses_of(study, here, here)]


@pytest.fixture(scope="module")
def people(study: Study, trial: Intake) -> list[Facts]:
    """The facts of some participants of every disease."""
    return [one.facts for one in list(trial.trial.courses.values())[::5]]


@settings(max_examples=25, deadline=None)
@given(
    who=st.integers(0, 100),
    back=st.sampled_from([0, 0, 60, 400]),
    kept=st.lists(st.booleans(), min_size=7, max_size=31),
)
def test_every_clause_says_what_it_says_alone(
    study: Study, trial: Intake, people: list[Facts], who: int, back: int, kept: list[bool]
) -> None:
    whole = people[who % len(people)]
    names = {name for number, name in enumerate(whole.names()) if kept[number % len(kept)]}
    facts = Facts(fact for fact in whole if fact.name in names)
    day = Day.of(last_day(trial.trial).latest - timedelta(days=back))
    assert among_many(study, facts, day) == alone(study, facts, day)
    assert among_many(study, Facts(), day) == alone(study, Facts(), day)


def test_of_two_on_whom_nothing_is_recorded_the_same_is_said_of_one_day_alone(study: Study) -> None:
    def asked(day: Day, *facts: Fact) -> dict[str, Clause]:
        here = Situation(Facts(facts), day, {}, study.vocabulary)
        return {one.criterion.id: one for one in clauses_of(study, here, here)}

    one, other, later = (asked(Day(2025, 1, day)) for day in (7, 7, 8))
    assert all(one[id].finding is other[id].finding for id in one)
    assert one["I-0"].finding is not later["I-0"].finding
    told = asked(Day(2025, 1, 7), Fact("disease", "RA", Day(2025, 1, 3)))
    assert (one["I-0"].verdict, told["I-0"].verdict) == (Verdict.UNKNOWN, Verdict.MET)
    assert told["I-1a"].finding is one["I-1a"].finding
