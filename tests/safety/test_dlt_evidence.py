"""How one participant counts: events, counts and deaths against the definition, and what people decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.escalation import Outcome
from escalon.facts import Day, Fact, Interval
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.dlt_definition import DltDefinition, DltRule
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence, uncounted_notes
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.followed import Entered, Followed, Judgement, WindowReview
from tests.safety.definition import study_definition

FIRST = date(2025, 3, 17)
LAST = FIRST + timedelta(days=28)
CLOSED = LAST + timedelta(days=14)
DLT, PENDING, NO_DLT, NOT_EVALUABLE = Outcome.DLT, Outcome.PENDING, Outcome.NO_DLT, Outcome.NOT_EVALUABLE


DEFINITION = study_definition()


def on(number: int) -> Day:
    """A day counted from infusion."""
    return Day.of(FIRST + timedelta(days=number))


def line(term: str, grade: int | None, start: int, end: int | None = None, **more: Any) -> AdverseEvent:
    return AdverseEvent(term=term, grade=grade, start=on(start), end=None if end is None else on(end), **more)


def count(name: str, day: int, value: str) -> Fact:
    return Fact(name, Decimal(value), on(day), "10^9/L", lower=Decimal(2))


def evidence(
    *lines: AdverseEvent, counts: list[Fact] | None = None, as_of: date = CLOSED, required: bool = False, **more: Any
) -> DltEvidence:
    some = [count("neutrophils", 28, "3"), count("platelets", 28, "200")] if counts is None else counts
    followed = Followed(
        participant="P02", events=[Entered(one) for one in lines], counts=[Entered(one) for one in some], **more
    )
    return dlt_evidence(DEFINITION, followed, Horizon(FIRST, LAST, as_of), review_required=required)


@pytest.mark.parametrize(
    ("event", "outcome", "why"),
    [
        (line("Sepsis", 5, 4, 10, related=False), PENDING, "whether it is a DLT is not decided"),
        (line("Sepsis", 5, 4, 10, dlt=False), NOT_EVALUABLE, "died of Sepsis on 2025-03-27, judged no DLT"),
        (
            line("Sepsis", 5, -2, dlt=False),
            PENDING,
            "died of Sepsis on a day not recorded: whether before the window ended",
        ),
        (
            replace(line("Sepsis", 5, 20, dlt=False), end=Day(2025, 4)),
            PENDING,
            "died in 2025-04: whether before the window ended on 2025-04-14 is not known",
        ),
        (replace(line("Sepsis", 5, 20, dlt=False), end=Day(2025, 5)), NO_DLT, "window closed without a DLT"),
        (replace(line("Sepsis", 5, 0, dlt=False), end=Day(2025, 3)), NOT_EVALUABLE, "died of Sepsis on 2025-03"),
        (line("Platelet count decreased", 4, -3, 35), PENDING, "recovery by day 28 is not recorded"),
        (line("CRS", 4, 3, 8, dlt=True), DLT, "DLT: CRS, grade 4, from 2025-03-20 to 2025-03-25"),
        (line("CRS", 3, 3, 8, dlt=False), NO_DLT, "window closed without a DLT"),
        (line("Sepsis", None, 16, 19), PENDING, "grade not recorded"),
        (line("CRS", 4, -9, -3, dlt=True), PENDING, "over before the infusion: correct one of the two"),
        (
            line("Sepsis", 5, -9, -3, dlt=False),
            PENDING,
            "died on 2025-03-14, before the infusion: correct one of the two",
        ),
    ],
)
def test_outcome_says_why(event: AdverseEvent, outcome: Outcome, why: str) -> None:
    found = evidence(event, counts=[] if "count" in event.term else None)
    assert (found.outcome, why in found.why, found.in_doubt) == (outcome, True, outcome is PENDING), found


@pytest.mark.parametrize(
    ("died", "outcome", "said"),
    [
        (on(-7), PENDING, "died on 2025-03-10, before the infusion: correct one of the two"),
        (on(28), PENDING, "died on 2025-04-14, and no adverse event says of what: whether it is a DLT is not decided"),
        (on(29), NO_DLT, "died on 2025-04-15 (day 29), and no adverse event says of what"),
        (Day(2025, 5), NO_DLT, "died on 2025-05, and no adverse event says of what"),
    ],
)
def test_a_death_that_no_event_tells_of_stands_beside_the_outcome_or_asks(
    died: Day, outcome: Outcome, said: str
) -> None:
    found = evidence(died=died, as_of=LAST + timedelta(days=60))
    assert found.outcome is outcome
    assert said in (found.notes if outcome is NO_DLT else (found.why,))


def test_a_reviewed_death_known_by_its_month_is_neither_replaced_nor_free_of_a_dlt() -> None:
    """The window ends in the middle of the month: who died before is replaced, who died after is counted."""
    found = evidence(died=Day(2025, 4), as_of=LAST + timedelta(days=60), reviews=[WindowReview(LAST)])
    assert (found.outcome, "died in 2025-04: whether before" in found.why) == (PENDING, True), found


@pytest.mark.parametrize(
    ("event", "through"),
    [
        (replace(line("CRS", 4, 14), start=Day(2025, 4)), on(20)),
        (replace(line("Sepsis", 5, 4), end=Day(2025, 4)), on(20)),
        (line("Sepsis", 5, 4), on(20)),
    ],
)
def test_a_review_answers_for_a_day_only_where_it_reaches_the_last_that_day_may_be(
    event: AdverseEvent, through: Day
) -> None:
    assert evidence(event, reviews=[WindowReview(through.earliest)]).in_doubt
    whole = evidence(event, reviews=[WindowReview(LAST)])
    assert "is a DLT is not decided" not in whole.why


@pytest.mark.parametrize(
    ("end", "died", "outcome", "said"),
    [
        (None, on(9), NOT_EVALUABLE, "died of Sepsis on 2025-03-26, judged no DLT"),
        (Day(2025), on(9), NOT_EVALUABLE, "died of Sepsis on 2025-03-26, judged no DLT"),
        (on(9), Day(2025), NOT_EVALUABLE, "died of Sepsis on 2025-03-26, judged no DLT"),
        (None, on(35), NO_DLT, "window closed without a DLT"),
        (None, Day(2025, 4), PENDING, "died in 2025-04: whether before the window ended"),
        (None, on(60), PENDING, "died of Sepsis on a day not recorded"),
    ],
)
def test_one_death_has_one_day_wherever_it_is_recorded(end: Day | None, died: Day, outcome: Outcome, said: str) -> None:
    found = evidence(replace(line("Sepsis", 5, 4, dlt=False), end=end), died=died)
    assert (found.outcome, said in found.why) == (outcome, True), found


def test_who_left_in_the_window_is_replaced_whenever_they_died() -> None:
    found = evidence(line("Sepsis", 5, 4, dlt=False), left=on(8))
    assert (found.outcome, found.doubts) == (NOT_EVALUABLE, ())


def test_the_day_of_one_fatal_event_is_that_of_another() -> None:
    found = evidence(line("Sepsis", 5, 4, dlt=False), line("Death NOS", 5, 9, dlt=False))
    assert (found.outcome, found.why.startswith("died of Sepsis on 2025-03-26")) == (NOT_EVALUABLE, True), found


@pytest.mark.parametrize(("later", "in_doubt"), [(3, False), (4, True)])
def test_a_judgement_does_not_answer_for_what_the_event_became_later(later: int, in_doubt: bool) -> None:
    grave = DltDefinition((DltRule("D-1", "any toxicity of grade 3 or more", ("any",), 3),))
    lines = [Entered(line("Diarrhea", 3, 3, id="1"), 1), Entered(line("Diarrhea", later, 15, 20, id="1"), 3)]
    for decided in ({"judgements": [Judgement(False, 2, frozenset({1}))]}, {"reviews": [WindowReview(LAST, 2)]}):
        followed = Followed(participant="P02", events=lines, **decided)
        found = dlt_evidence(grave, followed, Horizon(FIRST, LAST, CLOSED))
        assert found.in_doubt is in_doubt, found


def vague(value: str, month: int = 4) -> Fact:
    return replace(count("platelets", 0, value), day=Day(2025, month))


@pytest.mark.parametrize(
    ("counts", "doubt"),
    [
        ([vague("12")], True),
        ([vague("120")], False),
        ([vague("12"), count("platelets", 14, "80")], True),  # the 31st of March, and April came after it
        (
            [vague("12", month=3), count("platelets", 20, "80")],
            False,
        ),  # whichever day of March it was, it had recovered
        ([vague("12"), count("platelets", 35, "80")], True),
        ([vague("80")], False),
        ([count("platelets", 35, "12")], True),
        ([count("platelets", 20, "80"), count("platelets", 35, "12")], False),
    ],
)
def test_a_count_of_grade_4_asks_where_it_may_have_been_there_on_the_day(counts: list[Fact], doubt: bool) -> None:
    found = evidence(counts=[count("neutrophils", 28, "3"), *counts])
    assert (found.outcome, found.in_doubt) == ((PENDING, True) if doubt else (NO_DLT, False)), found.why


def test_counts_of_grade_4_after_the_day_stand_beside_the_outcome() -> None:
    found = evidence(counts=[count("platelets", 20, "80"), count("platelets", 35, "12")])
    assert "Platelet count decreased: grade 4 on day 35, which no clause counts: the committee decides" in found.late


def fall(name: str, value: str, *days: int) -> list[Fact]:
    return [count(name, day, value) for day in days]


@pytest.mark.parametrize(
    ("counts", "lines", "outcome", "why"),
    [
        (fall("platelets", "12", 1, 7, 14, 21, 28, 35, 48), [], PENDING, "grade 4 on day 28 meets DLT-4"),
        (fall("platelets", "12", 1, 7, 14, 21, 27, 35), [], PENDING, "grade 4 on day 27 and again on day 35"),
        (fall("platelets", "12", 1, 7, 14), [], PENDING, "recovery by day 28 is not recorded"),
        (fall("platelets", "12", 1, 7) + fall("platelets", "60", 14), [], NO_DLT, "window closed"),
        (fall("plt", "12", 28), [], PENDING, "meets DLT-4"),
        ([], [], NO_DLT, "window closed"),
        (
            fall("neutrophils", "0.05", 1, 7, 14, 28),
            [line("Neutrophil count decreased", 4, 1, 7, related=True, dlt=False)],
            PENDING,
            "judged no DLT, ended on 2025-03-24",
        ),
        (
            fall("neutrophils", "0.05", 1, 7, 14, 28),
            [line("Neutrophil count decreased", 4, 1, 40, related=True, dlt=False)],
            NO_DLT,
            "window closed",
        ),
    ],
)
def test_counts_hold_the_decision_until_a_person_has_judged_them(
    counts: list[Fact], lines: list[AdverseEvent], outcome: Outcome, why: str
) -> None:
    found = evidence(*lines, counts=counts, as_of=FIRST + timedelta(days=50))
    assert (found.outcome, why in found.why) == (outcome, True), found


@pytest.mark.parametrize(
    ("value", "outcome", "why"),
    [
        (Interval(-inf, Fraction(20), high_open=True), PENDING, "grade 4 on day 28 meets DLT-4"),
        (Interval(Fraction(0), Fraction(30)), PENDING, "grade 3 to 4 on day 28 may meet DLT-4"),
        (Interval(Fraction(100), inf), NO_DLT, "window closed"),
    ],
)
def test_count_known_only_to_lie_between_two_ends_has_every_grade_it_may_have(
    value: Interval, outcome: Outcome, why: str
) -> None:
    found = evidence(counts=[replace(count("platelets", 28, "1"), value=value)])
    assert (found.outcome, why in found.why) == (outcome, True), found


LOW_AFTER = [count("neutrophils", 28, "3"), count("platelets", 10, "18"), count("platelets", 28, "18")]


@pytest.mark.parametrize(
    ("before", "begun", "proposed"),
    [
        ([], None, True),
        ([count("platelets", -11, "18")], None, None),
        ([count("platelets", -11, "18")], on(-5), None),
        ([count("platelets", -11, "100")], on(-5), True),
        ([count("platelets", -11, "100"), count("platelets", -2, "18")], on(-5), True),  # low by the conditioning
        ([count("platelets", -20, "18"), count("platelets", -11, "100")], on(-5), True),  # had recovered by itself
        ([count("platelets", -11, "40")], on(-5), True),  # grade 3, one better
        ([count("neutrophils", -11, "0.1")], on(-5), True),  # of another term
        ([replace(count("platelets", -11, "18"), day=Day(2025, 3))], on(-5), True),  # may have been after it began
    ],
)
def test_count_as_low_before_treatment_is_asked_with_that_value_beside_it(before, begun, proposed) -> None:
    found = evidence(counts=[*before, *LOW_AFTER], begun=begun)
    assert found.proposed is proposed
    assert (found.outcome, found.in_doubt) == (PENDING, True), "nobody is dosed before a person has judged it"
    assert ("before treatment platelets 18 10^9/L on 2025-03-06 (grade 4)" in found.why) is (proposed is None)
    word = "may meet" if proposed is None else "meets"
    assert f"{word} DLT-4: whether it is a DLT is not decided" in found.why


def test_what_meets_a_clause_and_was_judged_no_is_named() -> None:
    (note,) = evidence(line("CRS", 3, 3, 8, dlt=False)).notes
    assert note == "CRS, grade 3, from 2025-03-20 to 2025-03-25 meets DLT-1b, judged no DLT"


@pytest.mark.parametrize("dlt", [None, False])
def test_grave_events_and_deaths_after_the_window_stand_beside_the_answer(dlt: bool | None) -> None:
    (death,) = evidence(line("CRS", 5, 35, 38, dlt=dlt)).notes
    assert "died on 2025-04-24 (day 38)" in death
    assert evidence(line("Sepsis", 4, 30, 33, dlt=dlt)).notes
    assert evidence(line("Sepsis", 4, -9, -3, dlt=dlt)).notes == ()


def test_toxicity_judged_limiting_that_began_after_the_window_is_named() -> None:
    assert any("the committee decides" in note for note in evidence(line("CRS", 3, 29, 40, dlt=True)).late)


# ---- open windows


def test_open_window_is_pending_without_a_doubt() -> None:
    found = evidence(line("CRS", 3, 3, None, ongoing=True), as_of=FIRST + timedelta(days=5))
    assert (found.outcome, found.in_doubt, found.until) == (PENDING, False, LAST)
    later = evidence(line("CRS", 3, 3, None, ongoing=True), as_of=FIRST + timedelta(days=7))
    assert later.in_doubt


def test_low_counts_of_the_first_week_hold_nobody() -> None:
    found = evidence(counts=fall("neutrophils", "0.2", 7), as_of=FIRST + timedelta(days=10))
    assert (found.outcome, found.in_doubt) == (PENDING, False)
    assert evidence(counts=fall("neutrophils", "0.2", 7), as_of=LAST).in_doubt is False
    assert evidence(counts=fall("neutrophils", "0.2", 7), as_of=LAST + timedelta(days=1)).in_doubt


def test_clause_begun_in_the_window_keeps_it_open_to_its_own_day() -> None:
    begun = line("Hepatic failure", 3, 27, None, ongoing=True)
    found = evidence(begun, as_of=LAST + timedelta(days=3))
    assert (found.outcome, found.in_doubt, found.until) == (PENDING, False, (FIRST + timedelta(days=35)))
    assert evidence(begun, as_of=FIRST + timedelta(days=35)).in_doubt


@pytest.mark.parametrize("term", ["CRS", "Diarrhea"])
@pytest.mark.parametrize("ongoing", [False, True])
@pytest.mark.parametrize(("start", "asks"), [(Day(2025), True), (Day(2025, 3), True), (on(3), False)], ids=str)
def test_an_event_known_by_its_year_is_asked_about_at_once(term: str, ongoing: bool, start: Day, asks: bool) -> None:
    """Of a clause that asks how long it lasted: no day is waited for that would not tell."""
    event = AdverseEvent(term=term, grade=3, start=start, ongoing=ongoing)
    found = evidence(event, as_of=FIRST + timedelta(days=4))
    assert (found.outcome, found.in_doubt) == (PENDING, asks), found.why
    assert ("whether it is a DLT is not decided" in found.why) is asks


@pytest.mark.parametrize(("day", "outcome"), [(27, PENDING), (28, PENDING), (29, NO_DLT)])
def test_window_closes_with_its_last_day(day: int, outcome: Outcome) -> None:
    assert evidence(as_of=FIRST + timedelta(days=day)).outcome is outcome


# ---- evaluability


def test_who_left_before_the_window_ended_is_replaced_unless_a_person_says_otherwise() -> None:
    assert evidence(left=on(10)).outcome is NOT_EVALUABLE
    kept = evidence(left=on(10), evaluable=True)
    assert (kept.outcome, "left on 2025-03-27" in kept.why) == (NO_DLT, True)
    assert evidence(left=on(29)).outcome is NO_DLT
    assert evidence(left=on(10), as_of=FIRST + timedelta(days=9)).outcome is PENDING
    assert evidence(left=Day.parse("2025-04")).in_doubt
    assert evidence(left=on(-1)).in_doubt
    assert evidence(evaluable=False).outcome is NOT_EVALUABLE


def test_death_recorded_as_a_fact_alone_asks() -> None:
    assert evidence(died=on(10)).in_doubt
    assert evidence(died=on(40)).outcome is NO_DLT
    assert evidence(line("Sepsis", 5, 5, 10, dlt=False), died=on(10)).outcome is NOT_EVALUABLE


def test_judgement_yes_goes_before_leaving_and_doubt() -> None:
    judged, open_ = line("CRS", 4, 3, 6, dlt=True), line("ICANS", 4, 3, 6)
    assert evidence(judged, open_, left=on(10), evaluable=False).outcome is DLT
    assert evidence(open_, left=on(10), evaluable=False).outcome is PENDING


# ---- what people decided


def test_nobody_has_decided_where_nothing_is_recorded() -> None:
    assert evidence().decided is None
    assert evidence(line("Nausea", 1, 3, 4)).decided is None
    assert evidence(line("Lung infection", 3, 3, 6, dlt=False)).decided is False
    assert evidence(line("Lung infection", 3, 3, 6, dlt=False), line("CRS", 4, 3, 4)).decided is None


def test_review_of_the_window_settles_what_was_recorded_up_to_its_day() -> None:
    open_ = line("CRS", 3, 3, 8)
    assert evidence(open_, reviews=[WindowReview(LAST)]).outcome is NO_DLT
    assert evidence(open_, reviews=[WindowReview(LAST)]).decided is False
    assert evidence(open_, reviews=[WindowReview(FIRST)]).in_doubt
    assert evidence(line("CRS", 4, 3, 8, dlt=True), reviews=[WindowReview(LAST)]).outcome is DLT
    assert evidence(counts=fall("platelets", "12", 28), reviews=[WindowReview(LAST)]).outcome is NO_DLT


def test_required_review_is_the_only_way() -> None:
    assert evidence(required=True).outcome is PENDING
    assert evidence(required=True, reviews=[WindowReview(LAST - timedelta(days=1))]).outcome is PENDING
    assert evidence(required=True, reviews=[WindowReview(LAST)]).outcome is NO_DLT


def test_silence_of_the_whole_record_is_no_answer() -> None:
    silent = evidence(is_reported=False)
    assert (silent.outcome, silent.in_doubt) == (PENDING, False)
    assert evidence(is_reported=False, reviews=[WindowReview(LAST)]).outcome is NO_DLT


def test_outcome_that_rests_on_no_count_is_said_in_the_headline() -> None:
    silent, fine = evidence(counts=[]), evidence()
    assert uncounted_notes([silent, fine, replace(silent, participant="P03")], DEFINITION) == (
        "no neutrophil count after day 28: P02, P03",
        "no platelet count after day 28: P02, P03",
    )
    assert uncounted_notes([evidence(counts=[], reviews=[WindowReview(LAST)])], DEFINITION) == ()


def test_count_without_a_unit_is_named() -> None:
    bare = Fact("platelets", Decimal(12), on(28))
    assert any("no clause reads it" in note for note in evidence(counts=[bare]).notes)


# ---- entries in order


def entered(*lines: tuple[int, AdverseEvent], judgements: list[Judgement], **more: Any) -> DltEvidence:
    followed = Followed(
        participant="P02", events=[Entered(one, number) for number, one in lines], judgements=judgements, **more
    )
    return dlt_evidence(DEFINITION, followed, Horizon(FIRST, LAST, CLOSED))


GRAVE = line("CRS", 4, 3, 6, id="1")


def test_later_of_two_judgements_counts() -> None:
    no, yes = Judgement(False, 20, frozenset({10})), Judgement(True, 30, frozenset({10}))
    assert entered((10, GRAVE), judgements=[no]).outcome is NO_DLT
    assert entered((10, GRAVE), judgements=[no, yes]).outcome is DLT
    assert entered((10, GRAVE), judgements=[replace(yes, entry=15), no]).outcome is NO_DLT
    assert entered((10, replace(GRAVE, dlt=True)), judgements=[no]).outcome is NO_DLT


def test_judgement_speaks_of_the_events_it_rests_on() -> None:
    other = line("ICANS", 4, 3, 6, id="2")
    assert entered((10, GRAVE), (11, other), judgements=[Judgement(False, 20, frozenset({10}))]).in_doubt
    assert entered((10, GRAVE), (11, other), judgements=[Judgement(False, 20)]).outcome is NO_DLT
    assert entered(judgements=[Judgement(True, 20, because="as the committee read it")]).outcome is DLT


@pytest.mark.parametrize("judgement", [Judgement(False, 20), Judgement(False, 20, frozenset({10}))])
def test_what_is_new_since_the_judgement_asks_again(judgement: Judgement) -> None:
    mild = line("CRS", 2, 3, 4, id="1")
    assert entered((10, mild), judgements=[judgement]).outcome is NO_DLT
    assert entered((10, mild), (21, line("CRS", 4, 5, 6, id="1")), judgements=[judgement]).in_doubt
    assert entered((10, mild), (21, line("Sepsis", 5, 5, 9, related=False)), judgements=[judgement]).in_doubt
    assert entered((10, mild), (21, line("Nausea", 1, 5, 6)), judgements=[judgement]).outcome is NO_DLT


def test_review_does_not_cover_what_was_entered_later() -> None:
    review = [WindowReview(LAST, 20)]
    assert entered((10, GRAVE), judgements=[], reviews=review).outcome is NO_DLT
    assert entered((21, GRAVE), judgements=[], reviews=review).in_doubt


def test_study_without_a_definition_asks_for_every_grave_event() -> None:
    def outcome(*lines: AdverseEvent, **more: Any) -> Outcome:
        followed = Followed(participant="P02", events=[Entered(one) for one in lines], **more)
        return dlt_evidence(DltDefinition(()), followed, Horizon(FIRST, LAST, CLOSED)).outcome

    grave = line("Lung infection", 3, 3, 4)
    assert outcome(grave) is PENDING
    assert outcome(line("Nausea", 2, 3, 4)) is NO_DLT
    assert outcome(replace(grave, dlt=False)) is NO_DLT
    assert outcome(grave, reviews=[WindowReview(LAST)]) is NO_DLT


# ---- laws

LINES = st.builds(
    line,
    st.sampled_from(["CRS", "ICANS", "Sepsis", "Platelet count decreased", "Hepatic failure", "Feeling odd", "Nausea"]),
    st.sampled_from([None, 1, 2, 3, 4, 5]),
    st.integers(-10, 40),
    st.none() | st.integers(41, 60),
    related=st.sampled_from([None, True, False]),
    dlt=st.sampled_from([None, True, False]),
)


@given(st.lists(LINES, max_size=3), st.integers(0, 60))
def test_outcome_follows_the_order_of_precedence(lines: list[AdverseEvent], day: int) -> None:
    found = evidence(*lines, counts=[], as_of=FIRST + timedelta(days=day))
    assert found.in_doubt is (found.outcome is PENDING and bool(found.doubts))
    assert (found.outcome is NO_DLT) <= (day > 28 and not found.doubts)
    assert (found.outcome is DLT) is (found.decided is True)


@given(st.lists(LINES, max_size=2), LINES)
def test_another_unjudged_event_never_makes_an_answer_bolder(lines: list[AdverseEvent], more: AdverseEvent) -> None:
    bold = {NO_DLT: 2, NOT_EVALUABLE: 2, PENDING: 1, DLT: 0}
    before, after = evidence(*lines), evidence(*lines, replace(more, dlt=None))
    assert bold[after.outcome] <= bold[before.outcome]


@given(st.lists(LINES, max_size=3))
def test_order_of_the_rows_changes_nothing(lines: list[AdverseEvent]) -> None:
    one, other = evidence(*lines), evidence(*reversed(lines))
    assert (one.outcome, one.decided, set(one.doubts)) == (other.outcome, other.decided, set(other.doubts))
