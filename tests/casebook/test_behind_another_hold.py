"""What is taken back behind another hold, a second time, by a row, a fact or a backdated consent still takes its signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.trial import ADA, CARLA, CORA, INES, LENA, STAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.entry import Entry
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.waiting import waiting_of_record
from escalon.conduct.permit.holds import holds, lifted
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.importing import import_folder
from escalon.conduct.record.replay import not_allowed
from escalon.exchange.tidy_folder import FormatError, write_folder
from escalon.facts import Day
from escalon.history.entry import Author
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    AmendmentAdopted,
    ApheresisDone,
    CellsInfused,
    ConsentWithdrawn,
    Course,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    EntryAnnulled,
    EntryCorrected,
    EntrySigned,
    EvaluabilityJudged,
    FactRecorded,
    NothingToReport,
    Observation,
    ParticipantConsented,
    ParticipantWithdrawn,
    ProductReleased,
    ToxicityObserved,
    TreatmentGiven,
    VisitLocked,
    VisitUnlocked,
)
from escalon.sources.folder import take_in


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    """Level 1 is over without an event, level 2 is open, and P-4 is ready."""
    made = Trial(sqlite_casebook)
    made.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    made.open_cohort(2, 2)
    made.prepare("P-4", 2, 2)
    assert not held(made)
    return made


def held(trial: Trial, code: str = "P-4", level: int = 2) -> set[str]:
    return {one.rule for one in trial.conduct.what_forbids(INES, trial.infusion(code, level))}


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as error:
        act()
    return {one.rule for one in error.value.broken}


def happened(trial: Trial, who: Author = CARLA, term: str = "CRS", **more: Any) -> Entry:
    start = Day.of(trial.today() - timedelta(days=40))
    said: dict[str, Any] = {"participant": "P-1", "term": term, "grade": 4, "start": start, **more}
    return trial.record(who, AdverseEventRecorded(**said))


def annul(trial: Trial, entry: Entry, who: Author = CARLA) -> Entry:
    return trial.record(who, EntryAnnulled(participant="P-1", annuls=entry.number, reason="a slip"))


def judged(trial: Trial, yes: bool, *entries: Entry) -> Entry:
    rests_on = tuple(entry.number for entry in entries)
    return trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=yes, because="seen", rests_on=rests_on))


def sign(trial: Trial, entry: Entry) -> None:
    for who in (INES, CORA):
        trial.sign(who, EntrySigned, entry=entry.number)


def test_a_doubt_annulled_behind_another_doubt_holds_until_two_have_signed(trial: Trial) -> None:
    crs, sepsis = happened(trial), happened(trial, term="Sepsis")
    gone = annul(trial, crs)
    assert (gone.event.needs, gone.event.lifts[0].says[:3]) == (2, "CRS")
    judged(trial, False, sepsis)
    assert "adjudication" in held(trial)
    sign(trial, gone)
    assert not held(trial)


def test_a_proposal_annulled_behind_another_is_still_judged(trial: Trial) -> None:
    one, two = (
        trial.record(STAN, DltProposed(participant="P-1", is_dlt=True, because=why)) for why in ("DLT-1", "DLT-2")
    )
    assert annul(trial, one, STAN).event.needs == 2
    judged(trial, False, two)
    assert "adjudication" in held(trial)


def test_a_second_correction_of_the_same_entry_lifts_what_the_first_may_not(trial: Trial) -> None:
    crs = happened(trial)
    milder = EntryCorrected(participant="P-1", corrects=crs.number, now=replace(crs.event, grade=1), reason="a slip")
    first, second, third = trial.record(CARLA, milder), trial.record(CARLA, milder), annul(trial, crs)
    assert [one.event.needs for one in (first, second, third)] == [2, 2, 2]
    assert "adjudication" in held(trial)
    sign(trial, second)
    assert not held(trial), "two signed that it was milder"


def test_of_two_judged_toxicities_neither_is_taken_away_by_one_person(trial: Trial) -> None:
    crs, sepsis = happened(trial), happened(trial, term="Sepsis")
    for one in (crs, sepsis):
        judged(trial, True, one)
    assert annul(trial, crs).event.needs == 2
    assert judged(trial, False, sepsis).event.needs == 2


def test_while_a_correction_waits_the_more_cautious_of_two_refusals_is_given(sqlite_casebook: Casebook) -> None:
    """To stop is more cautious than to wait."""
    trial = Trial(sqlite_casebook)
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    for code in ("P-1", "P-2"):
        trial.record(INES, DltAdjudicated(participant=code, is_dlt=True, because="seen"))
    happened(trial, participant="P-3")
    trial.record(INES, DltAdjudicated(participant="P-2", is_dlt=False, because="on reflection"))
    found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), Day.of(trial.today()))
    assert found.headline == "stop: the lowest level is too toxic, so there is no MTD"


@pytest.mark.parametrize("judged_so", [True, False])
def test_an_outcome_is_moved_to_another_level_by_nobody_alone(trial: Trial, judged_so: bool) -> None:
    """Toxic or tolerated, even while every level waits for what somebody else had."""
    infused = trial.infuse("P-4", 2)
    happened(trial)
    trial.record(INES, DltAdjudicated(participant="P-4", is_dlt=judged_so, because="seen"))
    before, now = trial.conduct.informed(), trial.clock.now()
    for level, gone in ((2, set()), (1, {"P-4 counts at level 2"} | ({"DLT: seen"} if judged_so else set()))):
        moved = EntryCorrected(
            participant="P-4", corrects=infused.number, now=replace(infused.event, level=level), reason="a slip"
        )
        after = before.with_event(moved, INES, now)
        says = {one.says for one in lifted(trial.conduct.study, before, after, trial.today(), "P-4")}
        assert says >= gone
        assert bool(says) is (level == 1)


# -- rows and facts that carry a judgement ----------------------------------------------------------------------------


def test_a_row_says_no_dlt_of_a_grave_event_only_for_those_who_judge(trial: Trial) -> None:
    assert refused(lambda: happened(trial, dlt=False)) == {"adjudication"}
    happened(trial, term="Nausea", grade=1, dlt=False)
    happened(trial, INES, dlt=False)
    assert not held(trial)


def test_a_second_line_of_an_event_settles_nothing_by_the_way(trial: Trial) -> None:
    happened(trial, id="7")
    happened(trial, id="7", grade=1, dlt=False)
    assert "adjudication" in held(trial), "it says nothing of the grave line"
    happened(trial, INES, id="7", dlt=False, start=Day.of(trial.today() - timedelta(days=39)))
    assert not held(trial), "the judgement that was waited for is one investigator's"


def test_a_second_line_takes_no_dlt_back_whoever_writes_it(trial: Trial) -> None:
    happened(trial, id="7", dlt=True)
    for who in (CARLA, INES):
        assert refused(lambda by=who: happened(trial, by, id="7", grade=1, dlt=False)) == {"adjudication"}
    assert held(trial) >= {"rule", "decision"}


def test_an_imported_row_takes_no_dlt_back_and_ends_no_window(trial: Trial, tmp_path: Path) -> None:
    trial.infuse("P-4", 2)
    happened(trial, id="7", dlt=True)
    trial.days(1)
    start = trial.today() - timedelta(days=41)
    (tmp_path / "adverse_events.csv").write_text(
        f"participant,term,grade,start,dlt,id\nP-1,CRS,1,{start + timedelta(days=1)},no,7\nP-2,Nausea,1,{start},no,8\n"
    )
    (tmp_path / "doses.csv").write_text(
        f"participant,level,date,cells_per_kg,evaluable\nP-4,2,{trial.today() - timedelta(days=1)},300000,no\n"
    )
    (tmp_path / "facts.csv").write_text(
        "participant,fact,value,unit,date\n" + "".join(f"P-{n},sex,female,,{start}\n" for n in (1, 2, 4))
    )
    done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=True)
    assert [one.split(":")[0] for one in done.held] == ["adverse_events.csv", "doses.csv"]
    assert (done.recorded, len(done.conflicts)) == (4, 1), "the desk recorded the dose by its moment"
    counted = "6 rows read = 4 recorded + 0 already there + 1 in conflict + 1 held + 0 refused"
    assert done.account() == f"{counted}; 1 judgement in them not taken over"


def test_a_row_that_calls_somebody_evaluable_ends_no_window_and_is_taken_over(trial: Trial, tmp_path: Path) -> None:
    yesterday = trial.today() - timedelta(days=1)
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\nP-9,sex,female,,{yesterday}\n")
    for answer, left_out in (("yes", 0), ("no", 1)):
        (tmp_path / "doses.csv").write_text(
            f"participant,level,date,cells_per_kg,evaluable\nP-9,2,{yesterday},300000,{answer}\n"
        )
        done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=True)
        assert (done.recorded, len(done.held), done.held_rows) == (2, left_out, 0)
    early = (tmp_path / "doses.csv").read_text().replace(f"{yesterday}", f"{trial.today() + timedelta(days=1)}")
    (tmp_path / "doses.csv").write_text(early)
    done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=True)
    assert (done.recorded, len(done.held), done.held_rows) == (1, 2, 1), "neither a dose to come nor a word on it"


def test_a_row_refused_by_an_import_asks_until_it_is_said(trial: Trial, tmp_path: Path) -> None:
    """Taken out of the folder it is not withdrawn; another day's count says nothing of it; read twice it is one."""
    infused = trial.conduct.trial.courses["P-1"].infused
    assert infused is not None
    seen = infused.earliest + timedelta(days=9)
    kept = f"P-1,alt,20,U/L,{seen}\n"

    def taken_over(rows: str) -> list[str]:
        (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\n{rows}")
        import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=False)
        return [one.why.partition(":")[2] for one in trial.conduct.informed().unread]

    def asks() -> bool:
        found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), trial.today())
        return "platelets is 'abc'" in found.decision.reason

    bad = f"P-1,platelets,abc,10^9/L,{seen}\n"
    later = f"P-1,platelets,180,10^9/L,{seen + timedelta(days=2)}\n"
    assert (len(taken_over(kept + bad)), asks()) == (1, True)
    for rows in (kept, kept + later):
        assert refused(lambda now=rows: taken_over(now)) == {"unread"}, "taken out, or another day's count"
    assert asks()
    assert (len(taken_over(later + kept + bad)), asks()) == (1, True), "the same row on another line"
    assert (len(taken_over(kept + bad.replace("abc", "160"))), asks()) == (0, False)


