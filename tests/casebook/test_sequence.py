"""What must have happened before what, and what an override takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.casebook.trial import CARLA, CORA, CYRUS, INES, PLAN, STAN, Trial, study

from escalon.casebook.casebook import Casebook
from escalon.conduct.judge import standing
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.permit.overrides import _alike
from escalon.conduct.permit.refusal import Refused
from escalon.facts import Day
from escalon.history.events import (
    AllocationReleased,
    CohortClosed,
    ConsentWithdrawn,
    Course,
    DecisionSigned,
    DltAdjudicated,
    DltProposed,
    EntryCorrected,
    EntrySigned,
    FactCorrected,
    FactRecorded,
    LevelAllocated,
    Observation,
    OverrideSigned,
    ParticipantConsented,
    ParticipantScreened,
    Verdict,
    VisitLocked,
    VisitUnlocked,
)

ALT = Observation(name="alt", value="31", unit="U/L", day="2026-03-01")


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


@pytest.fixture
def ready(trial: Trial) -> Trial:
    """Cohort 1 is open at level 1 and P-1 may be infused."""
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    return trial


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as why:
        act()
    return {one.rule for one in why.value.broken}


def test_the_way_through_a_first_cohort_is_open(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    for code in ("P-2", "P-3"):
        ready.prepare(code, 1, 1)
        ready.days(14)
        ready.infuse(code, 1)
    assert len(ready.conduct.trial.infused()) == 3


STEPS = ["consent", "eligibility", "apheresis", "lymphodepletion", "release", "slot"]


@pytest.mark.parametrize("left_out", STEPS)
def test_no_infusion_before(trial: Trial, left_out: str) -> None:
    trial.open_cohort(1, 1)
    if left_out == "consent":
        assert refused(lambda: trial.infuse("P-1", 1)) == {"consent"}
        return
    trial.consent("P-1")
    screening = trial.screen("P-1").number
    if left_out != "eligibility":
        trial.sign_eligibility("P-1", screening)
    steps: dict[str, Callable[[], object]] = {
        "apheresis": lambda: trial.apheresis("P-1"),
        "slot": lambda: trial.allocate("P-1", 1),
        "release": lambda: trial.release("P-1", 1),
        "lymphodepletion": lambda: trial.lymphodepletion("P-1"),
    }
    for name, step in steps.items():
        if name != left_out:
            with suppress(Refused):  # a step left out may forbid the next ones too
                step()
    assert left_out in refused(lambda: trial.infuse("P-1", 1))


def test_nothing_is_done_after_consent_was_withdrawn(ready: Trial) -> None:
    ready.record(INES, ConsentWithdrawn(participant="P-1", on=ready.today(), reason="wishes to stop"))
    assert refused(lambda: ready.infuse("P-1", 1)) == {"consent"}


def test_a_corrected_fact_voids_eligibility_when_a_clause_says_otherwise(sqlite_casebook: Casebook) -> None:
    trial = Trial(sqlite_casebook, study(clauses=("I-3a",)))
    trial.open_cohort(1, 1)
    trial.consent("P-1")
    seen = replace(ALT, upper="40", visit="screening")
    trial.record(
        CARLA,
        FactRecorded(
            participant="P-1", fact=replace(seen, name="screening_visit", value="2026-03-01", unit=None, upper=None)
        ),
    )
    alt = trial.record(CARLA, FactRecorded(participant="P-1", fact=seen)).number
    trial.sign_eligibility("P-1", trial.screen("P-1", alt).number)
    trial.apheresis("P-1")
    typing = FactCorrected(participant="P-1", corrects=alt, fact=replace(seen, value="13"), reason="typing error")
    trial.record(CARLA, typing)
    assert trial.conduct.what_forbids(CARLA, LevelAllocated(participant="P-1", cohort=1, level=1, place=1)) == ()
    trial.record(CARLA, replace(typing, fact=replace(seen, value="310")))
    assert refused(lambda: trial.allocate("P-1", 1)) == {"eligibility"}
    assert refused(lambda: trial.screen("P-1", alt)) == {"screening"}, "nobody is eligible against the criteria"
    back = trial.record(CARLA, typing)
    assert refused(lambda: trial.allocate("P-1", 1)) == {"eligibility"}, "a correction that lifts the hold waits"
    trial.sign_eligibility("P-1", trial.screen("P-1", alt).number)
    for who in (INES, CORA):
        trial.sign(who, EntrySigned, entry=back.number)
    trial.allocate("P-1", 1)


def test_a_new_screening_needs_a_new_signature(trial: Trial) -> None:
    """Found by the test of any order: the signature under an earlier screening had counted for a later one."""
    trial.enter("P-1")
    again = trial.screen("P-1").number
    assert refused(lambda: trial.apheresis("P-1")) == {"eligibility"}
    trial.sign_eligibility("P-1", again)
    trial.apheresis("P-1")


def test_only_an_eligible_verdict_can_be_signed(trial: Trial) -> None:
    trial.consent("P-1")
    for verdict in (Verdict.UNKNOWN, Verdict.NOT_ELIGIBLE):
        screening = trial.screen("P-1", verdict=verdict).number
        assert refused(lambda number=screening: trial.sign_eligibility("P-1", number)) == {"signature"}


def test_a_product_is_released_only_for_the_participant_it_was_made_from(ready: Trial) -> None:
    ready.enter("P-2")
    ready.apheresis("P-2")
    released = ready.conduct.trial.courses["P-1"].products[-1].event
    assert refused(lambda: ready.record(*_by_lab(replace(released, participant="P-2")))) == {"identity"}
    swapped = replace(released, participant="P-2", collection="A-P-2")
    assert refused(lambda: ready.record(*_by_lab(swapped))) == {"identity"}


def _by_lab(event: object) -> tuple[object, object]:
    from tests.casebook.trial import LENA

    return LENA, event


def test_no_dosing_while_the_sentinel_clock_runs(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    ready.days(13)
    assert refused(lambda: ready.infuse("P-2", 1)) == {"sentinel clock"}
    ready.days(1)
    ready.infuse("P-2", 1)
    ready.prepare("P-3", 1, 1)
    ready.days(2)
    assert refused(lambda: ready.infuse("P-3", 1)) == {"sentinel clock"}
    ready.days(1)
    ready.infuse("P-3", 1)


def test_nothing_is_recorded_before_it_happens(ready: Trial) -> None:
    from datetime import timedelta

    tomorrow = ready.clock.now() + timedelta(days=1)
    assert refused(lambda: ready.record(INES, replace(ready.infusion("P-1", 1), at=tomorrow))) == {"time"}


def test_no_next_cohort_and_no_decision_while_a_dlt_clock_runs(trial: Trial) -> None:
    """Of a 28-day window the last day counts: on day 28 nobody, on day 29 the next cohort."""
    trial.open_cohort(1, 1)
    for place, code in enumerate(("P-1", "P-2", "P-3")):
        trial.prepare(code, 1, 1)
        trial.days((0, 14, 3)[place])
        trial.infuse(code, 1)
    trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    trial.nothing_to_report()
    trial.days(28)
    assert refused(lambda: trial.decide(2)) == {"rule"}
    trial.days(1)
    trial.open_cohort(2, 2)


def test_silence_about_adverse_events_opens_no_level(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    for place, code in enumerate(("P-1", "P-2", "P-3")):
        trial.prepare(code, 1, 1)
        trial.days((0, 14, 3)[place])
        trial.infuse(code, 1)
    trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    trial.days(29)
    assert refused(lambda: trial.decide(2)) == {"rule"}
    trial.nothing_to_report()
    trial.open_cohort(2, 2)


def test_no_dosing_while_a_proposed_dlt_awaits_adjudication(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    ready.days(14)
    proposed = ready.record(CARLA, DltProposed(participant="P-1", is_dlt=True, because="grade 4")).number
    assert refused(lambda: ready.infuse("P-2", 1)) == {"adjudication"}
    adjudicated = DltAdjudicated(participant="P-1", is_dlt=False, because="disease", rests_on=(proposed,))
    ready.record(INES, adjudicated)
    ready.infuse("P-2", 1)


def test_no_level_without_a_signed_decision(trial: Trial) -> None:
    number = trial.propose(1).number
    assert refused(lambda: trial.open_cohort(1, 1, number)) == {"decision"}
    trial.sign(CORA, DecisionSigned, decision=number)
    assert refused(lambda: trial.open_cohort(1, 1, number)) == {"decision"}
    trial.sign(CYRUS, DecisionSigned, decision=number)
    assert refused(lambda: trial.open_cohort(1, 2, number)) == {"decision", "rule"}
    trial.open_cohort(1, 1, number)


def test_one_person_cannot_sign_a_decision_twice(trial: Trial) -> None:
    number = trial.propose(1).number
    trial.sign(CORA, DecisionSigned, decision=number)
    assert refused(lambda: trial.sign(CORA, DecisionSigned, decision=number)) == {"signature"}


def test_those_who_entered_the_dlts_cannot_be_the_only_signers(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    for author in (CORA, CYRUS):
        ready.record(author, DltAdjudicated(participant="P-1", is_dlt=True, because=f"event {author.person}"))
    ready.record(INES, CohortClosed(cohort=1, reason="complete"))
    ready.days(29)
    ready.nothing_to_report()
    number = ready.decide(1)
    assert refused(lambda: ready.open_cohort(2, 1, number)) == {"decision"}
    trial = ready.conduct.informed()
    assert "only those signed" in standing.why_not_effective(ready.conduct.study, trial, trial.decisions[number])


def test_a_late_dlt_makes_the_decision_stale_and_stops_dosing(trial: Trial) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    trial.open_cohort(2, 2)
    trial.prepare("P-4", 2, 2)
    trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=True, because="late event"))
    with pytest.raises(Refused, match=r"is stale: .*P-1: no dlt then, dlt now") as why:
        trial.infuse("P-4", 2)
    assert {one.rule for one in why.value.broken} == {"decision", "rule"}


def test_a_decision_bolder_than_the_rule_is_refused_or_overridden_and_a_more_cautious_one_needs_a_reason(
    ready: Trial,
) -> None:
    assert refused(lambda: ready.decide(2)) == {"rule"}
    assert refused(lambda: ready.decide(1, course=Course.STOP)) == {"rule"}
    stop = ready.propose(1, course=Course.STOP, reason="a death elsewhere")
    assert stop.event.answer.says == "treat 3 at level 1"
    bold = ready.override("DecisionProposed", None, "rule", content={"course": "treat", "level": 2})
    assert ready.propose(2, override=bold).event.override == bold


def test_a_newer_decision_ends_the_authority_of_the_older(ready: Trial) -> None:
    stop = ready.decide(1, course=Course.STOP, reason="a death elsewhere")
    with pytest.raises(Refused, match=f"is not the one in force: decision {stop} says stop \\[") as why:
        ready.infuse("P-1", 1)
    assert {one.rule for one in why.value.broken} == {"decision"}
    again = ready.decide(1)
    with pytest.raises(Refused, match=f"is not the one in force: decision {again} says treat level 1 \\["):
        ready.infuse("P-1", 1)


def test_there_are_never_two_open_cohorts(ready: Trial) -> None:
    number = ready.decide(1)
    assert "one cohort" in refused(lambda: ready.open_cohort(2, 1, number))


def test_a_full_cohort_gives_no_place_and_a_place_given_back_is_not_numbered_again(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2", "P-3", "P-4"):
        trial.enter(code)
    places = [trial.allocate(code, 1).event.place for code in ("P-1", "P-2", "P-3")]  # type: ignore[attr-defined]
    assert places == [1, 2, 3]
    assert refused(lambda: trial.allocate("P-4", 1)) == {"slot"}
    trial.record(INES, AllocationReleased(participant="P-2", cohort=1, place=2, reason="left before infusion"))
    assert trial.allocate("P-4", 1).event.place == 4  # type: ignore[attr-defined]


def test_an_override_is_possible_once_with_two_signatures_and_shows_in_the_entry(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    alone = ready.override("CellsInfused", "P-2", "sentinel clock", signers=(INES,))
    assert refused(lambda: ready.infuse("P-2", 1, override=alone)) == {"override"}
    assert refused(lambda: ready.sign(INES, OverrideSigned, given=alone)) == {"signature"}
    ready.sign(CORA, OverrideSigned, given=alone)
    entry = ready.infuse("P-2", 1, override=alone)
    assert entry.event.override == alone
    assert f'"override":{alone}' in entry.body
    ready.prepare("P-3", 1, 1)
    assert refused(lambda: ready.infuse("P-3", 1, override=alone)) == {"override"}


def test_an_override_covers_only_the_rules_it_names(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    number = ready.override("CellsInfused", "P-2", "slot")
    assert refused(lambda: ready.infuse("P-2", 1, override=number)) == {"sentinel clock"}


@pytest.mark.parametrize(
    ("level", "product", "given", "refused_by"),
    [
        (1, "B-P-2", "100393", None),  # 8.5 mL loaded, 0.3 left, where 8.17 were planned
        (1, "B-P-2", "80000", None),
        (1, "B-P-2", "79999", "override"),
        (1, "B-P-2", "120001", "override"),
        (1, "B-P-2", "300000", "override"),
        (2, "B-P-2", "100000", "override"),
        (1, "B-P-1", "100000", "override"),
        (1, "NaN", "100000", "override"),
    ],
)
def test_a_dose_delivered_lies_within_the_margin_of_the_dose_that_was_signed_for(
    ready: Trial, level: int, product: str, given: str, refused_by: str | None
) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    number = ready.override("CellsInfused", "P-2", "sentinel clock", "dose", "release", "slot")
    event = replace(ready.infusion("P-2", 1), level=level, product=product, cells_per_kg=Decimal(given))
    if refused_by is None:
        assert ready.record(INES, event, override=number).event.override == number
    else:
        assert refused(lambda: ready.record(INES, event, override=number)) == {refused_by}


def test_a_product_is_no_number_an_override_is_signed_for_it_letter_by_letter(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.prepare("P-2", 1, 1)
    said = {"level": 1, "product": "0123", "cells_per_kg": 100_000}
    number = ready.override("CellsInfused", "P-2", "sentinel clock", "release", content=said)
    event = replace(ready.infusion("P-2", 1), product="123")
    assert refused(lambda: ready.record(INES, event, override=number)) == {"override"}
    assert ready.record(INES, replace(event, product="0123"), override=number).event.product == "0123"


def test_several_events_are_one_act_each_checked_after_the_ones_before(trial: Trial) -> None:
    consent = ParticipantConsented(participant="P-1", site="S1", form="v1", signed_on=trial.today())
    fact = FactRecorded(participant="P-1", fact=replace(ALT, visit="D1"))
    made = trial.conduct.record_all(CARLA, [consent, fact, fact])
    assert [entry.number for entry in trial.casebook.entries(participant="P-1")] == [one.number for one in made]


def test_of_several_events_all_are_kept_or_none(trial: Trial) -> None:
    consent = ParticipantConsented(participant="P-1", site="S1", form="v1", signed_on=trial.today())
    stranger = FactRecorded(participant="P-2", fact=ALT)
    before = trial.casebook.head
    assert refused(lambda: trial.conduct.record_all(CARLA, [consent, stranger])) == {"consent"}
    assert trial.casebook.head == before
    assert "P-1" not in trial.conduct.trial.courses, "what was not kept is not believed"
    assert trial.conduct.trial.people.get("carla"), "and everything else still stands"


def test_a_locked_visit_takes_no_fact_until_it_is_unlocked(trial: Trial) -> None:
    trial.consent("P-1")
    fact = FactRecorded(participant="P-1", fact=replace(ALT, visit="D28"))
    first = trial.record(CARLA, fact).number
    trial.record(INES, VisitLocked(participant="P-1", visit="D28"))
    elsewhere = Observation(name="alt", value="13", unit="U/L", day="2026-03-01", visit="D90")
    correction = FactCorrected(participant="P-1", corrects=first, fact=elsewhere, reason="typing error")
    for event in (fact, correction):
        assert refused(lambda event=event: trial.record(CARLA, event)) == {"lock"}
    trial.record(INES, VisitUnlocked(participant="P-1", visit="D28", reason="source checked again"))
    trial.record(CARLA, correction)


def test_a_corrected_step_counts_as_it_should_have_been(trial: Trial) -> None:
    trial.consent("P-1")
    wrong = trial.screen("P-1")
    trial.sign_eligibility("P-1", wrong.number)
    now = ParticipantScreened(participant="P-1", verdict=Verdict.NOT_ELIGIBLE)
    trial.record(CARLA, EntryCorrected(participant="P-1", corrects=wrong.number, now=now, reason="HBV found"))
    assert refused(lambda: trial.apheresis("P-1")) == {"eligibility"}


def test_a_signature_or_a_decision_cannot_be_corrected(ready: Trial) -> None:
    opened = next(e for e in ready.casebook.entries() if e.kind == "CohortOpened")
    correction = EntryCorrected(corrects=opened.number, now=opened.event, reason="x")
    assert refused(lambda: ready.record(STAN, correction)) == {"correction"}


def test_the_next_dose_follows_the_stricter_history_until_a_lifting_correction_is_signed(trial: Trial) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    judged = trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=True, because="grade 4"))
    day = Day.of(trial.today())
    assert decide_next_dose(PLAN, trial.conduct.informed(), day).decision.level == 1
    now = replace(judged.event, is_dlt=False)
    lifting = trial.record(INES, EntryCorrected(participant="P-1", corrects=judged.number, now=now, reason="misread"))
    assert lifting.event.needs == 2
    held = decide_next_dose(PLAN, trial.conduct.informed(), day).decision
    assert held.level == 1
    assert any(f"entry {lifting.number} would lift a hold" in note for note in held.notes)
    for who in (INES, CORA):
        trial.sign(who, EntrySigned, entry=lifting.number)
    assert decide_next_dose(PLAN, trial.conduct.informed(), day).decision.level == 2


def test_that_the_committee_stopped_stands_beside_what_the_rule_says_until_it_decides_anew(ready: Trial) -> None:
    def notes() -> str:
        with ready.conduct.standing() as trial:
            return "; ".join(decide_next_dose(ready.conduct.study, trial, ready.today()).decision.notes)

    stop = ready.propose(1, course=Course.STOP, reason="a death elsewhere").number
    assert "the committee decided" not in notes()
    for signer in (CORA, CYRUS):
        ready.sign(signer, DecisionSigned, decision=stop)
    assert f"the committee decided to stop (a death elsewhere), signed by cora and cyrus [entry {stop}]" in notes()
    assert "after this day" not in notes()
    found = decide_next_dose(ready.conduct.study, ready.conduct.informed(), ready.today())
    assert (found.is_stopped, found.treats) == (True, False)
    assert found.headline == f"dose nobody: the committee stopped the trial; the rule alone says: {found.by_the_rule}"
    with ready.conduct.standing() as trial:
        earlier = decide_next_dose(ready.conduct.study, trial, ready.today() - timedelta(days=1)).decision.notes
    assert any(f"signed by cora and cyrus on {ready.today()}, after this day [entry {stop}]" in one for one in earlier)
    ready.decide(1)
    assert "the committee decided" not in notes()
    assert decide_next_dose(ready.conduct.study, ready.conduct.informed(), ready.today()).treats


def test_a_stop_stands_above_a_wait_as_well(ready: Trial) -> None:
    ready.infuse("P-1", 1)
    ready.decide(1, course=Course.STOP, reason="a death elsewhere")
    found = decide_next_dose(ready.conduct.study, ready.conduct.informed(), ready.today())
    assert (found.decision.action, found.is_stopped, found.treats) == ("wait", True, False)
    assert found.headline == f"dose nobody: the committee stopped the trial; the rule alone says: {found.by_the_rule}"


def test_nobody_is_dosed_between_a_withdrawal_and_the_consent_given_anew(ready: Trial) -> None:
    ready.record(INES, ConsentWithdrawn(participant="P-1", on=ready.today(), reason="wishes to stop"))
    ready.days(2)
    between = ready.infusion("P-1", 1)
    ready.days(2)
    ready.consent("P-1")
    with pytest.raises(Refused, match="has withdrawn it"):
        ready.record(INES, between)
    ready.infuse("P-1", 1)


def test_an_override_signed_for_yes_covers_yes_and_not_no() -> None:
    assert _alike(True, "True", Fraction(0))
    assert not _alike(False, "True", Fraction(0))
    assert not _alike(True, "1", Fraction(0))
