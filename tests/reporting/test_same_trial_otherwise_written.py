"""The same trial in other files, 28 days later, under other names: the same tables, and the same next dose."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from escalon.conduct.judge.dosing import decide_next_dose
from escalon.facts import Day
from escalon.reporting.sheet import csv as as_csv
from escalon.reporting.trial import full_report
from escalon.reporting.view import View
from escalon.sources.folder import take_in

LATER = timedelta(days=28)
ISO = re.compile(r"\b\d{4}-\d\d-\d\d\b")
CODE = re.compile(r"\bP(\d\d)\b")
OF_THE_FILES = re.compile(r"(\.csv):\d+|,[0-9a-f]{64}")
"""The line a value stands on, and a file's hash: what may differ."""


def otherwise(text: str) -> str:
    """Names and days as the other files have them."""
    return CODE.sub(r"SITE7-\1", ISO.sub(lambda day: str(date.fromisoformat(day[0]) + LATER), text))


def write_otherwise(folder: Path, into: Path) -> Path:
    """Every table with its rows and columns in another order, its days later and its people renamed."""
    into.mkdir()
    drawn = Random(5)
    for file in folder.glob("*.csv"):
        head, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
        drawn.shuffle(rows)
        order = drawn.sample(range(len(head)), len(head))
        with (into / file.name).open("w", newline="", encoding="utf-8") as written:
            csv.writer(written).writerows([otherwise(row[place]) for place in order] for row in (head, *rows))
    (into / "SYNTHETIC.txt").write_bytes((folder / "SYNTHETIC.txt").read_bytes())
    return into


def said(study, folder: Path, cutoff: date) -> Iterator[tuple[str, list[str]]]:
    """Each table of the report by its lines in order, and the next dose."""
    intake = take_in(study, folder)
    assert not intake.refused
    found = decide_next_dose(study, intake.trial, cutoff)
    yield "next dose", sorted([found.headline, *map(str, found.decision.notes), *map(str, found.decision.departures)])
    document = full_report(View(study, intake, Day.of(cutoff)))
    for table in document.tables():
        yield table.file, sorted(OF_THE_FILES.sub(r"\1", as_csv(document, table)).splitlines())


@pytest.mark.parametrize("cutoff", [date(2025, 6, 4), date(2026, 6, 24)])
def test_the_tables_are_those_of_the_trial_not_of_its_files(study, trial_folder, tmp_path, cutoff) -> None:
    here = dict(said(study, trial_folder, cutoff))
    there = dict(said(study, write_otherwise(trial_folder, tmp_path / "other"), cutoff + LATER))
    assert len(here) > 50
    assert {name: sorted(map(otherwise, lines)) for name, lines in here.items()} == there