def test_of_two_refused_rows_about_one_thing_neither_leaves_the_folder_unsigned(trial: Trial, tmp_path: Path) -> None:
    """Both are about the platelets of one day, on whatever lines they stand."""
    infused = trial.conduct.trial.courses["P-1"].infused
    assert infused is not None
    one, other = (f"P-1,platelets,{wrong},10^9/L,{infused.earliest + timedelta(days=9)}\n" for wrong in ("abc", "xyz"))

    def taken_over(*rows: str) -> None:
        (tmp_path / "facts.csv").write_text("participant,fact,value,unit,date\n" + "".join(rows))
        import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=False)

    kept = f"P-1,alt,20,U/L,{infused}\n"
    taken_over(one, other, kept)
    for left in ((one,), (other,), ()):
        assert refused(lambda rows=left: taken_over(*rows, kept)) == {"unread"}
    taken_over(kept, other, one)


@pytest.mark.parametrize("fact", ["dlt_review", "study_discontinuation"])
def test_a_fact_that_stands_for_an_act_is_recorded_by_those_who_may_do_it(trial: Trial, fact: str) -> None:
    trial.infuse("P-4", 2)
    trial.days(1)
    said = Observation(name=fact, value="yes", day=str(trial.today()))
    for who in (LENA, CARLA):
        assert refused(lambda by=who: trial.record(by, FactRecorded(participant="P-4", fact=said))) == {"authority"}
    trial.record(INES, FactRecorded(participant="P-4", fact=said))


