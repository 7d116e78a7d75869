"""Strata in one casebook: each has its own decisions, cohorts and holds, and what happens in one changes nothing in another."""

from datetime import timedelta

import pytest
from tests.casebook.test_every_rule_at_every_door import said
from tests.casebook.trial import CARLA, CORA, CYRUS, INES, STAN, Trial, study

from escalon.casebook import location
from escalon.casebook.archive import make_archive
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.waiting import waiting
from escalon.conduct.permit.holds import dosing_holds
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.importing import import_folder
from escalon.conduct.record.proposals import propose_decision
from escalon.conduct.record.replay import not_allowed
from escalon.escalation import Stop, Treat, Wait
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    CohortClosed,
    CohortOpened,
    Course,
    DecisionProposed,
    DecisionSigned,
    DltAdjudicated,
    FactCorrected,
    FactRecorded,
    Observation,
)
from escalon.sources.folder import take_in

PLAN = study(strata="disease", cap=9)
A, B = "SLE", "RA"


class Strata(Trial):
    """The short ways of a trial, with the stratum of everybody and of each decision."""

    def __init__(self, casebook, plan=PLAN):
        super().__init__(casebook, plan)
        self.of = {}

    def belongs(self, code, disease):
        seen = Observation(name="disease", value=disease, day=str(self.today()), source="crf")
        return self.record(CARLA, FactRecorded(participant=code, fact=seen))

    def enter(self, code):
        self.consent(code)
        if code in self.of:
            self.belongs(code, self.of[code])
        self.sign_eligibility(code, self.screen(code).number)

    def laid(self, stratum, level=1, course=Course.TREAT, reason=None):
        event = DecisionProposed(course=course, level=level, because="…", stratum=stratum, reason=reason)
        return self.record(STAN, event).number

    def signed(self, number):
        for one in (CORA, CYRUS):
            self.sign(one, DecisionSigned, decision=number)
        return number

    def opened(self, cohort, stratum, level):
        decision = self.signed(propose_decision(self.conduct, STAN, stratum).number)
        self.record(STAN, CohortOpened(cohort=cohort, level=level, size=3, decision=decision))

    def treated(self, cohort, level, *codes):
        """Everybody of an open cohort infused in turn, until the last window has closed."""
        for place, code in enumerate(codes):
            self.prepare(code, cohort, level)
            self.days((0, 14, 3)[place])
            self.infuse(code, level)
        self.days(29)
        self.nothing_to_report()

    def says(self, stratum):
        found = decide_next_dose(self.conduct.study, self.conduct.informed(), Day.of(self.today()))
        return found.of(stratum).decision

    def limited(self, code, ago=0):
        """A grade 4 event that began some days ago, judged a DLT."""
        start = Day.of(self.today() - timedelta(days=ago))
        event = AdverseEventRecorded(participant=code, term="CRS", grade=4, start=start, related=True)
        number = self.record(CARLA, event).number
        self.record(INES, DltAdjudicated(participant=code, is_dlt=True, because="DLT-1a", rests_on=(number,)))


@pytest.fixture
def trial(sqlite_casebook):
    made = Strata(sqlite_casebook)
    made.of = {f"S-{n}": A for n in range(9)} | {f"R-{n}": B for n in range(9)}
    return made


def refused(trial, make, *words):
    with pytest.raises(Refused) as error:
        make()
    for word in words:
        assert word in str(error.value)


def test_two_strata_escalate_beside_each_other(trial):
    trial.opened(1, A, 1)
    trial.opened(2, B, 1)
    assert [len(trial.conduct.trial.open_cohorts(one)) for one in (A, B)] == [1, 1]
    trial.prepare("S-0", 1, 1)
    trial.prepare("R-0", 2, 1)
    trial.infuse("S-0", 1)
    trial.infuse("R-0", 1)
    assert isinstance(trial.says(A), Wait), "its sentinel was infused today"
    trial.days(3)
    trial.limited("R-0")
    trial.days(11)
    assert isinstance(trial.says(A), Treat), "a DLT of another stratum holds nobody"
    trial.prepare("S-1", 1, 1)
    trial.infuse("S-1", 1)
    study, recorded = trial.conduct.study, trial.conduct.informed()
    assert departures(study, recorded) == []
    assert not [*not_allowed(study, trial.casebook.entries())]


