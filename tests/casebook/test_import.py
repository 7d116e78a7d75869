"""A data folder is taken over whole, once, without overwriting anything; and reads back as the same records."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.casebook.trial import ADA, CARLA, INES, Trial

from escalon.casebook.as_folder import as_folder, write_folder
from escalon.casebook.casebook import Casebook
from escalon.conduct.import_folder import Imported, event_of, import_folder
from escalon.conduct.intake import take_in
from escalon.conduct.refusal import Refused
from escalon.history.events import EntryCorrected, FactCorrected, Observation
from escalon.protocol import load_study

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


STUDY = load_study("nct07052565")


def take_over(trial: Trial, data: Path, *, dry_run: bool = False) -> Imported:
    return import_folder(trial.conduct, ADA, STUDY, data, "S1", dry_run=dry_run)


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
    assert trial.conduct.standing.participants.keys() == {"P01"}, (
        "a consent of which only the month is known is no date"
    )


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


def test_only_an_administrator_imports(trial: Trial, data: Path) -> None:
    with pytest.raises(Refused, match="this is for administrator"):
        import_folder(trial.conduct, CARLA, STUDY, data, "S1", dry_run=True)


def test_a_casebook_reads_back_as_the_records_it_was_made_from(trial: Trial, data: Path, tmp_path: Path) -> None:
    expected = take_in(STUDY, data).records
    take_over(trial, data)
    folder = as_folder(trial.casebook.entries(), Path(trial.casebook.place))
    write_folder(folder, tmp_path / "again")
    intake = take_in(STUDY, tmp_path / "again")
    assert not intake.refused
    found = intake.records

    def without_source(records: object) -> list[str]:
        import dataclasses

        return sorted(
            repr(dataclasses.replace(one, source=""))
            for group in ("facts", "treatments", "adverse_events", "infusions", "samples")
            for one in getattr(records, group)
        )

    assert without_source(found) == without_source(expected)
    assert all("entry" in one.source for one in found.facts)


def test_an_infusion_given_before_the_casebook_starts_the_dlt_clock(trial: Trial, data: Path) -> None:
    take_over(trial, data)
    one = trial.conduct.standing.participants["P01"]
    assert one.infused_at is not None
    assert one.infused_at.date().isoformat() == "2025-01-20"
    assert not one.has_dlt
    [row] = [e for e in trial.casebook.entries(participant="P01") if e.event.what.startswith("adverse_events")]
    from escalon.casebook.folder import Row

    cells = {"participant": "P01", "term": "CRS", "grade": "4", "start": "2025-01-25", "dlt": "yes"}
    now = event_of("adverse_events", Row(2, cells))
    trial.record(INES, EntryCorrected(participant="P01", corrects=row.number, now=now, reason="grade 4 in the source"))
    assert trial.conduct.standing.participants["P01"].has_dlt


def test_events_of_the_casebook_itself_read_back_too(trial: Trial, tmp_path: Path) -> None:
    from escalon.history.events import AdverseEventRecorded, DltAdjudicated

    trial.open_cohort(1, 1)
    trial.prepare("P01", 1, 1)
    trial.infuse("P01", 1)
    event = AdverseEventRecorded(participant="P01", term="CRS", grade=4, onset="2026-03-04", serious=True)
    number = trial.record(CARLA, event).number
    trial.record(INES, DltAdjudicated(participant="P01", is_dlt=True, because="grade 4", rests_on=(number,)))
    write_folder(as_folder(trial.casebook.entries(), Path("book")), tmp_path / "out")
    records = take_in(STUDY, tmp_path / "out").records
    assert [(one.level, str(one.cells_per_kg)) for one in records.infusions] == [(1, "100000")]
    assert [(one.term, one.grade, one.dlt) for one in records.adverse_events] == [("CRS", 4, True)]
    assert [fact.name for fact in records.facts] == ["informed_consent"]