# -- days -------------------------------------------------------------------------------------------------------------


def test_a_consent_dated_before_the_withdrawal_is_no_new_consent(trial: Trial) -> None:
    trial.record(CARLA, ConsentWithdrawn(participant="P-4", on=trial.today(), reason="wish"))
    before = ParticipantConsented(participant="P-4", site="S1", form="v1", signed_on=trial.today() - timedelta(days=1))
    trial.record(CARLA, before)
    assert "consent" in held(trial)
    trial.record(CARLA, replace(before, signed_on=trial.today()))
    assert not held(trial)


def test_what_is_said_to_have_ended_is_not_in_the_future(trial: Trial) -> None:
    assert refused(lambda: happened(trial, grade=1, end=Day(2099, 1, 1))) == {"time"}
    given = TreatmentGiven(participant="P-1", treatment="rituximab", start=Day.of(trial.today()), end=Day(2099, 1))
    assert refused(lambda: trial.record(CARLA, given)) == {"time"}
    happened(trial, grade=1, end=Day.of(trial.today()))


def test_an_event_at_the_desk_is_read_as_its_row_would_be(trial: Trial) -> None:
    early = Day.of(trial.today() - timedelta(days=50))
    for wrong in ({"end": early}, {"aware": early}, {"end": Day.of(trial.today()), "ongoing": True}):
        assert refused(lambda more=wrong: happened(trial, grade=1, **more)) == {"dictionary"}


