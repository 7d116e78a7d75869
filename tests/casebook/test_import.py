"""A data folder is taken over whole, once, without overwriting anything; and reads back as the same records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.casebook.trial import ADA, CARLA, INES, PLAN, Trial, person
from tests.histories import facts

from escalon.casebook.casebook import Casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import Verdict, screen_one
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.importing import Imported, import_folder
from escalon.escalation import Outcome
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Day
from escalon.history import Author, fold
from escalon.history.events import (
    EntryCorrected,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
    VisitLocked,
)
from escalon.sources.as_rows import tables_of
from escalon.sources.casebook import of_entries
from escalon.sources.folder import take_in
from escalon.sources.frame import frame_of
from escalon.sources.intake import Intake

TABLES = {
    "facts": """participant,fact,value,unit,date,source,visit,lower,upper
P01,informed_consent,2025-01-02,,2025-01-02,form,,,
P01,alt,31.50,U/L,2025-01-10,laboratory,screening,5,40
P01,alt,29,U/L,2025-02-10,laboratory,D28,5,40
P01,esr,,mm/h,2025-01-10,laboratory,screening,,
P02,informed_consent,2025-01,,2025-01,form,,,
P02,alt,12,U/L,2025-01-11,laboratory,screening,5,40
P02,alt,thirty,U/L,2025-01-12,laboratory,screening,5,40
""",
    "adverse_events": """participant,term,grade,start,end,serious,related,dlt
P01,CRS,2,2025-01-25,2025-01-28,yes,yes,no
""",
    "doses": """participant,level,date,cells_per_kg,evaluable
