"""What must not change an answer: the order of rows and columns, people who are not concerned, and what came later."""

import csv
import io
from pathlib import Path
from random import Random

import pytest

from escalon.conduct.judge.cutoff import as_of, last_day
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import screen
from escalon.facts import Day
from escalon.reporting.trial import trial_report
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from tests.drawn import drawn

DAY_OF = {"facts": "date", "treatments": "start", "adverse_events": "start", "doses": "date", "samples": "date"}


@pytest.fixture(scope="module")
def folder() -> Path:
    return drawn(seed=2)


def rewritten(folder: Path, into: Path, change) -> Path:
    """A copy of the tables, each changed as a list of rows; an empty row keeps the numbers of the lines below it."""
    into.mkdir(exist_ok=True)
    for file in folder.glob("*.csv"):
        header, *rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
        new_header, new_rows = change(file.stem, header, rows)
        with (into / file.name).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([new_header, *new_rows])
    return into


def answers(study, intake: Intake, cutoff: Day, *, sources: bool = True) -> list:
    """Everything concluded, participant by participant; the places rows were read from only where they can be the same."""
    records = as_of(intake.trial, cutoff)
    screenings = {one.participant: one.as_json() for one in screen(study, records, cutoff)}
    if not sources:
        for one in screenings.values():
            one["obtain"] = [text for text in one["obtain"] if not text.startswith("correct ")]  # names file and line
            for clause in one["clauses"]:
                clause["facts"] = [fact["fact"] for fact in clause["facts"]]
    return [screenings, decide_next_dose(study, records, cutoff).as_json()]


def test_who_has_not_consented_yet_is_not_screened(study, folder):
    intake = take_in(study, folder)
    records, early = intake.trial, as_of(intake.trial, Day.parse("2025-05-02"))
    assert 0 < len(early.participants) < len(records.participants)
    consents = [early.facts_of(code).named("informed_consent")[0].day for code in early.participants]
    assert all(day.earliest.isoformat() <= "2025-05-02" for day in consents)


@pytest.mark.parametrize("cutoff", ["2025-03-20", "2025-05-02", "2025-07-15", "2025-10-01", "2026-02-11"])
def test_an_earlier_cutoff_is_the_folder_as_it_was_on_that_day(study, folder, tmp_path, cutoff):
    def not_yet_there(row):
        return any(
            fact.day.earliest.isoformat() > cutoff for fact in whole.trial.facts_of(row[0]).named("informed_consent")
        )

    whole = take_in(study, folder)

    def truncated(table, header, rows):
        day, end = header.index(DAY_OF[table]), header.index("end") if "end" in header else None
        columns = [*header, "ongoing"] if end is not None and "ongoing" not in header else header
        kept = []
        for written in rows:
            row = [*written, ""][: len(columns)] if written[day] <= cutoff and not not_yet_there(written) else []
            if row and end is not None and row[end] > cutoff:
                row[end], row[columns.index("ongoing")] = "", "yes"
            kept.append(row)
        return columns, kept

    then = take_in(study, rewritten(folder, tmp_path / "then", truncated))
    assert not then.refused
    day = Day.parse(cutoff)
    assert answers(study, take_in(study, folder), day) == answers(study, then, day)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_changes_no_answer(study, folder, tmp_path, seed):
    random = Random(seed)

    def shuffled(table, header, rows):
        return header, random.sample(rows, len(rows))

    before, after = take_in(study, folder), take_in(study, rewritten(folder, tmp_path / "shuffled", shuffled))
    for cutoff in (Day.parse("2025-07-15"), last_day(before.trial)):
        assert answers(study, before, cutoff, sources=False) == answers(study, after, cutoff, sources=False)


def test_the_order_of_rows_changes_no_answer_where_entries_of_one_day_contradict_each_other(study, folder, tmp_path):
    """Every value is written twice, the second time a little different: what follows is the same either way round."""

    def doubled(reverse):
        def change(table, header, rows):
            if table != "facts":
                return header, rows
            value = header.index("value")
            twins = [[*row[:value], f"{row[value]}1", *row[value + 1 :]] for row in rows if row[value].isdigit()]
            return header, (rows + twins)[::-1] if reverse else rows + twins

        return change

    one, other = (
        take_in(study, rewritten(folder, tmp_path / name, doubled(reverse)))
        for name, reverse in (("one", False), ("other", True))
    )
    cutoff = last_day(one.trial)
    assert answers(study, one, cutoff, sources=False) == answers(study, other, cutoff, sources=False)
    assert not any(screening["verdict"] == "eligible" for screening in answers(study, one, cutoff)[0].values())


def test_the_order_of_columns_changes_no_answer(study, folder, tmp_path):
    def turned(table, header, rows):
        return header[::-1], [row[::-1] for row in rows]

    before, after = take_in(study, folder), take_in(study, rewritten(folder, tmp_path / "turned", turned))
    cutoff = last_day(before.trial)
    assert answers(study, before, cutoff) == answers(study, after, cutoff)
    assert [count.used for count in before.counts] == [count.used for count in after.counts]


def test_somebody_else_changes_nobody_elses_verdict_and_no_dose(study, folder, tmp_path):
    def joined(table, header, rows):
        more = [["ZZ", *row[1:]] for row in rows if row[0] == "P03"] if table in ("facts", "treatments") else []
        return header, rows + more

    before, after = take_in(study, folder), take_in(study, rewritten(folder, tmp_path / "joined", joined))
    cutoff = last_day(before.trial)
    (people, dose), (more, same_dose) = answers(study, before, cutoff), answers(study, after, cutoff)
    assert more.pop("ZZ")["verdict"] != ""
    assert (more, same_dose) == (people, dose)


def test_the_same_folder_and_cutoff_give_the_same_bytes(study, folder):
    cutoff = Day.parse("2025-09-30")
    assert trial_report(study, take_in(study, folder), cutoff) == trial_report(study, take_in(study, folder), cutoff)