# -- one place, one code ----------------------------------------------------------------------------------------------


def test_a_product_is_released_for_the_place_held(trial: Trial) -> None:
    trial.enter("P-5")
    trial.apheresis("P-5")
    trial.allocate("P-5", 2)
    assert refused(lambda: trial.release("P-5", 3)) == {"release"}
    trial.release("P-5", 2)


@pytest.mark.parametrize("code", ["p-4", "P-04", "P4", "P_4"])
def test_nobody_has_two_codes(trial: Trial, code: str) -> None:
    assert refused(lambda: trial.consent(code)) == {"one person"}
    trial.consent("P-44")


def test_what_is_held_so_was_allowed(trial: Trial) -> None:
    """The partner: all of it is recorded by the rules, and the replay says so."""
    judged(trial, True, happened(trial))
    judged(trial, False, happened(trial, term="Sepsis"))
    trial.record(INES, EvaluabilityJudged(participant="P-1", is_evaluable=False, because="moved"))
    trial.consent("P-5")
    assert not list(not_allowed(trial.conduct.study, trial.casebook.entries()))
    assert trial.today() > date(2026, 4, 1)


# -- what rows, which have no order and no signatures, would say otherwise --------------------------------------------


def reviewed(trial: Trial) -> None:
    trial.record(INES, DltWindowReviewed(participant="P-1", through=trial.today() - timedelta(days=1)))
    happened(trial)


def observed(trial: Trial) -> None:
    at = trial.clock.now() - timedelta(days=40)
    trial.record(INES, ToxicityObserved(participant="P-1", at=at, syndrome="CRS", grade=4))


def unsigned(trial: Trial) -> None:
    annul(trial, happened(trial))


@pytest.mark.parametrize("done", [reviewed, observed, unsigned])
def test_nothing_is_written_as_rows_that_would_answer_more_boldly(
    trial: Trial, done: Callable[[Trial], None], tmp_path: Path
) -> None:
    done(trial)
    with pytest.raises(FormatError, match="P-1: pending, in doubt by the record, no DLT by its rows"):
        write_folder(trial.conduct.informed(), tmp_path / "out", study=trial.conduct.study)
    assert not (tmp_path / "out").exists()


def judged_of_all(trial: Trial) -> None:
    for term in ("CRS", "Sepsis"):
        happened(trial, term=term)
    judged(trial, False)


def withdrew(trial: Trial) -> None:
    trial.record(INES, ConsentWithdrawn(participant="P-4", on=trial.today(), reason="wish"))


