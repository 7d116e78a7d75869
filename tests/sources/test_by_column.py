"""A large table is taken by column: it says, row for row and word for word, what the same table says taken row by row."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.conduct.judge.cutoff import as_of, last_day, left_out
from escalon.conduct.judge.screening import screen
from escalon.facts import Day
from escalon.history import Author, Entries, Entry, KeptFacts, Trial
from escalon.history.events import EntryAnnulled, FactRecorded
from escalon.protocol.study import Study
from escalon.sources import delimited, taking
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from escalon.sources.tables import read_table
from escalon.sources.written import RowsByColumn

COLUMNS = (
    "participant", "fact", "value", "unit", "date", "visit", "lower", "upper", "source", "until", "confirmed", "why",
    "attested", "strange",
)  # fmt: skip
NASTY = {
    "participant": ("p01", "P1", "", "a b", "P02 ", "P01--1", "NA"),
    "fact": ("hb", "SGPT", "", "nonsense", "das28_esr", " alt ", "pregnancy", "Alt"),
    "value": ("", "not done", "NK", "<0.5", ">1000", "1-2", "129,000", "abc", " 7.1 ", "999", "-3", "yes", "阳性", "'=1",
              "12 mg/dL", "１２", "5%", "nan", "100000"),
    "unit": ("", "mg/dL", "xyz", "K/uL", " U/L", "%", "NA"),
    "date": ("", "2025", "2025-03", "2025-13-01", "07.02.2025", "45695", "05-Oct-2025", "2099-12-31", "1970-01-01", "NA",
             "2025-03-14T23:30-08:00", " 2025-03-01", "2999-01-01"),
    "lower": ("-99", "50", "x", "0"),
    "upper": ("-99", "5", "x", "1e3", "NA"),
    "until": ("2025-01-01", "2025-12-01", "2025", "x"),
    "confirmed": ("yes", "no", "maybe"),
    "why": ("haemolysed", "it, is", 'he said "no"'),
    "attested": ("yes", "no"),
    "strange": ("what",),
}  # fmt: skip


def nasty(seed: int, rows: int = 400) -> list[list[str]]:
    """Rows of four people, most of them ordinary, with every kind of bad cell among them."""
    drawn = random.Random(seed)
    found = [
        ["P01", "disease", "RA", "", "2024-12-01", *[""] * 9],
        ["P02", "sex", "female", "", "2024-12-01", *[""] * 9],
    ]
    for number in range(rows):
        name, unit = drawn.choice(
            [("alt", "U/L"), ("ast", "U/L"), ("esr", "mm/h"), ("crp", "mg/L"), ("platelets", "10^9/L")]
        )
        day = f"2025-{1 + number % 9:02d}-{drawn.randint(1, 28):02d}"
        row = [f"P0{drawn.randint(1, 4)}", name, str(drawn.randint(1, 40)), unit, day, "M1", "", "40", "lab", *[""] * 5]
        for place, column in enumerate(COLUMNS):
            if column in NASTY and drawn.random() < 0.02:
                row[place] = drawn.choice(NASTY[column])
        found.append(row)
        if drawn.random() < 0.03:
            found.append(drawn.choice([row, row[:-3], [*row, "more"], [""] * len(row), [" "] * len(row), []]))
    return found


def write(folder: Path, rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> Path:
    folder.mkdir()
    with (folder / "facts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    (folder / "doses.csv").write_text(
        "participant,level,date,cells_per_kg\nP01,1,2025-08-20,500000\nP07,1,2025-08-20,500000\n"
    )
    return folder


def by_column(study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Intake:
    with monkeypatch.context() as patch:
        patch.setattr(delimited, "LARGE", 0)
        patch.setattr(taking, "MANY", 0)
        return take_in(study, folder)


@pytest.fixture(params=[1, 2, 3])
def twice(
    request: pytest.FixtureRequest, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Intake]]:
    """One nasty folder taken row by row, and by column."""
    delimiter, end = {1: (",", "\n"), 2: (";", "\r\n"), 3: ("\t", "\n")}[request.param]
    folder = write(tmp_path / "data", nasty(request.param), delimiter, end)
    return [take_in(study, folder), by_column(study, folder, monkeypatch)]


def test_a_nasty_table_says_the_same_by_row_and_by_column(twice: list[Intake]) -> None:
    by_row, kept = twice
    assert isinstance(kept.entries, Entries)
    assert any(isinstance(one, KeptFacts) for one in kept.entries.parts)
    assert 20 < len(by_row.refused) < 250  # the table is nasty, and most of it ordinary
    for what in ("problems", "unread", "counts", "contradictions", "hashes"):
        assert getattr(kept, what) == getattr(by_row, what)
    assert list(kept.entries) == list(by_row.entries)
    assert kept.account() == by_row.account()
    assert repr(kept) == repr(by_row)


def test_its_trial_is_the_same_before_and_after_its_entries_are_looked_at(study: Study, twice: list[Intake]) -> None:
    by_row, kept = (one.trial for one in twice)
    day = Day.parse("2025-06-15")

    def told(trial: Trial) -> list[object]:
        then = as_of(trial, day)
        asked = [one.as_json() for each in (then, trial) for one in screen(study, each, day)]
        courses = [(repr(one), one.observations, list(one.facts)) for one in trial.courses.values()]
        return [last_day(trial, date.max), asked, left_out(then), courses]

    unlooked = told(kept)
    assert unlooked == told(by_row)
    assert kept.entries == by_row.entries
    assert kept.standing.in_order() == by_row.standing.in_order()
    assert told(kept) == unlooked


def test_the_history_goes_on_from_facts_that_are_kept(study: Study, twice: list[Intake]) -> None:
    by_row, kept = (one.trial for one in twice)
    first = next(number for number, one in by_row.entries.items() if isinstance(one.event, FactRecorded))
    assert list(kept.without(first).facts_of("P01")) == list(by_row.without(first).facts_of("P01"))
    for trial in (by_row, kept):
        trial.apply(_annulled(trial, first))
    assert kept.standing.in_order() == by_row.standing.in_order()
    assert [one.observations for one in kept.courses.values()] == [one.observations for one in by_row.courses.values()]


def _annulled(trial: Trial, number: int) -> Entry:
    event = EntryAnnulled(annuls=number, reason="of somebody else")
    return Entry(trial.number + 1, datetime(2026, 1, 1, tzinfo=UTC), Author("ann", "investigator", "", "cli"), event)


CELLS = st.text(alphabet=st.sampled_from("ab 1'=-é\u3000\u2028\x0b\"\n\r,;"), max_size=4)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_any_text_is_taken_apart_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str
) -> None:
    file = tmp_path_factory.mktemp("table") / "facts.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator=end).writerows([["a", "b", "c"], *rows])
    before = read_table(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LARGE", 0)
        after = read_table(file)
    assert list(after.rows) == list(before.rows)
    assert (after.columns, after.notes) == (before.columns, before.notes)


def test_a_plain_large_text_is_kept_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "facts.csv").write_text('a,b\n1, x\n\n,\n2,\'=1\n3\n4,"y, z"\n' + "5,x\n" * 80)
    monkeypatch.setattr(delimited, "LARGE", 0)
    rows = read_table(tmp_path / "facts.csv").rows
    assert isinstance(rows, RowsByColumn)
    assert [(row.line, row.cells) for row in rows[:4]] == [
        (2, {"a": "1", "b": "x"}), (5, {"a": "2", "b": "=1"}), (6, {"a": "3"}), (7, {"a": "4", "b": "y, z"}),
    ]  # fmt: skip
    assert rows[2].broken is not None
    assert len(rows) == 84
