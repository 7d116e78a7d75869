"""Random trials, day by day: the next dose against an independent account of the protocol."""

from datetime import timedelta
from random import Random

import pytest

from escalon.conduct.judge.dosing import decide_next_dose
from escalon.facts import Day, Fact
from escalon.history import Trial
from tests.conduct.naive_trial import CAP, TOP, WINDOW, Person, answer
from tests.histories import Infusion, event, history

FIRST = Day(2025, 3, 3).earliest


def day(number: int) -> Day:
    return Day.of(FIRST + timedelta(days=number))


def records(people: list[Person], today: int) -> Trial:
    """What is on record on a day: later infusions, events and judgements are not there yet."""
    named = [(f"P{n:02d}", one) for n, one in enumerate(people, start=1) if one.on <= today]
    infusions = tuple(Infusion(code, one.level, day(one.on)) for code, one in named)
    events = tuple(
        event(
            participant=code, term="CRS", grade=3, start=day(one.event), dlt=one.is_dlt if one.judged <= today else None
        )
        for code, one in named
        if one.event is not None and one.event <= today
    )
    facts = tuple(
        Fact("study_discontinuation", True, day(one.left), participant=code)
        for code, one in named
        if one.left is not None and one.left <= today
    )
    return history(facts=facts, infusions=infusions, adverse_events=events)


def decided(study, people: list[Person], today: int) -> tuple[str, int]:
    decision = decide_next_dose(study, records(people, today), day(today)).decision
    if decision.action == "stop":
        return ("stop", -1 if decision.mtd is None else decision.mtd)
    return (decision.action, decision.level or 0)


def infused(random: Random, level: int, today: int, risk: float, odd: float) -> Person:
    one = Person(level, today)
    if random.random() < risk:
        one.event, one.is_dlt = today + random.randint(0, WINDOW), True
    elif random.random() < odd:
        one.event = today + random.randint(0, WINDOW + 3)
    if one.event is not None:
        one.judged = one.event + random.choice((0, 0, 3, 40))
    if random.random() < odd:
        one.left = today + random.randint(0, WINDOW + 3)
    return one


@pytest.mark.parametrize("seed", range(24))
def test_every_day_of_a_random_trial_is_decided_as_an_independent_account_does(study, seed):
    random = Random(seed)
    risk = [random.choice((0.05, 0.2, 0.5)) for _ in range(TOP)]
    people: list[Person] = []
    today, ended = 0, 0
    while today < 1500 and ended < 3:
        expected = answer(people, today)
        assert decided(study, people, today) == expected, (today, people)
        if expected[0] == "treat" and random.random() < 0.7:
            people.append(infused(random, expected[1], today, risk[expected[1] - 1], odd=0.15))
        ended = ended + 1 if expected[0] == "stop" else 0
        today += random.choice((1, 1, 2, 5))
    assert ended
    assert len(people) <= CAP


@pytest.mark.parametrize("seed", range(12))
def test_after_overrides_the_rule_goes_on_from_the_counts_and_never_treats_too_high(study, seed):
    """Levels skipped, cohorts of four, participants above a toxic level: whatever happened, there is a defensible answer."""
    random = Random(1000 + seed)
    people = []
    for n in range(random.randint(1, CAP)):
        people.append(infused(random, random.randint(1, TOP), 40 * n, 0.3, 0.2))
    today = 40 * len(people) + 100
    found = decide_next_dose(study, records(people, today), day(today)).decision
    toxic = {
        level
        for level in range(1, TOP + 1)
        for dlts in [sum(one.level == level and one.is_now(today) == "dlt" for one in people)]
        for counted in [sum(one.level == level and one.is_now(today) in ("dlt", "free") for one in people)]
        if dlts >= 2 and dlts * 6 > counted
    }
    if found.action == "treat":
        assert found.level < min(toxic, default=TOP + 1)
        assert len(people) + found.size <= CAP
    elif found.action == "stop" and found.mtd:
        assert found.mtd < min(toxic, default=TOP + 1)