def consented_again(trial: Trial) -> None:
    withdrew(trial)
    trial.days(1)
    trial.consent("P-4")


@pytest.mark.parametrize(
    ("done", "outcome"), [(judged_of_all, "NNN2N"), (withdrew, "NNN2X"), (consented_again, "NNN2N")]
)
def test_rows_count_everybody_as_the_record_does(
    trial: Trial, done: Callable[[Trial], None], outcome: str, tmp_path: Path
) -> None:
    trial.infuse("P-4", 2)
    done(trial)
    write_folder(trial.conduct.informed(), tmp_path / "out", study=trial.conduct.study)
    trial.days(29)
    for told in (trial.conduct.informed(), take_in(trial.conduct.study, tmp_path / "out").trial):
        found = decide_next_dose(trial.conduct.study, told, trial.today())
        assert str(found.conduct).replace(" ", "") == "1" + outcome


def test_a_judgement_recorded_by_itself_is_there_when_its_row_comes_again(trial: Trial, tmp_path: Path) -> None:
    trial.infuse("P-4", 2)
    judgement = EvaluabilityJudged(participant="P-4", is_evaluable=False, because="moved")
    write_folder(trial.conduct.informed(), tmp_path / "out", study=trial.conduct.study)
    doses = tmp_path / "out" / "doses.csv"
    header, *rows = doses.read_text().splitlines()
    said = [f"{row},{'no' if row.startswith('P-4,') else ''}\n" for row in rows]
    doses.write_text("".join([f"{header},evaluable\n", *said]))
    for before in (True, False):
        done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path / "out", "S1", dry_run=True)
        assert [one.split(":")[0] for one in done.held] == (["doses.csv"] if before else [])
        assert [one.row for one in done.conflicts if "evaluability" in one.row] == []
        trial.record(INES, judgement)


def test_consent_given_anew_after_the_window_does_not_fill_it(trial: Trial) -> None:
    """Nobody looked while there was no consent; given anew within the window, the window goes on."""
    trial.infuse("P-4", 2)
    withdrew(trial)
    trial.days(60)
    for _ in range(2):
        found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), trial.today())
        assert str(found.conduct).replace(" ", "") == "1NNN2X"
        trial.consent("P-4")


# -- what is said too early, or of nothing ----------------------------------------------------------------------------


def test_nobody_is_judged_not_evaluable_before_the_infusion(trial: Trial) -> None:
    """Their window would never have run."""
    judged_so = EvaluabilityJudged(participant="P-4", is_evaluable=False, because="expected to leave")
    assert refused(lambda: trial.record(INES, judged_so)) == {"infused"}
    trial.infuse("P-4", 2)
    assert trial.record(INES, judged_so).event.needs == 2


def test_a_visit_that_is_locked_has_a_name_and_is_locked_however_it_is_written(trial: Trial) -> None:
    for name in ("", " "):
        assert refused(lambda visit=name: trial.record(INES, VisitLocked(participant="P-1", visit=visit))) == {"lock"}
    trial.record(INES, VisitLocked(participant="P-1", visit="D28"))
    for visit in ("D28", "d28", " D28 "):
        seen = Observation(name="alt", value="31", unit="U/L", day=str(trial.today()), visit=visit)
        assert refused(lambda fact=seen: trial.record(CARLA, FactRecorded(participant="P-1", fact=fact))) == {"lock"}
    trial.record(INES, VisitUnlocked(participant="P-1", visit="d28", reason="a value came late"))
    trial.record(CARLA, FactRecorded(participant="P-1", fact=seen))
    assert refused(lambda: trial.record(INES, VisitUnlocked(participant="P-1", visit="D28", reason="again"))) == {
        "lock"
    }


