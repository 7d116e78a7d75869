"""A correction never lifts alone what several must set aside; an override covers one act with its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.casebook.trial import CARLA, CORA, INES, STAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.entry import Entry
from escalon.conduct.permit.refusal import Refused
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    CellsInfused,
    CohortClosed,
    DltAdjudicated,
    DltProposed,
    EntryAnnulled,
    EntryCorrected,
    EntrySigned,
    EvaluabilityJudged,
    FactRecorded,
    Observation,
    OverrideSigned,
    ParticipantTransferred,
    ParticipantWithdrawn,
    VisitLocked,
)


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


@pytest.fixture
def after_one(trial: Trial) -> Trial:
    """P-1 was infused one day ago, and P-2 is ready: the sentinel interval of 14 days runs."""
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.prepare("P-2", 1, 1)
    trial.infuse("P-1", 1)
    trial.days(1)
    return trial


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as why:
        act()
    return {one.rule for one in why.value.broken}


def last(trial: Trial, kind: str, code: str | None = None) -> Entry:
    return [one for one in trial.casebook.entries(kinds=[kind]) if code is None or one.participant == code][-1]


def annul(trial: Trial, who: Any, entry: Entry) -> Entry:
    return trial.record(who, EntryAnnulled(participant=entry.participant, annuls=entry.number, reason="a slip"))


def correct(trial: Trial, who: Any, entry: Entry, **now: Any) -> Entry:
    told = replace(entry.event, **now)
    said = EntryCorrected(participant=entry.participant, corrects=entry.number, now=told, reason="a slip")
    return trial.record(who, said)


# -- the clock of an infusion ------------------------------------------------------------------------------------------


def test_an_annulled_infusion_keeps_its_clock_until_two_have_signed(after_one: Trial) -> None:
    gone = annul(after_one, INES, last(after_one, "CellsInfused"))
    assert refused(lambda: after_one.infuse("P-2", 1)) == {"sentinel clock"}
    after_one.sign(INES, EntrySigned, entry=gone.number)
    assert refused(lambda: after_one.infuse("P-2", 1)) == {"sentinel clock"}, "one of two"
    after_one.sign(STAN, EntrySigned, entry=gone.number)
    assert refused(lambda: after_one.infuse("P-2", 1)) == {"sentinel clock"}, "not one who signs overrides"
    after_one.sign(CORA, EntrySigned, entry=gone.number)
    after_one.infuse("P-2", 1)


def test_an_infusion_redated_earlier_keeps_its_clock(after_one: Trial) -> None:
    infused = last(after_one, "CellsInfused")
    released = last(after_one, "ProductReleased", "P-1")
    early = infused.event.at - timedelta(seconds=1)  # type: ignore[attr-defined]
    assert refused(lambda: correct(after_one, INES, infused, at=early - timedelta(days=20))) >= {"apheresis"}
    correct(after_one, INES, infused, at=released.event.at)  # type: ignore[attr-defined]
    assert "sentinel clock" in refused(lambda: after_one.infuse("P-2", 1))


def test_an_infusion_is_not_corrected_into_the_future(after_one: Trial) -> None:
    infused = last(after_one, "CellsInfused")
    later = after_one.clock.now() + timedelta(days=600)
    assert "time" in refused(lambda: correct(after_one, INES, infused, at=later))


def test_a_corrected_infusion_meets_the_rules_of_an_infusion(after_one: Trial) -> None:
    infused = last(after_one, "CellsInfused")
    assert refused(lambda: correct(after_one, INES, infused, level=3, product="OTHER")) >= {"release", "slot"}
    assert "dose" in refused(lambda: correct(after_one, INES, infused, cells_per_kg=Decimal(300_000)))


def test_giving_a_place_back_stops_no_clock(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2", "P-3"):
        trial.prepare(code, 1, 1)
    for code, wait in (("P-1", 0), ("P-2", 14), ("P-3", 3)):
        trial.days(wait)
        trial.infuse(code, 1)
    trial.days(1)
    trial.nothing_to_report()
    for place, code in enumerate(("P-1", "P-2", "P-3"), 1):
        trial.record(INES, AllocationReleased(participant=code, cohort=1, place=place, reason="given back"))
    trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    assert refused(lambda: trial.decide(2)) == {"rule"}


# -- doubts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_doubt(after_one: Trial) -> Trial:
    after_one.days(14)
    after_one.record(STAN, DltProposed(participant="P-1", is_dlt=True, because="the definition"))
    assert refused(lambda: after_one.infuse("P-2", 1)) >= {"adjudication"}
    return after_one


def test_a_proposal_ends_by_judgement_not_by_its_author(in_doubt: Trial) -> None:
    annul(in_doubt, STAN, last(in_doubt, "DltProposed"))
    assert refused(lambda: in_doubt.infuse("P-2", 1)) >= {"adjudication"}


def test_a_proposal_corrected_to_none_is_still_judged(in_doubt: Trial) -> None:
    correct(in_doubt, STAN, last(in_doubt, "DltProposed"), is_dlt=False)
    assert refused(lambda: in_doubt.infuse("P-2", 1)) >= {"adjudication"}
    assert refused(lambda: correct(in_doubt, STAN, last(in_doubt, "DltProposed"), participant="P-2")) == {"correction"}


@pytest.mark.parametrize("said", [{"grade": 1}, {"term": "headache", "grade": 2, "outcome": ""}, None])
def test_a_death_is_not_corrected_away_by_one_person(after_one: Trial, said: dict[str, Any] | None) -> None:
    today = after_one.today()
    event = AdverseEventRecorded(participant="P-1", term="CRS", grade=5, start=Day.of(today), end=Day.of(today))
    after_one.record(CARLA, event)
    after_one.days(20)
    assert refused(lambda: after_one.infuse("P-2", 1)) >= {"adjudication"}
    entry = last(after_one, "AdverseEventRecorded")
    annul(after_one, CARLA, entry) if said is None else correct(after_one, CARLA, entry, **said)
    assert refused(lambda: after_one.infuse("P-2", 1)) >= {"adjudication"}


def test_calling_somebody_not_evaluable_lifts_nothing_alone(trial: Trial) -> None:
    """Two of three had a DLT: calling one of them not evaluable would open the level again."""
    trial.infuse_cohort(1, 1, "P-1", "P-2", "P-3")
    for code in ("P-1", "P-2"):
        trial.record(INES, DltAdjudicated(participant=code, is_dlt=True, because="seen"))
    trial.days(29)
    trial.nothing_to_report()
    trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    assert refused(lambda: trial.decide(1)) == {"rule"}
    for code in ("P-1", "P-2"):
        trial.record(INES, EvaluabilityJudged(participant=code, is_evaluable=False, because="moved"))
    assert refused(lambda: trial.decide(1)) == {"rule"}, "a judgement «yes» stands above evaluability"


# -- leaving, consent, locks, sites ---------------------------------------------------------------------------------------


def test_leaving_the_study_is_not_annulled_by_one_person(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    left = trial.record(INES, ParticipantWithdrawn(participant="P-1", on=trial.today(), reason="moved away"))
    assert refused(lambda: trial.infuse("P-1", 1)) == {"withdrawn"}
    gone = annul(trial, INES, left)
    assert refused(lambda: trial.infuse("P-1", 1)) == {"withdrawn"}
    for who in (INES, CORA):
        trial.sign(who, EntrySigned, entry=gone.number)
    trial.infuse("P-1", 1)


@pytest.mark.parametrize("way", ["annul", "correct", "move into"])
def test_a_fact_of_a_locked_visit_stays(trial: Trial, way: str) -> None:
    trial.consent("P-1")
    esr = Observation(name="esr", value="20", unit="mm/h", day="2026-03-01", visit="D28")
    locked = trial.record(CARLA, FactRecorded(participant="P-1", fact=esr))
    free = trial.record(CARLA, FactRecorded(participant="P-1", fact=replace(esr, visit="D90")))
    trial.record(INES, VisitLocked(participant="P-1", visit="D28"))
    acts: dict[str, Callable[[], object]] = {
        "annul": lambda: annul(trial, CARLA, locked),
        "correct": lambda: correct(trial, CARLA, locked, fact=replace(esr, value="2")),
        "move into": lambda: correct(trial, CARLA, free, fact=esr),
    }
    assert refused(acts[way]) == {"lock"}


def test_a_person_is_moved_by_an_act_of_both_sites(trial: Trial) -> None:
    consent = trial.consent("P-1")
    with pytest.raises(Refused, match="ParticipantTransferred"):
        correct(trial, CARLA, consent, site="S2")
    assert refused(lambda: trial.record(CARLA, ParticipantTransferred(participant="P-1", to_site="S2", reason="x")))
    assert trial.conduct.trial.courses["P-1"].site == "S1"


# -- doses and overrides -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [1_000_000_000, 300_000])
def test_the_dose_belongs_to_its_level(after_one: Trial, cells: int) -> None:
    after_one.days(14)
    given = replace(after_one.infusion("P-2", 1), cells_per_kg=Decimal(cells))
    assert refused(lambda: after_one.record(INES, given)) == {"dose"}


@pytest.mark.parametrize(
    "other", [{"level": 3, "product": "X", "cells_per_kg": Decimal(600_000)}, {"product": "X"}, {"level": 2}]
)
def test_an_override_covers_the_content_it_was_signed_for(trial: Trial, other: dict[str, Any]) -> None:
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    allowed = trial.override("CellsInfused", "P-1", "slot", "release", "decision", "dose", "rule", "dlt clock")
    act = replace(trial.infusion("P-1", 1), **other)
    assert "override" in refused(lambda: trial.record(INES, act, override=allowed))


def test_nobody_sets_a_rule_aside_alone(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    trial.enter("P-1")
    trial.apheresis("P-1")
    trial.allocate("P-1", 1)
    trial.release("P-1", 1)
    alone = trial.override("CellsInfused", "P-1", "lymphodepletion", signers=(INES,))
    assert refused(lambda: trial.infuse("P-1", 1, override=alone)) == {"override"}
    trial.sign(CORA, OverrideSigned, given=alone)
    trial.infuse("P-1", 1, override=alone)


# -- a judgement taken back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_the_row", [True, False])
def test_a_dlt_is_not_taken_back_by_one_person_whoever_judged_it(trial: Trial, in_the_row: bool) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    started = Day.of(trial.today() - timedelta(days=25))
    judged = True if in_the_row else None
    trial.record(CARLA, AdverseEventRecorded(participant="P-3", term="CRS", grade=4, start=started, dlt=judged))
    if not in_the_row:
        trial.record(INES, DltAdjudicated(participant="P-3", is_dlt=True, because="grade 4"))
    back = trial.record(INES, DltAdjudicated(participant="P-3", is_dlt=False, because="on reflection"))
    assert (back.event.needs, back.event.lifts[0].name) == (2, "rule (level 2)")
    assert refused(lambda: trial.decide(2)) == {"rule"}
    trial.sign(INES, EntrySigned, entry=back.number)
    assert refused(lambda: trial.decide(2)) == {"rule"}, "one of two"
    trial.sign(CORA, EntrySigned, entry=back.number)
    trial.decide(2)


def test_the_judgement_that_is_waited_for_is_one_person_s(trial: Trial) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    started = Day.of(trial.today() - timedelta(days=25))
    trial.record(CARLA, AdverseEventRecorded(participant="P-3", term="CRS", grade=4, start=started))
    assert refused(lambda: trial.decide(2)) == {"rule"}
    assert trial.record(INES, DltAdjudicated(participant="P-3", is_dlt=False, because="seen")).event.needs == 0
    trial.decide(2)


def test_the_second_bag_is_weighed_with_the_first(trial: Trial) -> None:
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    half = replace(trial.infusion("P-1", 1), cells_per_kg=Decimal(50_000))
    assert refused(lambda: trial.record(INES, half)) == {"dose"}
    first = trial.override(
        "CellsInfused", "P-1", "dose", content={"level": 1, "product": "B-P-1", "cells_per_kg": 50_000}
    )
    trial.record(INES, half, override=first)
    trial.days(1)
    small = replace(trial.infusion("P-1", 1), cells_per_kg=Decimal(20_000))
    assert "dose" in refused(lambda: trial.record(INES, small))
    rest = replace(trial.infusion("P-1", 1), cells_per_kg=Decimal(50_000))
    assert "dose" not in {one.rule for one in trial.conduct.what_forbids(INES, rest)}


def test_a_dose_that_is_no_number_is_no_infusion() -> None:
    for amount in ("NaN", "Infinity", "-5", "0"):
        with pytest.raises(ValueError, match="an infusion delivers more than none"):
            CellsInfused(participant="P-1", level=1, on=date(2026, 3, 2), cells_per_kg=Decimal(amount))
