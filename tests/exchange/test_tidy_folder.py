"""Export and read back: the same records, whatever the format; a dry run writes nothing."""

import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import Outcome
from escalon.exchange.tidy_folder import FormatError, tables_of, write_folder
from escalon.facts import Day, Fact
from escalon.history import entry_of_file, fold
from escalon.history.events import (
    CellsInfused,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    EvaluabilityJudged,
    Event,
    LevelAllocated,
)
from escalon.protocol import load_study
from escalon.sources.as_rows import unkept
from escalon.sources.delimited import loud, quiet
from escalon.sources.folder import take_in
from escalon.sources.frame import frame_of
from tests.drawn import drawn
from tests.histories import Infusion, changed, facts, history


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


@pytest.fixture(scope="module")
def trial(study):
    return take_in(study, drawn(seed=5)).trial


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_exported_is_read_back_as_the_same_records(study, trial, tmp_path, form):
    write_folder(trial, tmp_path, form)
    again = take_in(study, tmp_path)
    assert again.refused == ()
    assert tables_of(again.trial) == tables_of(trial)
    assert again.trial.synthetic


def test_an_unknown_value_stays_unknown(study, trial, tmp_path):
    first = facts(trial)[0]
    unknown = changed(trial, lambda fact: replace(fact, value=None, unit=None) if fact == first else fact)
    write_folder(unknown, tmp_path)
    assert facts(take_in(study, tmp_path).trial)[0].value is None


@pytest.mark.parametrize("reported", [True, False])
def test_an_empty_table_is_written_only_where_somebody_said_there_was_nothing(study, tmp_path, reported):
    write_folder(history([Fact("sex", "male", Day(2025, 1, 1), participant="P01")], reported=reported), tmp_path)
    assert (tmp_path / "adverse_events.csv").exists() is reported
    assert ("adverse_events" in take_in(study, tmp_path).trial.attested) is reported


def test_a_signed_review_of_a_dlt_window_is_exported_in_the_studys_own_words(study, tmp_path):
    said: list[Event] = [
        CellsInfused(participant="P01", level=1, on=Day(2025, 3, 3), cells_per_kg=Decimal(100_000)),
        DltWindowReviewed(participant="P01", through=date(2025, 3, 31)),
    ]
    trial = fold((entry_of_file(number, one, f"{number}") for number, one in enumerate(said, 1)), frame_of(study))
    before = decide_next_dose(study, trial, Day(2025, 4, 1))
    assert before.reviews[0].outcome is Outcome.NO_DLT
    write_folder(trial, tmp_path)
    after = decide_next_dose(study, take_in(study, tmp_path).trial, Day(2025, 4, 1))
    assert (after.reviews[0].outcome, after.decision) == (Outcome.NO_DLT, before.decision)


def test_json_leaves_empty_cells_out(trial, tmp_path):
    write_folder(trial, tmp_path, "json")
    assert '""' not in (tmp_path / "facts.json").read_text(encoding="utf-8")


def test_an_unknown_format_names_the_known_ones(trial, tmp_path):
    with pytest.raises(FormatError, match="csv, parquet, json"):
        write_folder(trial, tmp_path, "xlsx")


def test_import_is_a_dry_run_unless_told_to_write(tmp_path):
    source, target = tmp_path / "redcap", tmp_path / "tidy"
    source.mkdir()
    (source / "export.csv").write_text("record_id,visit_date,esr\nP01,2025-03-01,44\n", encoding="utf-8")
    (source / "mapping.toml").write_text(
        '[[table]]\nfile = "export.csv"\nparticipant = "record_id"\ndate = "visit_date"\n'
        '[table.facts]\nesr = { column = "esr", unit = "mm/h" }\n',
        encoding="utf-8",
    )

    def run(*more: str | Path) -> subprocess.CompletedProcess[str]:
        words = ["import", "redcap", "nct07052565", source, "-o", target, *more]
        command = [sys.executable, "-m", "escalon.cli.main", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert "Dry run: 1 rows read" in run().stdout
    assert not target.exists()
    assert run("--write").returncode == 0
    assert "P01,esr,44,mm/h,2025-03-01" in (target / "facts.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (DltProposed(participant="P01", is_dlt=True, because="rule"), "the DLT proposed in entry"),
        (DltAdjudicated(participant="P01", is_dlt=True, because="seen"), "names no adverse event"),
    ],
)
def test_what_no_row_can_say_and_the_dose_rests_on_is_refused_and_not_dropped(event, says, tmp_path):
    """A folder without it would dose on: nothing is written at all."""
    trial = history(infusions=[Infusion("P01", 1, Day(2025, 3, 3))])
    trial.apply(entry_of_file(trial.number + 1, event, "said"))
    with pytest.raises(FormatError, match=says):
        write_folder(trial, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_folder_has_no_place_for_is_said_in_one_line(study, trial):
    assert unkept(trial) == ""  # a folder's own trial has nothing of the kind
    judged = EvaluabilityJudged(participant="P99", is_evaluable=False, reason="left before the infusion")
    more = [*trial.entries.values(), entry_of_file(trial.number + 1, judged, "casebook")]
    placed = LevelAllocated(participant="P99", cohort=1, level=1, place=1)
    more.append(entry_of_file(trial.number + 2, placed, "casebook"))
    assert unkept(fold(more, frame_of(study))) == "1 evaluability judged, 1 level allocated"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "@SUM(1)", "-cmd", "'=1", "+++", "-3.5", "plain"])
def test_what_a_spreadsheet_would_run_is_quiet_in_the_file_and_the_same_when_it_is_read(text):
    written = quiet(text)
    assert not written.startswith(("=", "+", "-", "@")) or written == "-3.5"
    assert loud(written) == text


def test_tables_of_another_trial_do_not_stand_among_these(trial, tmp_path):
    """A table left from before would be read with the new ones, and the mark of invented people would be of real ones."""
    (tmp_path / "samples.json").write_text("[]")
    with pytest.raises(FormatError, match=r"holds samples.json, which would be read with these"):
        write_folder(history([Fact("sex", "male", Day(2025, 1, 1), participant="P01")]), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["samples.json"]
    (tmp_path / "samples.json").unlink()
    write_folder(trial, tmp_path)
    write_folder(trial, tmp_path, "parquet")  # an earlier synthetic trial makes room
    assert not [*tmp_path.glob("*.csv")]
    with pytest.raises(FormatError, match=r"holds .*SYNTHETIC.txt"):
        write_folder(history([Fact("sex", "male", Day(2025, 1, 1), participant="P01")]), tmp_path)