@pytest.mark.parametrize("name", ["B-P-4", "b-p-4", "B-P-4 ", ""])
def test_a_bag_has_a_name_of_its_own(trial: Trial, name: str) -> None:
    trial.enter("P-5")
    trial.apheresis("P-5")
    bag = ProductReleased(
        participant="P-5", product=name, collection="A-P-5", level=2, certificate="C-1", at=trial.clock.now()
    )
    assert refused(lambda: trial.record(LENA, bag)) == {"identity"}
    cells = ApheresisDone(participant="P-5", collection=name.replace("B", "A").replace("b", "a"), at=trial.clock.now())
    assert refused(lambda: trial.record(CARLA, cells)) == {"identity"}


def test_a_moment_has_its_zone_and_an_infusion_its_day(trial: Trial) -> None:
    infusion = trial.infusion("P-4", 2)
    assert infusion.at is not None
    assert refused(lambda: trial.record(INES, replace(infusion, at=infusion.at.replace(tzinfo=None)))) == {"time"}
    assert refused(lambda: trial.record(INES, replace(infusion, ended_at=infusion.at + timedelta(hours=2)))) == {"time"}
    assert refused(lambda: trial.record(INES, replace(infusion, at=None, on=Day(2026, 4)))) == {"dictionary"}


@pytest.mark.parametrize("level", [0, -1, 99])
def test_no_level_is_proposed_that_the_plan_does_not_know(trial: Trial, level: int) -> None:
    assert refused(lambda: trial.propose(level, reason="more cautious")) == {"rule"}


def test_that_there_was_nothing_is_said_since_the_infusion(sqlite_casebook: Casebook) -> None:
    """Said before anybody was infused it tells nothing of what came after."""
    trial = Trial(sqlite_casebook)
    trial.nothing_to_report()
    trial.days(1)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    for days, outcome in ((27, "1P"), (2, "1P")):
        trial.days(days)
        assert str(decide_next_dose(trial.conduct.study, trial.conduct.informed(), trial.today()).conduct) == outcome
    trial.nothing_to_report()
    found = decide_next_dose(trial.conduct.study, trial.conduct.informed(), trial.today())
    assert str(found.conduct) == "1N"
    typo = NothingToReport(table="adverse_event")
    assert refused(lambda: trial.record(CARLA, typo)) == {"dictionary"}


@pytest.mark.parametrize("kind", [DltAdjudicated, DltProposed])
def test_a_judgement_says_why_and_rests_on_what_is_said_of_the_same_person(trial: Trial, kind: Any) -> None:
    of_another = happened(trial, participant="P-2")
    for said, rule in (
        ({"because": " \u200b"}, "words"),
        ({"because": "seen", "rests_on": (of_another.number,)}, "event"),
    ):
        assert refused(lambda more=said: trial.record(INES, kind(participant="P-1", is_dlt=False, **more))) == {rule}


def test_a_dose_told_otherwise_is_a_conflict_and_no_second_dose(trial: Trial, tmp_path: Path) -> None:
    trial.infuse("P-4", 2)
    trial.days(1)
    for days in (0, 1):  # the day of the infusion, which the desk recorded by its moment; and another day
        (tmp_path / "doses.csv").write_text(
            f"participant,level,date,cells_per_kg\nP-4,2,{trial.today() - timedelta(days=days)},300000\n"
        )
        (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\nP-4,sex,female,,{trial.today()}\n")
        done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path, "S1", dry_run=True)
        assert (done.recorded, len(done.conflicts), done.departures) == (1, 1, [])


@pytest.mark.parametrize("level", [0, 7])
def test_an_infusion_at_a_level_that_the_plan_does_not_have_is_never_taken_in(trial: Trial, level: int) -> None:
    """Two signatures let many things pass; not what no later question could read."""
    given = next(one for one in trial.casebook.entries() if isinstance(one.event, CellsInfused))
    now = replace(given.event, level=level)
    corrected = EntryCorrected(participant=given.participant, corrects=given.number, now=now, reason="a slip")
    assert refused(lambda: trial.record(INES, corrected)) == {"dictionary"}
    assert refused(lambda: trial.record(INES, replace(trial.infusion("P-4", 2), level=level))) == {"dictionary"}


