"""Results of a laboratory that meet a clause, of which nobody recorded an event: asked, never silently no DLT."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.escalation import Outcome
from escalon.facts import Day, Fact, Interval
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.dlt_definition import DltDefinition, DltRule
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.followed import Entered, Followed, Judgement, WindowReview

FIRST = date(2025, 3, 3)
LAST = FIRST + timedelta(days=28)
CLOSED = LAST + timedelta(days=14)
NO_DLT, PENDING = Outcome.NO_DLT, Outcome.PENDING

ANY_DAY = DltRule("D-1", "platelets of grade 3 or more", ("platelets",), 3)
ONLY_3 = DltRule("D-2", "platelets of grade 3", ("Platelet count decreased",), 3, at_most_grade=3)
LONG = DltRule("D-3", "neutropenia of grade 4 for more than 7 days", ("neutrophils",), 4, longer_than_days=7)
LIVER = DltRule("D-4", "ALT of grade 3 or more", ("Alanine aminotransferase increased",), 3)


def on(number: int) -> Day:
    return Day.of(FIRST + timedelta(days=number))


def platelets(day: int, value: str) -> Fact:
    return Fact("platelets", Decimal(value), on(day), "10^9/L", lower=Decimal(150))


def neutrophils(day: int, value: str) -> Fact:
    return Fact("neutrophils", Decimal(value), on(day), "10^9/L", lower=Decimal(2))


def alt(day: int, value: str) -> Fact:
    return Fact("alt", Decimal(value), on(day), "U/L", upper=Decimal(40))


def evidence(
    rule: DltRule, *counts: Fact, lines: tuple[AdverseEvent, ...] = (), as_of: date = CLOSED, **more
) -> DltEvidence:
    followed = Followed(
        participant="P1", events=[Entered(one) for one in lines], counts=[Entered(one) for one in counts], **more
    )
    return dlt_evidence(DltDefinition((rule,)), followed, Horizon(FIRST, LAST, as_of))


@pytest.mark.parametrize(
    ("rule", "counts", "outcome"),
    [
        (ANY_DAY, [platelets(9, "20")], PENDING),
        (ANY_DAY, [platelets(9, "49")], PENDING),
        (ANY_DAY, [platelets(9, "50")], NO_DLT),
        (ANY_DAY, [platelets(28, "20")], PENDING),
        (ANY_DAY, [platelets(29, "20")], NO_DLT),
        (ANY_DAY, [platelets(-1, "20")], NO_DLT),
        (ONLY_3, [platelets(9, "30")], PENDING),
        (ONLY_3, [platelets(9, "20")], NO_DLT),
        (LIVER, [alt(5, "200")], NO_DLT),
        (LIVER, [alt(5, "201")], PENDING),
        (LONG, [neutrophils(3, "0.3"), neutrophils(11, "0.3")], PENDING),
        (LONG, [neutrophils(3, "0.3"), neutrophils(7, "1.2")], NO_DLT),
        (LONG, [neutrophils(2, "1.2"), neutrophils(3, "0.3"), neutrophils(9, "1.2")], NO_DLT),
        (LONG, [neutrophils(2, "1.2"), neutrophils(3, "0.3"), neutrophils(12, "1.2")], PENDING),
        (LONG, [neutrophils(3, "0.3")], PENDING),
    ],
)
def test_a_result_at_the_grade_is_asked_about(rule: DltRule, counts: list[Fact], outcome: Outcome) -> None:
    found = evidence(rule, *counts)
    assert found.outcome is outcome
    assert (f"{rule.id}" in found.why) is (outcome is PENDING)


def test_a_result_of_some_day_of_the_month_is_asked_about_beside_a_short_one() -> None:
    short = [neutrophils(2, "1.2"), neutrophils(3, "0.3"), neutrophils(5, "1.2")]
    some_day = replace(neutrophils(9, "0.2"), day=Day.parse("2025-03"))
    assert evidence(LONG, *short).outcome is NO_DLT
    for counts in ([some_day], [*short, some_day]):
        found = evidence(LONG, *counts)
        assert found.outcome is PENDING
        assert "on a day that is not recorded" in found.why


def test_a_result_without_the_limit_it_is_graded_by_is_asked_about() -> None:
    bare = Fact("alt", Decimal(300), on(5), "U/L")
    found = evidence(LIVER, bare, replace(bare, day=on(7)))
    assert found.outcome is PENDING
    assert "alt 300 U/L on 2025-03-08 and 1 more without a grade: record the laboratory's limits beside it" in found.why
    judged = AdverseEvent(term="Alanine aminotransferase increased", grade=3, start=on(5), end=on(6), dlt=False)
    assert evidence(LIVER, bare, lines=(judged,)).outcome is NO_DLT
    assert evidence(LIVER, bare, reviews=[WindowReview(LAST, 1)]).outcome is NO_DLT
    assert evidence(LIVER, replace(bare, day=on(29))).outcome is NO_DLT
    assert evidence(ANY_DAY, bare).outcome is NO_DLT
    febrile = DltRule("D-8", "febrile neutropenia", ("Febrile neutropenia",), 3)
    assert evidence(febrile, neutrophils(9, "0.3")).outcome is NO_DLT


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (alt(5, "300"), alt(20, "900")),
        (Fact("alt", Decimal(300), on(5), "U/L"), Fact("alt", Decimal(900), on(20), "U/L")),
    ],
)
def test_no_judgement_answers_for_a_result_it_does_not_reach(first: Fact, second: Fact) -> None:
    assert evidence(LIVER, first, second, reviews=[WindowReview(on(10).earliest, 1)]).in_doubt
    assert not evidence(LIVER, first, second, reviews=[WindowReview(on(20).earliest, 1)]).in_doubt
    rule, horizon = DltDefinition((LIVER,)), Horizon(FIRST, LAST, CLOSED)
    for decided in ({"judgements": [Judgement(False, 2)]}, {"reviews": [WindowReview(LAST, 2)]}):
        for entry, in_doubt in ((1, False), (3, True)):
            counts = [Entered(first, 1), Entered(second, entry)]
            followed = Followed(participant="P1", counts=counts, **decided)
            assert dlt_evidence(rule, followed, horizon).in_doubt is in_doubt


def test_a_result_that_an_event_tells_of_is_judged_with_the_event() -> None:
    judged = AdverseEvent(term="Platelet count decreased", grade=4, start=on(8), end=on(12), dlt=False)
    assert evidence(ANY_DAY, platelets(9, "20"), lines=(judged,)).outcome is NO_DLT
    milder = AdverseEvent(term="Platelet count decreased", grade=2, start=on(8), end=on(12), dlt=False)
    assert evidence(ANY_DAY, platelets(9, "20"), lines=(milder,)).outcome is PENDING
    over = AdverseEvent(term="Platelet count decreased", grade=4, start=on(1), end=on(5), dlt=False)
    assert evidence(ANY_DAY, platelets(9, "20"), lines=(over,)).outcome is PENDING


def test_a_result_is_answered_by_the_review_of_the_window() -> None:
    assert evidence(ANY_DAY, platelets(9, "20"), reviews=[WindowReview(LAST, 1)]).outcome is NO_DLT


def test_a_result_as_low_as_before_treatment_is_shown_with_the_one_before() -> None:
    found = evidence(ANY_DAY, platelets(-3, "25"), platelets(9, "20"), begun=on(0))
    assert found.outcome is PENDING
    assert "before treatment" in found.why


def test_a_word_of_the_definitions_own_scale_is_known_and_is_no_other_clause() -> None:
    gvhd = DltRule("D-5", "acute GVHD of grade 2 or more", ("Acute GVHD",), 2, graded_by="MAGIC 2016")
    heart = DltRule("D-6", "a cardiac disorder of grade 2 or more", ("Cardiac disorders",), 2)
    line = AdverseEvent(term="acute gvhd", grade=2, start=on(5), end=on(9))
    followed = Followed(participant="P1", events=[Entered(line)])
    found = dlt_evidence(DltDefinition((gvhd, heart)), followed, Horizon(FIRST, LAST, CLOSED))
    assert [(one.id, one.truth) for one in found.clauses] == [("D-5", True), ("D-6", False)]
    without = dlt_evidence(DltDefinition((heart,)), followed, Horizon(FIRST, LAST, CLOSED))
    assert [(one.id, one.truth) for one in without.clauses] == [("D-6", None)]


@given(st.lists(st.tuples(st.integers(0, 35), st.integers(1, 400)), max_size=6), st.integers(0, 28))
def test_a_count_of_grade_4_in_the_window_is_never_passed_over(others, day: int) -> None:
    counts = [platelets(when, str(value)) for when, value in others]
    assert evidence(ANY_DAY, *counts, platelets(day, "10")).outcome is PENDING


LATE = DltRule("D-7", "platelets of grade 4 by day 28", ("platelets",), 4, improves_to=3, not_recovered_by_day=28)


@pytest.mark.parametrize(
    ("before", "outcome"),
    [("10", NO_DLT), ("24", NO_DLT), ("25", PENDING), ("200", PENDING)],
)
@pytest.mark.parametrize("rule", [LATE, ANY_DAY])
def test_a_count_as_low_before_treatment_can_be_left_out(rule: DltRule, before: str, outcome: Outcome) -> None:
    left_out = replace(rule, grade=4, improves_to=3 if rule is LATE else None, low_before="not counted")
    counts = [platelets(-3, before), platelets(28, "12")]
    assert evidence(left_out, *counts, begun=on(0)).outcome is outcome
    assert evidence(replace(left_out, low_before="asked"), *counts, begun=on(0)).outcome is PENDING


@pytest.mark.parametrize(
    ("rests_on", "outcome"), [((), NO_DLT), ((10,), NO_DLT), ((7, 10), NO_DLT), ((7,), PENDING), ((9, 7), PENDING)]
)
def test_a_no_about_an_event_says_nothing_of_a_count(rests_on: tuple[int, ...], outcome: Outcome) -> None:
    rash = Entered(AdverseEvent(term="Rash maculo-papular", grade=1, start=on(3), end=on(9)), 7)
    followed = Followed(
        participant="P1", events=[rash], counts=[Entered(platelets(9, "20"), 10)],
        judgements=[Judgement(False, 12, frozenset(rests_on))],
    )  # fmt: skip
    found = dlt_evidence(DltDefinition((ANY_DAY,)), followed, Horizon(FIRST, LAST, CLOSED))
    assert (found.outcome, found.decided) == (outcome, False if outcome is NO_DLT else None)


def between(day: int, low: int, high: int) -> Fact:
    return Fact("platelets", Interval(Fraction(low), Fraction(high)), on(day), "10^9/L", lower=Decimal(150))


@pytest.mark.parametrize(
    ("value", "graded", "outcome"),
    [
        (between(9, 30, 70), 2, PENDING),  # it may have been of grade 3
        (between(9, 30, 70), 3, NO_DLT),  # the event's own row asks, and was judged
        (between(9, 20, 40), 3, NO_DLT),
        (between(9, 60, 70), 2, NO_DLT),
    ],
)
def test_an_event_tells_of_a_result_as_grave_as_it_may_be(value: Fact, graded: int, outcome: Outcome) -> None:
    line = AdverseEvent(term="Platelet count decreased", grade=graded, start=on(8), end=on(12), dlt=False)
    assert evidence(ANY_DAY, value, lines=(line,)).outcome is outcome


@pytest.mark.parametrize(
    "counts", [(between(9, 20, 200), platelets(9, "60")), (platelets(9, "60"), between(9, 20, 200))]
)
def test_of_two_results_of_a_day_the_worse_is_as_grave_as_either_may_be(counts: tuple[Fact, ...]) -> None:
    assert evidence(ANY_DAY, *counts).outcome is PENDING