def test_a_cohort_takes_only_its_own_stratum(trial):
    trial.opened(1, A, 1)
    trial.enter("R-0")
    refused(trial, lambda: trial.allocate("R-0", 1), "cohort 1 is of SLE", "R-0 belongs to: RA")
    trial.enter("P-9")
    refused(trial, lambda: trial.allocate("P-9", 1), "P-9 belongs to: stratum not recorded")
    trial.enter("S-0")
    assert trial.allocate("S-0", 1)


def test_a_decision_names_its_stratum(trial):
    refused(trial, lambda: trial.laid("", 1), "name one of RA, SLE")
    refused(trial, lambda: trial.laid("DM", 1), "not DM")
    refused(trial, lambda: propose_decision(trial.conduct, STAN), "name one of")
    refused(trial, lambda: trial.laid(A, 2), "the rule says otherwise: treat 3 at level 1")
    assert "of SLE" in trial.casebook.entry(trial.laid(A, 1)).event.what
    plain = Trial.reopened(trial.casebook, study())
    refused(
        plain,
        lambda: plain.record(STAN, DecisionProposed(course=Course.TREAT, level=1, because="…", stratum=A)),
        "the study has no strata",
    )


def test_a_signed_decision_grows_stale_by_its_own_stratum_alone(trial):
    trial.opened(1, A, 1)
    trial.treated(1, 1, "S-0", "S-1", "S-2")
    trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    trial.opened(2, B, 1)
    trial.prepare("R-0", 2, 1)
    trial.infuse("R-0", 1)
    up = trial.signed(propose_decision(trial.conduct, STAN, A).number)
    trial.days(1)
    trial.limited("R-0")
    trial.record(STAN, CohortOpened(cohort=3, level=2, size=3, decision=up))
    trial.limited("S-2", 25)
    trial.enter("S-3")
    refused(trial, lambda: trial.allocate("S-3", 3), f"decision {up} is stale")


@pytest.mark.parametrize("stratum", ["", A])
def test_a_stop_of_one_stratum_stops_that_one_and_a_stop_of_all_every_one(trial, stratum):
    trial.opened(1, A, 1)
    trial.opened(2, B, 1)
    refused(trial, lambda: trial.laid(stratum, 0, Course.STOP), "needs its reason")
    trial.signed(trial.laid(stratum, 0, Course.STOP, reason="the sponsor asks for it"))
    trial.enter("S-0")
    refused(trial, lambda: trial.allocate("S-0", 1), "is not the one in force", "stop")
    trial.enter("R-0")
    if stratum:
        assert trial.allocate("R-0", 2)
    else:
        refused(trial, lambda: trial.allocate("R-0", 2), "stop")
    found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), Day.of(trial.today()))
    assert [found.of(one).is_stopped for one in (A, B)] == [True, not stratum]
    assert (found.is_stopped, found.treats) == (not stratum, bool(stratum))


def test_a_correction_of_the_stratum_that_would_lift_a_hold_waits_for_its_signatures(trial):
    """A DLT that is moved to another stratum no longer counts where the dose goes on."""
    trial.opened(1, A, 1)
    trial.prepare("S-0", 1, 1)
    trial.infuse("S-0", 1)
    trial.days(2)
    trial.limited("S-0")
    trial.days(40)
    trial.nothing_to_report()
    number = next(one.number for one in trial.casebook.entries() if one.event.kind == "FactRecorded")
    moved = Observation(name="disease", value=B, day=str(trial.today()), source="crf")
    trial.record(CARLA, FactCorrected(participant="S-0", corrects=number, reason="slip", fact=moved))
    [waits] = trial.conduct.informed().unsigned()
    assert waits.event.corrects == number
    found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), Day.of(trial.today()))
    assert "stricter history governs" in found.decision.notes[0]
    assert str(found.of(A).conduct) == "1T"


def test_what_waits_and_what_holds_is_said_of_each_stratum(trial):
    trial.opened(1, A, 1)
    trial.treated(1, 1, "S-0", "S-1", "S-2")
    study, recorded, today = trial.conduct.study, trial.conduct.informed(), trial.today()
    asked = [one.what for one in waiting(study, recorded, today) if one.act == "DecisionProposed"]
    assert any(one.startswith(f"Propose: {B}: ") for one in asked)
    assert not any(one.startswith(f"Propose: {A}: ") for one in asked), "its cohort is still open"
    levels = {one.about for one in dosing_holds(study, recorded, today) if one.rule == "rule"}
    assert levels >= {"level 1 of SLE", "level 2 of RA"}
    assert not levels & {"level 2 of SLE", "level 1 of RA"}
    assert {one.about for one in dosing_holds(study, recorded, today, 2, B)} == {"level 2 of RA"}