def test_a_withdrawal_recorded_late_leaves_the_consent_given_after_it(trial: Trial) -> None:
    """What counts is when each was said; a withdrawal dated before every consent is a slip, and holds."""
    first = trial.today()
    trial.days(10)
    trial.consent("P-4")
    trial.record(INES, ConsentWithdrawn(participant="P-4", on=first + timedelta(days=5), reason="on paper"))
    assert "consent" not in held(trial)
    trial.record(INES, ConsentWithdrawn(participant="P-4", on=first - timedelta(days=400), reason="a wrong year"))
    assert "consent" in held(trial)


def test_the_rows_of_a_casebook_are_there_already_when_they_are_imported(trial: Trial, tmp_path: Path) -> None:
    """A dose has its day in a row and its moment in the casebook; a judgement stands in the row of its event."""
    judged(trial, False, happened(trial))
    trial.record(INES, DltWindowReviewed(participant="P-2", through=trial.today() - timedelta(days=2)))
    with trial.conduct.standing() as standing:
        write_folder(standing, tmp_path / "rows", study=trial.conduct.study)
    done = import_folder(trial.conduct, INES, trial.conduct.study, tmp_path / "rows", "S1", dry_run=True)
    assert (done.read, done.already_there, done.conflicts, done.held) == (done.read, done.read, [], [])
    assert done.read > 12


@pytest.mark.parametrize(
    "told",
    [
        AdverseEventRecorded(participant="P-4", term="Sepsis", grade=5, start=Day(2026, 4, 17), outcome="fatal"),
        AdverseEventRecorded(participant="P-4", term="Sepsis", grade=3, start=Day(2026, 4, 17), seriousness=("death",)),
        FactRecorded(participant="P-4", fact=Observation(name="death", value="yes", day="2026-04-17")),
        FactRecorded(participant="P-4", fact=Observation(name="study_discontinuation", value="yes", day="2026-04-17")),
    ],
)
def test_nobody_is_treated_who_died_or_left_however_that_was_written(trial: Trial, told: Any) -> None:
    assert trial.today() == date(2026, 4, 17)
    told = trial.record(INES, told)
    assert "withdrawn" in held(trial)
    with trial.conduct.standing() as standing:
        mine = [one.says for one in holds(trial.conduct.study, standing, trial.today()) if one.rule == "withdrawn"]
    assert mine in (["P-4 died"], ["P-4 left the study"])
    trial.record(INES, EntryAnnulled(participant="P-4", annuls=told.number, reason="another's"))
    assert "withdrawn" in held(trial)


def test_what_is_dated_before_somebody_left_is_not_held_for_their_leaving(trial: Trial) -> None:
    """Each act has its day, at the desk as in a row that is taken over."""
    trial.days(2)
    trial.record(INES, ParticipantWithdrawn(participant="P-4", on=trial.today(), reason="moved"))
    trial.record(INES, ConsentWithdrawn(participant="P-4", on=trial.today(), reason="moved"))
    before = replace(trial.infusion("P-4", 2), at=trial.clock.now() - timedelta(days=1))
    for event, gone in ((before, False), (trial.infusion("P-4", 2), True)):
        told = {one.rule for one in trial.conduct.what_forbids(INES, event)}
        assert ({"withdrawn", "consent"} <= told) is gone
        assert ({"withdrawn", "consent"} & told == set()) is not gone


