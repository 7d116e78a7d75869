"""A level that an amendment inserts: whatever is recorded of those above it moves with its dose, and counts nowhere else."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.casebook.trial import PLAN
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.conduct.judge.standing import changed_decision
from escalon.conduct.record.replay import _as_numbered_now
from escalon.history import Author, Entry, Trial
from escalon.history.events import AmendmentAdopted, AnswerPart, CasebookOpened, Course, DecisionProposed
from escalon.protocol.skeleton import Outline, write_skeleton

GIVEN = [("P01", 1, 20), ("P02", 1, 20), ("P03", 1, 20), ("P04", 2, 30), ("P05", 2, 30), ("P06", 2, 30)]
AT, SOMEBODY = datetime(2026, 5, 1, tzinfo=UTC), Author("ines", "investigator", "S1", "test")
SECRET = "correct horse battery"
BETWEEN = '[[dose.level]]\nnumber = 2\nname = "between"\namount = "25 mg"\ninserted = 2026-05-20\n\n[[dose.level]]\nnumber = 3'


def part(name: str, says: str) -> AnswerPart:
    return AnswerPart(name=name, says=says)


LEVELS = (part("2", "30 mg"), part("3", "40 mg"))


class Book:
    """A casebook of six people at 20 and 30 mg, of whom two had a DLT at 30, driven by its commands."""

    def __init__(self, folder: Path, patched: pytest.MonkeyPatch) -> None:
        self.patched, self.book, self.study = patched, str(folder / "book"), folder / "study"
        patched.setenv("XDG_STATE_HOME", str(folder / "state"))
        levels = ("20 mg", "30 mg")
        write_skeleton(self.study, Outline(title="Tablets", diseases=("NF",), levels=levels, rule="3+3", cap=18))
        self.edit(r"tolerance +=.*", 'tolerance = "8 %"')
        self.edit(r"(?s)(\[\[inclusion\]\].*?)\[\[inclusion\]\].*?(?=\[\[visit\]\])", r"\1")
        data = folder / "data"
        data.mkdir()
        days = ["02", "03", "04"]
        doses = [f"{who},{level},2026-0{level + 2}-{days[n % 3]},{mg},mg" for n, (who, level, mg) in enumerate(GIVEN)]
        (data / "doses.csv").write_text("\n".join(["participant,level,date,amount,unit", *doses]))
        events = [f"{who},Diarrhea,3,2026-04-06,2026-04-09,yes,yes" for who in ("P04", "P05")]
        (data / "adverse_events.csv").write_text("\n".join(["participant,term,grade,start,end,related,dlt", *events]))
        said = ("informed_consent,2026-02-20", "age,40")
        facts = [f"{who},{one},2026-02-20" for who, *_ in GIVEN for one in said]
        (data / "facts.csv").write_text("\n".join(["participant,fact,value,date", *facts]))
        self.data = str(data)
        made = self.run("casebook", "init", self.book, str(self.study), "--administrator", "ada", "--name", "Ada Min")
        assert made.exit_code == 0, made.output
        for who, role in (("ines", "investigator@S1"), ("cora", "committee@*"), ("cyrus", "committee@*")):
            name = f"{who.title()} Example"
            self.run(
                "user", "add", self.book, who, "--name", name, "--role", role, "--as", "ada", new="for one day only"
            )
            self.run("user", "password", self.book, who, first="for one day only")
        done = self.run(
            "casebook", "import", self.book, self.data, "--participants-of", "S1", "--as", "ines", "--record"
        )
        assert "0 in conflict + 0 refused" in done.stdout, done.output

    def edit(self, before: str, after: str) -> None:
        text = (self.study / "study.toml").read_text()
        assert re.search(before, text)
        (self.study / "study.toml").write_text(re.sub(before, after, text, count=1))

    def run(self, *line: str, first: str = SECRET, new: str = SECRET):
        self.patched.setenv("ESCALON_PASSWORD", first)
        self.patched.setenv("ESCALON_NEW_PASSWORD", new)
        return CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, line)

    def amend(self):
        return self.run("casebook", "amend", self.book, "--changes", "25 mg inserted", "--as", "ines")

    def says(self) -> dict:
        return json.loads(
            self.run(
                "dose", "next", str(self.study), self.book, "--as", "ines", "--cutoff", "2026-06-01", "--json"
            ).stdout
        )


@pytest.fixture
def book(tmp_path, monkeypatch) -> Book:
    return Book(tmp_path, monkeypatch)


def test_what_was_given_at_a_level_moves_with_its_dose(book):
    before = book.says()
    assert (before["conduct"], before["decision"]["level"]) == ("1NNN 2TTN", 1)
    book.edit(r"\[\[dose.level\]\]\nnumber +=\s*2", BETWEEN)
    assert "level 2 is level 3 from here on" in book.amend().stdout
    unsigned = book.says()
    assert unsigned["decision"]["action"] == "wait"
    assert "has 0 of 2 signatures" in unsigned["decision"]["reason"]
    number = re.search(r"amendment (\d+)", unsigned["decision"]["reason"])[1]
    for who in ("cora", "cyrus"):
        book.run("casebook", "sign", book.book, "EntrySigned", f"entry={number}", "--meaning", "approve", "--as", who)
    after = book.says()
    assert (after["conduct"], after["decision"]["level"]) == ("1NNN 3TTN", 2)
    assert "level 2 was never tried" in after["decision"]["reason"]
    assert after["decision"]["departures"] == []
    assert [one["level"] for one in after["participants"]] == [1, 1, 1, 3, 3, 3]
    assert book.run("verify", book.book, "--conduct").exit_code == 0
    told = book.run("explain", book.book, "P04", "dlt", "--as", "ines").stdout  # of the casebook's own study
    assert "level 3, 30 mg on 2026-04-02" in told


def test_a_correction_after_it_is_of_the_level_as_it_is_numbered_now(book):
    book.edit(r"\[\[dose.level\]\]\nnumber +=\s*2", BETWEEN)
    book.amend()
    shown = book.run("casebook", "show", book.book, "P06", "--as", "ines").stdout
    number = next(line.split()[0] for line in shown.splitlines() if "cells infused: level 2" in line)
    book.run("casebook", "correct", book.book, number, "amount=31", "--reason", "read again", "--as", "ines")
    assert book.says()["conduct"] == "1NNN 3TTN"


def test_an_amendment_that_would_put_people_under_another_dose_is_refused(book):
    book.edit(r"(?s)\[\[dose.level\]\]\nnumber += 1.*?(?=\[\[dose.level\]\]\nnumber +=\s*2)", "")
    book.edit(r"number +=\s*2", "number = 1")
    refused = book.amend()
    assert refused.exit_code != 0
    assert "level 1 was 20 mg" in refused.output


@pytest.mark.parametrize("to", ["25 mg", "60 mg"])
def test_another_dose_under_the_number_of_one_that_was_given_is_refused(book, to):
    book.edit(r'amount += "30 mg"', f'amount = "{to}"')
    refused = book.amend()
    assert refused.exit_code != 0
    assert "level 2 was 30 mg" in refused.output


def test_a_dose_put_right_within_the_margin_keeps_its_level(book):
    book.edit(r'amount += "30 mg"', 'amount = "31 mg"')
    assert "is level" not in book.amend().stdout
    assert book.says()["conduct"] == "1NNN 2TTN"


def test_a_dose_is_the_same_in_another_unit(book):
    book.edit(r'amount += "30 mg"', 'amount = "0.03 g"')
    book.edit(r'amount += "20 mg"', 'amount = "0.02 g"')
    book.edit(r"\[\[dose.level\]\]\nnumber +=\s*2", BETWEEN.replace("25 mg", "0.025 g"))
    assert "level 2 is level 3 from here on" in book.amend().stdout
    assert book.says()["conduct"] == "1NNN 3TTN"


def test_a_decision_for_a_level_whose_dose_an_amendment_changed_is_proposed_again():
    first = CasebookOpened(casebook="b", study="s 1", study_version="1", public_key="k", levels=LEVELS)
    decided = DecisionProposed(course=Course.TREAT, level=2, because="the rule")
    for levels, moved, stands in (
        ((part("2", "60 mg"), part("3", "70 mg")), (), False),
        (LEVELS, (), True),
        ((part("2", "25 mg"), part("3", "30 mg"), part("4", "40 mg")), (part("2", "3"), part("3", "4")), True),
    ):
        adopted = AmendmentAdopted(study_version="2", digest="0", adopted_on=AT.date(), levels=levels, renumbered=moved)
        entries = [
            Entry(number, AT, SOMEBODY, event) for number, event in enumerate((first, decided, adopted), start=1)
        ]
        for some in (
            entries,
            [_as_numbered_now(one, entries[2:]) for one in entries],
        ):  # and as `verify --conduct` asks
            trial = Trial().follow(some)
            changed = changed_decision(PLAN, trial, trial.decisions[2])
            assert (changed == "") is stands, changed
            assert stands or changed == "level 2 was 30 mg then, and is 60 mg now"
