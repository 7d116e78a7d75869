"""Screening: an exclusion passes only when known to be absent; what is unknown blocks and says what to obtain."""

from dataclasses import replace

import pytest

from escalon.casebook.records import Records, gathered
from escalon.conduct.cutoff import as_of, last_day
from escalon.conduct.screening import Verdict, screen_one
from escalon.facts import Day


@pytest.fixture(scope="module")
def records(trial) -> Records:
    return trial.records


def without(records: Records, participant: str, *names: str) -> Records:
    facts = tuple(fact for fact in records.facts if fact.participant != participant or fact.name not in names)
    return replace(records, facts=facts, by_participant=gathered(facts, records.treatments, records.infusions))


def test_everybody_treated_in_the_synthetic_trial_was_eligible(study, records):
    cutoff = last_day(records)
    for infusion in records.infusions:
        found = screen_one(study, records, infusion.participant, cutoff)
        assert found.eligible, (infusion.participant, [(c.criterion.id, c.why()) for c in found.failed()], found.obtain)


def test_each_screen_failure_has_the_reason_it_was_given(study, records):
    cutoff = last_day(records)
    infused = {infusion.participant for infusion in records.infusions}
    failed = {
        code: [clause.criterion.id for clause in screen_one(study, records, code, cutoff).failed()]
        for code in records.participants
        if code not in infused
    }
    reasons = sorted(id for ids in failed.values() for id in ids)
    assert reasons == ["E-10a", "E-4b", "E-5", "E-9e", "I-1a", "I-3a", "I-7f", "I-8b", "I-9c"]
    undecided = [code for code, ids in failed.items() if not ids]
    assert len(undecided) == 1


def test_unknown_blocks_enrolment_and_says_what_to_obtain(study, records):
    bare = without(records, "P01", "hiv_antibody")
    found = screen_one(study, bare, "P01", last_day(records))
    assert found.eligible is None
    assert any("HIV antibody" in text for text in found.obtain)


@pytest.mark.parametrize("name", ["malignancy", "vaccination", "b_cell_therapy", "organ_transplantation"])
def test_a_silent_record_is_never_taken_for_absence(study, records, name):
    found = screen_one(study, without(records, "P01", name), "P01", last_day(records))
    assert found.eligible is None


def test_facts_after_treatment_began_do_not_count(study, records):
    infusion = records.infusion_of("P01")
    late = replace(records.facts_of("P01").named("alt")[0], value=900, day=infusion.day, visit="D0")
    facts = (*records.facts, late)
    more = replace(records, facts=facts, by_participant=gathered(facts, records.treatments, records.infusions))
    assert screen_one(study, more, "P01", last_day(records)).eligible


def test_an_earlier_cutoff_never_sees_later_entries(study, records):
    early = as_of(records, Day(2025, 3, 1))
    assert all(fact.day is None or fact.day.earliest.isoformat() <= "2025-03-01" for fact in early.facts)
    assert early.infusions == ()


def test_every_clause_shows_its_sentence_and_the_facts_it_rests_on(study, records):
    found = screen_one(study, records, "P01", last_day(records))
    for clause in found.clauses:
        assert clause.sentence
        if clause.verdict is Verdict.MET:
            assert clause.as_json()["facts"], clause.criterion.id


def test_a_recorded_score_that_differs_from_its_items_is_flagged(study, records):
    baseline = next(fact for fact in records.facts_of("P01").named("esr") if fact.visit == "BL")
    recorded = replace(baseline, name="das28_esr", value=2, unit=None)
    facts = (*records.facts, recorded)
    more = replace(records, facts=facts, by_participant=gathered(facts, records.treatments, records.infusions))
    clause = next(c for c in screen_one(study, more, "P01", last_day(records)).clauses if c.criterion.id == "I-6c")
    assert "RECORDED_DIFFERS" in clause.as_json()["flags"]
    assert clause.finding.rests_on[0].value is None  # 2 and 6.19 do not agree on «> 3.2»