def test_an_amendment_doses_nobody_until_two_people_signed_it(trial: Trial) -> None:
    """It may shorten a window; whoever adopts it is one person, and an administrator may."""
    adopted = AmendmentAdopted(study_version="2", digest="0", adopted_on=trial.today(), changes="a window of 14 days")
    number = trial.conduct.record_built(ADA, lambda standing: adopted).number
    before = trial.conduct.study
    trial.conduct.study = before.model_copy(update={"version": "2"})
    assert held(trial) == {"amendment"}
    with trial.conduct.standing() as standing:
        assert [one.about for one in waiting_of_record(standing)] == [number]
        says = [one.says for one in holds(trial.conduct.study, standing, trial.today()) if one.rule == "amendment"]
    assert says == [f"amendment {number} (a window of 14 days) has 0 of 2 signatures (committee or investigator)"]
    for signer, lacks in ((CARLA, True), (INES, True), (CORA, False)):
        trial.sign(signer, EntrySigned, entry=number)
        assert bool(held(trial)) is lacks

    trial.conduct.study = before  # a computer that still works under the text before it
    assert held(trial) == {"amendment"}
    with trial.conduct.standing() as standing:
        says = {one.says for one in holds(before, standing, trial.today()) if one.rule == "amendment"}
        found = decide_next_dose(before, standing, trial.today())
    other = "the record is kept under version 2 of the study, and read here under 1. Adopt the change: escalon casebook amend"
    assert says == {other}
    assert (found.treats, found.decision.reason) == (False, other)
    assert found.decision.notes[0].startswith("under the text read here: level 2 is open for 3")


def test_a_yes_where_a_day_belongs_is_refused_and_no_error(trial: Trial) -> None:
    assert refused(lambda: happened(trial, end=True)) == {"dictionary"}
    fatal = happened(trial, grade=5, outcome="fatal")
    now = replace(fatal.event, end=False)
    corrected = EntryCorrected(participant="P-1", corrects=fatal.number, now=now, reason="a slip")
    assert refused(lambda: trial.record(CARLA, corrected)) == {"dictionary"}


def stopped(trial: Trial) -> None:
    trial.decide(1, course=Course.STOP, reason="a death elsewhere")


def without_a_place(trial: Trial) -> None:
    trial.record(INES, AllocationReleased(participant="P-4", cohort=2, place=1, reason="the bag broke"))


def gone(trial: Trial) -> None:
    trial.record(INES, ParticipantWithdrawn(participant="P-4", on=trial.today(), reason="moved"))


def dead(trial: Trial) -> None:
    happened(trial, participant="P-4", grade=5, start=Day.of(trial.today()), end=Day.of(trial.today()), outcome="fatal")


def without_consent(trial: Trial) -> None:
    trial.record(INES, ConsentWithdrawn(participant="P-4", on=trial.today(), reason="wish"))


@pytest.mark.parametrize(
    ("done", "rule"),
    [
        (stopped, "decision"), (without_a_place, "slot"), (gone, "withdrawn"), (dead, "withdrawn"),
        (without_consent, "consent"), (lambda trial: None, ""),
    ],
)  # fmt: skip
def test_a_dose_in_a_row_is_held_by_what_the_acts_of_the_casebook_say(
    trial: Trial, tmp_path: Path, done: Callable[[Trial], None], rule: str
) -> None:
    done(trial)
    folder = rows(tmp_path, "doses", "participant,level,date,cells_per_kg", f"P-4,2,{trial.today()},300000")
    told = import_folder(trial.conduct, INES, trial.conduct.study, folder, "S1", dry_run=False)
    assert (told.recorded, told.held_rows) == ((0, 1) if rule else (1, 0)), told.held
    assert f"[{rule}]" in " ".join(told.held) or not rule


def test_what_was_imported_of_a_stranger_can_be_put_right(trial: Trial, tmp_path: Path) -> None:
    start = trial.today() - timedelta(days=40)
    folder = rows(tmp_path, "adverse_events", "participant,term,grade,start", f"P-9,CRS,4,{start}")
    import_folder(trial.conduct, INES, trial.conduct.study, folder, "S1", dry_run=False)
    assert "rule" in held(trial)
    number = max(one.number for one in trial.casebook.entries(participant="P-9"))
    wrong = trial.record(CARLA, EntryAnnulled(participant="P-9", annuls=number, reason="a wrong code")).number
    assert "rule" in held(trial)
    for signer in (INES, CORA):
        trial.sign(signer, EntrySigned, entry=wrong)
    assert not held(trial)


def rows(tmp_path: Path, table: str, head: str, row: str) -> Path:
    (tmp_path / "facts.csv").write_text("participant,fact,value,date\n", encoding="utf-8")
    (tmp_path / f"{table}.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    return tmp_path
