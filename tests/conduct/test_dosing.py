"""The next dose from what happened, day by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from escalon.conduct.judge.cutoff import CutoffError, as_of, left_out
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import EscalationError, Outcome
from escalon.facts import Day, Fact
from escalon.history import Author, Entry, Frame, Trial, Unread, entry_of_file, fold
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    DltAdjudicated,
    EntryCorrected,
    NothingToReport,
)
from tests.histories import Infusion, event, history

FIRST = Day(2025, 3, 3)


def day(number: int) -> Day:
    return Day.of(FIRST.earliest + timedelta(days=number))


def trial(
    *infusions: tuple[int, int], events: tuple[AdverseEventRecorded, ...] = (), facts: tuple[Fact, ...] = ()
) -> Trial:
    given = tuple(Infusion(f"P{n:02d}", level, day(when)) for n, (level, when) in enumerate(infusions, start=1))
    return history(facts=facts, infusions=given, adverse_events=events)


def dlt(participant: str, when: int, decided: bool | None = True, grade: int = 3) -> AdverseEventRecorded:
    return event(participant=participant, term="CRS", grade=grade, start=day(when), dlt=decided)


THREE = ((1, 0), (1, 14), (1, 21))


def test_the_first_participant_is_treated_at_level_1(study):
    found = decide_next_dose(study, history(), day(0))
    assert (found.decision.action, found.decision.level) == ("treat", 1)


def test_three_without_dlt_escalate_only_once_the_last_window_has_ended(study):
    records = trial(*THREE)
    assert decide_next_dose(study, records, day(21 + 28)).decision.action == "wait"
    found = decide_next_dose(study, records, day(21 + 29)).decision
    assert (found.action, found.level) == ("treat", 2)


def test_a_toxicity_on_the_last_day_of_the_window_counts_and_a_day_later_does_not(study):
    on_last = trial(*THREE, events=(dlt("P03", 21 + 28),))
    assert decide_next_dose(study, on_last, day(60)).reviews[2].outcome is Outcome.DLT
    after = trial(*THREE, events=(dlt("P03", 21 + 29),))
    assert decide_next_dose(study, after, day(60)).reviews[2].outcome is Outcome.NO_DLT


def test_an_event_that_nobody_has_judged_keeps_the_participant_pending(study):
    records = trial(*THREE, events=(dlt("P02", 20, decided=None),))
    found = decide_next_dose(study, records, day(60))
    assert found.reviews[1].outcome is Outcome.PENDING
    assert found.decision.action == "wait"
    assert "P02" in found.decision.reason


def test_one_dlt_of_three_expands_and_two_stop(study):
    one = trial(*THREE, events=(dlt("P01", 5),))
    assert decide_next_dose(study, one, day(60)).decision.level == 1
    two = trial(*THREE, events=(dlt("P01", 5), dlt("P02", 20)))
    assert decide_next_dose(study, two, day(60)).decision.action == "stop"


def test_two_dlts_decide_while_the_third_is_still_pending(study):
    records = trial(*THREE, events=(dlt("P01", 5), dlt("P02", 16)))
    assert decide_next_dose(study, records, day(23)).decision.action == "stop"


def test_who_leaves_before_the_window_ends_is_replaced(study):
    left = Fact("study_discontinuation", True, day(30), participant="P03")
    found = decide_next_dose(study, trial(*THREE, facts=(left,)), day(60))
    assert found.reviews[2].outcome is Outcome.NOT_EVALUABLE
    assert (found.decision.level, found.decision.size) == (1, 1)


def test_who_left_later_was_the_sentinel_of_the_days_before(study):
    """On day 14 the sentinel had been watched for its 14 days; that they left on day 25 was not to be known."""
    later = Fact("study_discontinuation", True, day(25), participant="P01")
    found = decide_next_dose(study, trial(*THREE, facts=(later,)), day(26))
    assert found.reviews[0].outcome is Outcome.NOT_EVALUABLE
    assert found.decision.departures == ()
    before = Fact("study_discontinuation", True, day(10), participant="P01")
    told = decide_next_dose(study, trial((1, 0), (1, 8), (1, 22), facts=(before,)), day(24)).decision
    assert [one.done for one in told.departures] == ["P02 at level 1 on 2025-03-11"]


def test_a_dlt_that_came_later_is_no_departure_of_those_dosed_before_it(study):
    """A TITE-CRM weighs each as they stood that day: when P05 was dosed the DLT of P04 was known, and P01 had none yet."""
    rule = "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18"
    plan = {"rule": rule, "variant": None, "sentinel_interval": None, "stagger": None, "whole_cohort_first": None}
    timed = study.model_copy(update={"dose": study.dose.model_copy(update=plan)})
    people, events = ((1, 0), (2, 1), (3, 10), (3, 19), (2, 24)), (dlt("P04", 21), dlt("P01", 26))
    assert decide_next_dose(timed, trial(*people, events=events), day(29)).decision.departures == ()


def test_a_judgement_is_not_known_before_what_it_judges_has_happened(study):
    """Asked about an earlier day, it is left out with its event, and the event is named as a DLT that lies later."""
    came = AdverseEventRecorded(participant="P01", term="Sepsis", grade=4, start=day(20), end=day(22))
    judged = DltAdjudicated(participant="P01", is_dlt=True, because="by the definition", rests_on=(3,))
    given = CellsInfused(participant="P01", level=1, on=day(0), cells_per_kg=Decimal(100_000))
    events = [NothingToReport(table="adverse_events"), given, came, judged]
    whole = fold((entry_of_file(number, one, f"said:{number}") for number, one in enumerate(events, 1)), Frame(UTC))
    for asked, outcome in ((10, Outcome.PENDING), (19, Outcome.PENDING), (20, Outcome.DLT), (40, Outcome.DLT)):
        then = as_of(whole, day(asked))
        (found,) = decide_next_dose(study, then, day(asked)).reviews
        assert (found.outcome, found.in_doubt) == (outcome, False), asked
        told = [f"adverse event: Sepsis, grade 4, from {came.start}, judged a DLT"]
        assert [one.what for one in left_out(then)] == (told if asked < 20 else [])


def test_the_sentinel_is_watched_before_the_second_participant(study):
    records = trial((1, 0))
    found = decide_next_dose(study, records, day(5)).decision
    assert (found.action, found.until) == ("wait", day(14).earliest)
    assert decide_next_dose(study, records, day(14)).decision.action == "treat"


def test_a_dose_outside_its_window_is_named_and_never_moved(study):
    infusion = Infusion("P01", 1, day(0), Decimal(121_000))
    found = decide_next_dose(study, history(infusions=(infusion,)), day(1)).reviews[0]
    assert "outside ±20 %" in found.deviation
    assert found.infusion.level == 1
    inside = replace(infusion, cells_per_kg=Decimal(120_000))
    assert decide_next_dose(study, history(infusions=(inside,)), day(1)).reviews[0].deviation == ""


def test_two_bags_within_the_study_s_days_are_one_dose_and_a_later_one_is_a_retreatment(study):
    bags = (Infusion("P01", 1, day(0), Decimal(50_000)), Infusion("P01", 1, day(1), Decimal(50_000)))
    found = decide_next_dose(study, history(infusions=bags), day(10))
    assert [(one.participant, one.infusion.amount) for one in found.reviews] == [("P01", 100_000)]
    assert found.reviews[0].window_ends == day(29).earliest, "the window runs from the last bag"
    later = (Infusion("P01", 1, day(0)), Infusion("P01", 1, day(9)))
    found = decide_next_dose(study, history(infusions=later), day(60))
    assert len(found.reviews) == 1
    assert any("infused again" in note for note in found.decision.notes)


def test_a_toxicity_dated_to_the_month_counts_if_it_may_lie_in_the_window(study):
    event = replace(dlt("P01", 0), start=Day(2025, 3))
    assert decide_next_dose(study, trial(*THREE, events=(event,)), day(60)).reviews[0].outcome is Outcome.DLT


def test_a_toxicity_without_a_day_counts(study):
    event = replace(dlt("P01", 0), start=None)
    assert decide_next_dose(study, trial(*THREE, events=(event,)), day(60)).reviews[0].outcome is Outcome.DLT


def test_a_toxicity_judged_before_the_infusion_is_a_contradiction_that_holds_the_decision(study):
    found = decide_next_dose(study, trial(*THREE, events=(replace(dlt("P02", 13), end=day(13)),)), day(60))
    assert found.reviews[1].outcome is Outcome.PENDING
    assert "before the infusion" in found.reviews[1].why
    assert found.decision.action == "wait"


def test_a_toxicity_judged_after_the_window_is_not_counted_and_not_hidden(study):
    found = decide_next_dose(study, trial(*THREE, events=(dlt("P01", 29),)), day(60))
    assert found.reviews[0].outcome is Outcome.NO_DLT
    assert any("P01" in note and "the committee decides" in note for note in found.decision.notes)


def test_an_unjudged_event_comes_before_replacement(study):
    left = Fact("study_discontinuation", True, day(10), participant="P01")
    event = dlt("P01", 8, decided=None, grade=4)
    for infusions in (trial(*THREE, events=(event,), facts=(left,)), trial(*THREE, events=(event,))):
        found = decide_next_dose(study, infusions, day(60))
        assert found.reviews[0].outcome is Outcome.PENDING
        assert found.decision.action == "wait"


def test_an_event_of_grade_2_that_nobody_judged_holds_nothing(study):
    found = decide_next_dose(study, trial(*THREE, events=(dlt("P01", 8, decided=None, grade=2),)), day(60))
    assert found.reviews[0].outcome is Outcome.NO_DLT


def test_who_died_in_the_window_without_a_dlt_has_not_completed_it(study):
    judged = dlt("P01", 8, decided=False, grade=5)
    found = decide_next_dose(study, trial(*THREE, events=(replace(judged, end=day(12)),)), day(60))
    assert found.reviews[0].outcome is Outcome.NOT_EVALUABLE
    assert (found.decision.level, found.decision.size) == (1, 1)


def test_who_died_on_a_day_nobody_recorded_is_not_replaced_until_somebody_does(study):
    found = decide_next_dose(study, trial(*THREE, events=(dlt("P01", 8, decided=False, grade=5),)), day(60))
    assert found.reviews[0].why.endswith("whether before the window ended on 2025-03-31 is not known: record the day")
    assert found.decision.action == "wait"


def test_a_death_nobody_judged_holds_the_decision(study):
    found = decide_next_dose(study, trial(*THREE, events=(dlt("P01", 8, decided=None, grade=5),)), day(60))
    assert found.decision.action == "wait"


def test_leaving_on_an_unknown_day_of_the_month_in_which_the_window_ends_holds_the_decision(study):
    left = Fact("study_discontinuation", True, Day(2025, 3), participant="P01")  # window: 3 to 31 March
    assert decide_next_dose(study, trial(*THREE, facts=(left,)), day(60)).reviews[0].outcome is Outcome.NOT_EVALUABLE
    left = Fact("study_discontinuation", True, Day(2025), participant="P01")
    found = decide_next_dose(study, trial(*THREE, facts=(left,)), day(60))
    assert found.reviews[0].outcome is Outcome.PENDING
    assert "is not known" in found.reviews[0].why


def test_nobody_is_dosed_beside_an_event_that_could_be_a_dlt(study):
    records = trial((1, 0), (1, 14), events=(dlt("P01", 10, decided=None, grade=4),))
    found = decide_next_dose(study, records, day(21)).decision
    assert found.action == "wait"
    assert "P01" in found.reason
    judged = trial((1, 0), (1, 14), events=(dlt("P01", 10, decided=False, grade=4),))
    assert decide_next_dose(study, judged, day(21)).decision.action == "treat"


def test_a_toxicity_of_somebody_who_was_not_infused_stops_the_decision(study):
    with pytest.raises(EscalationError, match="P1, who was not infused"):
        decide_next_dose(study, trial(*THREE, events=(dlt("P1", 5),)), day(60))


def _with_unread(some, *rows):
    some.unread = rows
    return some


def test_a_row_that_could_be_a_dlt_and_cannot_be_read_stops_the_decision(study):
    unread = Unread("adverse_events", "P01", None, "adverse_events.csv:2 grade: 'IV' is not a number")
    with pytest.raises(EscalationError, match=r"adverse_events\.csv:2"):
        decide_next_dose(study, _with_unread(trial(*THREE), unread), day(60))


@pytest.mark.parametrize(
    "name",
    ["death", "Death", "study_discontinuation", "death_date", "Died", "study_withdrawal", "study_discontinuaton"],
)
def test_a_death_or_leaving_that_cannot_be_read_stops_the_decision(study, name):
    unread = Unread("facts", "P01", None, "facts.csv:20 date: empty", name)
    with pytest.raises(EscalationError, match=r"facts\.csv:20"):
        decide_next_dose(study, _with_unread(trial(*THREE), unread), day(60))


@pytest.mark.parametrize(("who", "when"), [("P02", 14 + 29), ("P09", 20), ("P01", 29)])
def test_leaving_after_the_window_or_of_somebody_not_infused_bears_on_no_dose(study, who, when):
    screened = Fact("disease", "SLE", day(0), participant="P09")
    unread = Unread("facts", who, day(when), "facts.csv:20 value: 'perhaps'", "study_discontinuation")
    some = _with_unread(trial(*THREE, facts=(screened,)), unread)
    assert decide_next_dose(study, some, day(60)).decision.action == "treat"


@pytest.mark.parametrize("name", ["steroid_withdrawal", "depth"])
def test_a_name_that_says_nothing_of_leaving_or_death_bears_on_no_dose(study, name):
    unread = Unread("facts", "P02", day(20), "facts.csv:20 fact: not in the dictionary", name)
    assert decide_next_dose(study, _with_unread(trial(*THREE), unread), day(60)).decision.action == "treat"


def test_a_count_in_the_window_that_cannot_be_read_leaves_its_participant_pending(study):
    def outcome(name: str, when: int | None, *facts: Fact) -> tuple[Outcome, str]:
        row = Unread("facts", "P02", None if when is None else day(when), "facts.csv:20 value: 'abc'", name)
        return (
            found := decide_next_dose(study, _with_unread(trial(*THREE, facts=facts), row), day(60)).reviews[1]
        ).outcome, found.why

    for name, when in (("platelets", 20), ("neutrophils", 42), ("platelets", None)):
        said, why = outcome(name, when)
        assert (said, "facts.csv:20" in why, "DLT-4 reads it" in why) == (Outcome.PENDING, True, True)
    for name, when in (("platelets", 13), ("platelets", 43), ("weight", 20)):
        assert outcome(name, when)[0] is Outcome.NO_DLT
    reviewed = Fact("dlt_review", True, day(42), participant="P02")
    assert outcome("platelets", 20, reviewed)[0] is Outcome.NO_DLT


def test_silence_to_the_end_of_a_window_is_said_beside_the_decision(study):
    seen = tuple(Fact("screening_visit", "x", day(55), participant=code) for code in ("P01", "P02"))
    notes = decide_next_dose(study, trial(*THREE, facts=seen), day(60)).decision.notes
    silent = [note for note in notes if note.startswith("nothing is recorded of")]
    assert len(silent) == 1
    assert "P03" in silent[0]


def test_a_month_is_no_day_to_decide_on(study):
    with pytest.raises(CutoffError, match="2025-04"):
        decide_next_dose(study, trial(*THREE), Day(2025, 4))


def test_two_people_infused_on_one_day_both_count(study):
    found = decide_next_dose(study, trial((1, 0), (1, 14), (1, 14)), day(60))
    assert str(found.conduct) == "1NNN"
    assert found.decision.level == 2


def test_a_fourth_participant_and_a_skipped_level_still_get_an_answer(study):
    assert decide_next_dose(study, trial((1, 0), (1, 14), (1, 21), (1, 28)), day(90)).decision.level == 2
    skipped = trial((1, 0), (3, 30), (3, 44), events=(dlt("P02", 35), dlt("P03", 50)))
    found = decide_next_dose(study, skipped, day(120)).decision
    assert (found.action, found.level) == ("treat", 1)


def test_no_decision_treats_past_eighteen(study):
    infusions = tuple((1 + n // 6, 30 * n) for n in range(18))
    found = decide_next_dose(study, trial(*infusions), day(30 * 18 + 60)).decision
    assert found.action == "stop"


def retreated(policy: str, study, *events: AdverseEventRecorded, on: int, level: int = 1):
    """P01 to P03 at level 1, and P01 infused again on day 120."""
    plan = study.model_copy(update={"dose": study.dose.model_copy(update={"retreatment": policy})})
    first = tuple(Infusion(f"P{n:02d}", 1, day(when)) for n, (_, when) in enumerate(THREE, start=1))
    given = (*first, Infusion("P01", level, day(120)))
    return decide_next_dose(plan, history(infusions=given, adverse_events=events), day(on))


@pytest.mark.parametrize(
    ("policy", "decided", "conduct", "action", "level"),
    [
        ("not planned", True, "1TNN", "treat", 1),
        ("not planned", None, "1PNN", "wait", None),
        ("not planned", False, "1NNN", "treat", 2),
        ("counted", True, "1TNN", "treat", 1),
        ("counted", None, "1PNN", "wait", None),
        ("not counted", True, "1NNN", "treat", 2),
        ("not counted", None, "1NNN", "treat", 2),
    ],
)
def test_a_dlt_after_a_later_dose_counts_as_the_study_says(study, policy, decided, conduct, action, level):
    found = retreated(policy, study, dlt("P01", 122, decided, grade=4), on=160)
    assert (str(found.conduct), found.decision.action, found.decision.level) == (conduct, action, level)
    assert found.decision.departures == (), "what was done before the later dose was not against the rule"
    assert found.reviews[0].why.startswith(f"after the dose of {day(120)}: ") is (conduct != "1NNN")


@pytest.mark.parametrize(
    ("policy", "action"), [("not planned", "treat"), ("not counted", "treat"), ("counted", "wait")]
)
def test_only_where_it_has_a_window_of_its_own_does_a_later_dose_hold_the_next(study, policy, action):
    found = retreated(policy, study, on=130).decision
    assert found.action == action
    if action == "wait":
        assert found.until == day(120 + 29).earliest
        assert not any("closed with no outcome" in note for note in found.notes)
    assert retreated(policy, study, on=149).decision.action == "treat"


def test_a_dlt_after_a_later_dose_counts_at_the_level_of_that_dose(study):
    found = retreated("counted", study, dlt("P01", 122, grade=4), on=160, level=2)
    assert found.reviews[0].counted_at == 2


@pytest.mark.parametrize(
    ("amount", "conduct", "says"),
    [
        (300_000, "1N 2N 1N", "P02 counts at level 2: +200.0 % from level 1, outside ±20 %"),
        (200_000, "1NXN", "P02 does not count at level 1: +100.0 % from level 1, outside ±20 %"),
        (120_001, "1NXN", "P02 does not count at level 1: +20.001 % from level 1, outside ±20 %"),
        (120_000, "1NNN", ""),
    ],
)
def test_a_dose_counts_at_the_level_in_whose_window_it_lies_or_not_at_all(study, amount, conduct, says):
    plan = study.model_copy(update={"dose": study.dose.model_copy(update={"off_dose": "as treated"})})
    given = [Infusion(f"P{n:02d}", 1, day(when)) for n, (_, when) in enumerate(THREE, start=1)]
    given[1] = replace(given[1], cells_per_kg=Decimal(amount))
    found = decide_next_dose(plan, history(infusions=given), day(60))
    assert str(found.conduct) == conduct
    assert [note for note in found.decision.notes if note.startswith("P02 ")] == ([says] if says else [])


def test_a_level_opened_too_early_waits_for_the_window_below_it_and_is_then_completed(study):
    records = trial(*THREE, (2, 38))
    held = decide_next_dose(study, records, day(45)).decision
    assert (held.action, held.until) == ("wait", day(21 + 29).earliest)
    assert "2 participants pending at level 1 and 2" in held.reason
    then = decide_next_dose(study, records, day(52)).decision
    assert (then.action, then.level, then.size) == ("treat", 2, 2)


@pytest.mark.parametrize(
    ("recorded", "named", "told"),
    [
        (["event", "judgement"], 1, 10),
        (["event", "words", "judgement"], 1, 10),
        (["event", "words", "judgement"], 2, 10),  # the judgement rests on the correction
        (["event", "judgement", "words"], 1, 10),
        (["mild", "grade", "judgement"], 1, 12),
        (["earlier", "grade", "judgement"], 1, 12),  # first told of before the infusion
        (["judged"], 1, 10),
    ],
)
def test_a_correction_of_other_words_makes_a_dlt_known_no_later(study, recorded, named, told):
    """Recorded from the tenth on, every second day; a grade or day from the day on which it was said."""
    records = history(infusions=[Infusion("P01", 1, FIRST)])
    first, ines = records.number + 1, Author("ines", "investigator", "S1", "cli")
    grave = event(participant="P01", term="Sepsis", grade=4, start=day(5))
    says = {
        "event": grave,
        "mild": replace(grave, grade=1),
        "earlier": replace(grave, start=day(-60)),
        "judged": replace(grave, dlt=True),
        "words": EntryCorrected(
            participant="P01", reason="words", corrects=first, now=replace(grave, description="so")
        ),
        "grade": EntryCorrected(participant="P01", reason="grade", corrects=first, now=grave),
        "judgement": DltAdjudicated(participant="P01", is_dlt=True, because="it is", rests_on=(first + named - 1,)),
    }
    for place, what in enumerate(recorded):
        records.apply(Entry(first + place, datetime(2025, 3, 10 + 2 * place, 12, tzinfo=UTC), ines, says[what]))
    ((one,),) = [cohort.treated for cohort in decide_next_dose(study, records, day(27)).conduct.cohorts]
    assert (one.outcome, one.known) == (Outcome.DLT, date(2025, 3, told))
    assert [one.what.endswith("judged a DLT") for one in left_out(as_of(records, day(3)))] == [True]