P01,1,2025-01-20,1.02e5,
""",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture
def trial(casebook: Casebook) -> Trial:
    return Trial(casebook)


STUDY = PLAN


def recorded(trial: Trial) -> Intake:
    return of_entries(STUDY, Path("book"), trial.casebook.entries(), "now")


def take_over(trial: Trial, data: Path, *, dry_run: bool = False) -> Imported:
    return import_folder(trial.conduct, INES, STUDY, data, "S1", dry_run=dry_run)


def test_a_dry_run_records_nothing_and_says_what_would_be(trial: Trial, data: Path) -> None:
    before = trial.casebook.head
    done = take_over(trial, data, dry_run=True)
    assert trial.casebook.head == before
    assert done.account() == "9 rows read = 8 recorded + 0 already there + 0 in conflict + 1 refused"
    assert [(problem.file, problem.line) for problem in done.refused] == [("facts.csv", 8)]


def test_every_row_becomes_an_entry_that_names_its_line(trial: Trial, data: Path) -> None:
    before = trial.casebook.head.number
    done = take_over(trial, data)
    made = list(trial.casebook.entries(after=before))
    assert len(made) == done.recorded + done.consents + 1
    assert made[-1].kind == "FolderImported"
    origins = [entry.author.origin for entry in made[:-1]]
    assert len(set(origins)) == done.recorded, "each row has its own line; a consent shares its fact's"
    assert "import:facts.csv:3" in origins
    assert trial.conduct.trial.courses.keys() == {"P01"}, "a consent of which only the month is known is no date"


@pytest.mark.parametrize(
    ("table", "row"),
    [("adverse_events", "P01,sepsis,four,2025-01-26,,yes,yes,yes\n"), ("doses", "P02,1,soon,1.02e5,\n")],
)
def test_nothing_is_recorded_while_a_row_the_next_dose_rests_on_cannot_be_read(
    trial: Trial, data: Path, table: str, row: str
) -> None:
    """A folder holds the dose for such a row; a casebook that took the others over would have forgotten it."""
    file, before = data / f"{table}.csv", trial.casebook.head
    whole = file.read_text()
    file.write_text(whole + row)
    assert take_over(trial, data, dry_run=True).refused_rows == 2
    with pytest.raises(Refused, match=rf"nothing is recorded. Correct: {table}.csv:3.*\[unread\]"):
        take_over(trial, data)
    assert trial.casebook.head == before
    file.write_text(whole)
    assert take_over(trial, data).recorded == 8


def test_the_account_of_a_casebook_counts_every_row_taken_over(trial: Trial, data: Path) -> None:
    before = recorded(trial).counts[0].used
    done = take_over(trial, data)
    assert recorded(trial).counts[0].used == before + done.recorded


def test_doing_it_twice_changes_nothing(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    before = trial.casebook.head
    again = take_over(trial, data)
    assert (again.recorded, again.already_there, again.conflicts) == (0, 8, [])
    assert trial.casebook.head == before


def test_a_changed_row_is_a_conflict_and_overwrites_nothing(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    before = trial.casebook.head
    file = data / "facts.csv"
    file.write_text(file.read_text().replace("31.50", "13.50"))
    done = take_over(trial, data)
    assert len(done.conflicts) == 1
    assert "facts.csv:3: the folder says «P01 alt on 2025-01-10 at screening = 13.50 U/L»" in str(done.conflicts[0])
    assert "says «P01 alt on 2025-01-10 at screening = 31.50 U/L»" in str(done.conflicts[0])
    assert trial.casebook.head == before


def test_what_was_corrected_in_the_casebook_is_no_conflict(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    [first] = [e for e in trial.casebook.entries(participant="P01") if "31.50" in e.body]
    fact = Observation(name="alt", value="13.50", unit="U/L", day="2025-01-10")
    trial.record(CARLA, FactCorrected(participant="P01", corrects=first.number, fact=fact, reason="typing error"))
    assert take_over(trial, data).conflicts == []


@pytest.mark.parametrize("who", [CARLA, ADA])
def test_only_an_investigator_imports(trial: Trial, data: Path, who: Author) -> None:
    with pytest.raises(Refused, match="this is for investigator"):
        import_folder(trial.conduct, who, STUDY, data, "S1", dry_run=True)


def test_a_locked_visit_takes_no_row(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    trial.record(INES, VisitLocked(participant="P01", visit="D28"))
    with (data / "facts.csv").open("a") as file:
        file.write("P01,esr,99,mm/h,2025-02-10,laboratory,D28,,\n")
    done = take_over(trial, data)
    assert len(done.held) == 1
    assert "visit D28 is locked" in done.held[0]
    assert done.recorded == 0


def test_a_row_of_a_day_that_has_not_come_is_held(trial: Trial, data: Path) -> None:
    with (data / "facts.csv").open("a") as file:
        file.write("P01,esr,99,mm/h,2052-02-10,laboratory,,,\n")
    done = take_over(trial, data, dry_run=True)
    assert done.held == ["facts.csv:9: 2052-02-10 is in the future; correct the date [time]"]
    assert (
        take_over(trial, data).account()
        == "10 rows read = 8 recorded + 0 already there + 0 in conflict + 1 held + 1 refused"
    )


def test_what_the_rules_would_have_held_needs_two_signatures_under_its_digest(trial: Trial, data: Path) -> None:
    """P02 is infused at level 3 a day after the first: nothing of it is taken over before two people signed the list."""
    with (data / "doses.csv").open("a") as file:
        file.write("P02,3,2025-01-21,600000,\n")
    before = trial.casebook.head
    with pytest.raises(Refused) as why:
        take_over(trial, data)
    assert {one.rule for one in why.value.broken} == {"rule"}
    assert trial.casebook.head == before
    listed = take_over(trial, data, dry_run=True)
    rules = sorted({one.rule for one in listed.departures})
    wrong = trial.override("FolderImported", None, *rules, content={"departures": "0" * 64})
    with pytest.raises(Refused, match="was signed for departures"):
        import_folder(trial.conduct, INES, STUDY, data, "S1", dry_run=False, override=wrong)
    number = trial.override("FolderImported", None, *rules, content={"departures": listed.digest})
    done = import_folder(trial.conduct, INES, STUDY, data, "S1", dry_run=False, override=number)
    assert done.recorded == 9
    assert len(trial.conduct.trial.infused()) == 2


def test_a_casebook_reads_back_as_the_history_it_was_made_from(trial: Trial, data: Path, tmp_path: Path) -> None:
    expected = take_in(STUDY, data).trial
    take_over(trial, data)
    write_folder(fold(trial.casebook.entries(), frame_of(STUDY)), tmp_path / "again")
    found = take_in(STUDY, tmp_path / "again")
    assert not found.refused
    assert tables_of(found.trial) == tables_of(expected)


def test_an_infusion_given_before_the_casebook_starts_the_dlt_clock(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    one = trial.conduct.trial.courses["P01"]
    assert str(one.infused) == "2025-01-20"
    [row] = [e for e in trial.casebook.entries(participant="P01") if e.kind == "AdverseEventRecorded"]
    assert decide_next_dose(STUDY, trial.conduct.trial, Day(2025, 6, 1)).reviews[0].outcome is Outcome.NO_DLT
    now = replace(row.event, grade=4, dlt=True)
    trial.record(INES, EntryCorrected(participant="P01", corrects=row.number, now=now, reason="grade 4 in the source"))
    assert decide_next_dose(STUDY, trial.conduct.trial, Day(2025, 6, 1)).reviews[0].outcome is Outcome.DLT


def test_a_review_of_the_window_is_of_all_the_rows_of_its_folder(trial: Trial, data: Path) -> None:
    """The tables have no order: what the review settles in the folder, it settles in the casebook."""
    with (data / "facts.csv").open("a") as file:
        file.write("P01,dlt_review,yes,,2025-02-17,form,,,\n")
    with (data / "adverse_events.csv").open("a") as file:
        file.write("P01,Sepsis,3,2025-01-30,2025-02-16,yes,yes,\n")
    [before] = decide_next_dose(STUDY, take_in(STUDY, data).trial, Day(2025, 6, 1)).reviews
    take_over(trial, data)
    [after] = decide_next_dose(STUDY, trial.conduct.informed(), Day(2025, 6, 1)).reviews
    assert (before.outcome, after.outcome, after.why) == (Outcome.NO_DLT, Outcome.NO_DLT, before.why)


def test_events_of_the_casebook_itself_read_back_too(trial: Trial, tmp_path: Path) -> None:
    from escalon.history.events import AdverseEventRecorded, DltAdjudicated

    trial.open_cohort(1, 1)
    trial.prepare("P01", 1, 1)
    trial.infuse("P01", 1)
    event = AdverseEventRecorded(participant="P01", term="CRS", grade=4, start=Day(2026, 3, 2), serious=True)
    number = trial.record(CARLA, event).number
    trial.record(INES, DltAdjudicated(participant="P01", is_dlt=True, because="grade 4", rests_on=(number,)))
    write_folder(fold(trial.casebook.entries(), frame_of(STUDY)), tmp_path / "out")
    again = take_in(STUDY, tmp_path / "out").trial
    course = again.courses["P01"]
    assert [(one.event.level, str(one.event.cells_per_kg)) for one in course.infusions] == [(1, "100000")]
    told = [(one.event.term, one.event.grade, one.event.dlt) for one in course.adverse_events]
    assert told == [("CRS", 4, True)]
    assert {"informed_consent", "leukapheresis"} <= {fact.name for fact in facts(again)}


def test_a_row_that_could_not_be_read_holds_its_participant_until_it_is_said(trial: Trial, data: Path) -> None:
    """The folder says something of P02's ALT that nobody can read: the casebook knows so, as the folder did."""
    take_over(trial, data)
    (row,) = trial.conduct.trial.unread
    assert (row.table, row.participant, row.about) == ("facts", "P02", "alt")
    assert "facts.csv:8" in row.why
    asked = recorded(trial)
    assert [str(one) for one in asked.refused] == [f"casebook: an imported row is not read: {row.why}"]
    assert screen_one(STUDY, asked.trial, "P02", Day.parse("2025-03-01")).verdict is Verdict.UNKNOWN
    seen = Observation(name="alt", value="30", unit="U/L", day="2025-01-12", visit="screening")
    trial.consent("P02")
    trial.record(CARLA, FactRecorded(participant="P02", fact=seen))
    assert recorded(trial).refused == ()