def test_the_cap_is_of_each_stratum(trial):
    for cohort, level in ((1, 1), (2, 2), (3, 3)):
        trial.opened(cohort, A, level)
        trial.treated(cohort, level, *(f"S-{3 * cohort - 3 + place}" for place in range(3)))
        trial.record(INES, CohortClosed(cohort=cohort, reason="complete"))
    assert isinstance(trial.says(A), Stop)
    assert isinstance(trial.says(B), Treat)


def test_strata_are_told_alike_at_every_door(trial, tmp_path, monkeypatch):
    trial.opened(1, A, 1)
    trial.opened(2, B, 1)
    trial.treated(1, 1, "S-0", "S-1", "S-2")
    trial.prepare("R-0", 2, 1)
    trial.infuse("R-0", 1)
    trial.days(4)
    trial.limited("R-0")
    trial.days(30)
    trial.nothing_to_report()
    monkeypatch.setattr(location, "ComputerClock", lambda: trial.clock)
    study, recorded = trial.conduct.study, trial.conduct.informed()
    days = [trial.today() - timedelta(days=back) for back in (0, 20, 31, 50)]
    answers = said(study, recorded, days)
    assert [str(one.conduct) for _, one in decide_next_dose(study, recorded, Day.of(trial.today())).strata][:2]
    make_archive(trial.casebook, tmp_path / "archive")
    assert said(study, take_in(study, tmp_path / "archive").trial, days) == answers
    write_folder(recorded, tmp_path / "rows", study=study)
    assert said(study, take_in(study, tmp_path / "rows").trial, days) == answers


def test_whoever_was_dosed_leaves_a_stratum_by_a_correction_alone(trial):
    """A second disease written beside the first would take a DLT along, and nobody would sign for it."""
    trial.opened(1, A, 1)
    trial.prepare("S-0", 1, 1)
    trial.prepare("S-1", 1, 1)
    trial.infuse("S-0", 1)
    trial.days(2)
    trial.limited("S-0")
    refused(trial, lambda: trial.belongs("S-0", B), "S-0 was dosed and belongs to SLE", "correct that entry")
    trial.belongs("S-0", A)
    trial.belongs("S-1", B)
    found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), Day.of(trial.today()))
    assert str(found.of(A).conduct) == "1T"
    refused(trial, lambda: trial.infuse("S-1", 1), "cohort 1 is of SLE", "S-1 belongs to: RA")


def test_a_stop_of_a_stratum_that_an_amendment_takes_away_still_stops(trial):
    trial.opened(1, A, 1)
    trial.treated(1, 1, "S-0", "S-1", "S-2")
    trial.signed(trial.laid(A, 0, Course.STOP, reason="the sponsor asks for it"))
    trial.signed(propose_decision(trial.conduct, STAN, B).number)
    as_one = Strata.reopened(trial.casebook, study(cap=18))

    def now():
        return decide_next_dose(as_one.conduct.study, as_one.conduct.informed(), Day.of(as_one.today()))

    assert (now().is_stopped, now().treats) == (True, False)
    as_one.signed(propose_decision(as_one.conduct, STAN).number)
    assert (now().is_stopped, now().treats) == (False, True), "the committee decided anew"


def test_a_stop_of_all_strata_waits_once(trial):
    trial.opened(1, A, 1)
    trial.prepare("S-0", 1, 1)
    trial.infuse("S-0", 1)
    number = trial.laid("", 0, Course.STOP, reason="the sponsor asks for it")
    waits = waiting(trial.conduct.study, trial.conduct.informed(), trial.today())
    assert [one.about for one in waits if one.act == "DecisionSigned"] == [number]


def test_a_folder_moves_nobody_who_was_dosed_to_another_stratum(trial, tmp_path):
    trial.opened(1, A, 1)
    trial.prepare("S-0", 1, 1)
    trial.infuse("S-0", 1)
    trial.days(2)
    rows = f"S-0,disease,{B},,{trial.today()}\nS-0,sex,female,,{trial.today()}\nR-7,disease,{B},,{trial.today()}\n"
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\n{rows}", encoding="utf-8")
    done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=False)
    assert (done.recorded, done.held_rows) == (2, 1)
    assert "S-0 was dosed and belongs to SLE" in done.held[0]
    assert isinstance(trial.says(A), Wait), "its sentinel is still watched there"