def test_each_refused_row_is_named_though_two_are_about_the_same(trial: Trial, data: Path) -> None:
    lines = "participant,treatment,start\nP02,rituximab,yesterday\nP02,abatacept,last week\n"
    (data / "treatments.csv").write_text(lines)
    take_over(trial, data)
    of_drugs = [row.why for row in trial.conduct.trial.unread if row.table == "treatments"]
    assert ["yesterday" in of_drugs[0], "last week" in of_drugs[1]] == [True, True]


def test_importing_the_corrected_folder_answers_its_refused_rows(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    file = data / "facts.csv"
    file.write_text(file.read_text().replace("P02,alt,thirty,U/L,2025-01-12,laboratory,screening,5,40\n", ""))
    take_over(trial, data)
    assert trial.conduct.trial.unread == ()


def test_an_empty_table_says_nothing_of_another_site(trial: Trial, data: Path) -> None:
    (data / "adverse_events.csv").write_text("participant,term,grade,start\n")
    assert not take_over(trial, data, dry_run=True).held
    there = ParticipantConsented(participant="P77", site="S2", form="v1", signed_on=trial.today())
    trial.record(person("igor"), there)
    (held,) = take_over(trial, data, dry_run=True).held
    assert "the empty table speaks of every site" in held
    take_over(trial, data)
    assert not trial.conduct.informed().attested
