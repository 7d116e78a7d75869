"""What a reader once stumbled over: broken days, a record that was none, a signature that said nothing, another study's words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from escalon.conduct.judge.screening import screen
from escalon.escalation.catalogue import parse_design
from escalon.escalation.outlook import outlook
from escalon.facts import Day
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.form import form_of
from escalon.protocol import load_study
from escalon.reporting.figures.outlook import outlook_svg
from escalon.sources.folder import take_in
from escalon.web.words import dates
from tests.casebook.conftest import clock, sqlite_casebook  # noqa: F401
from tests.protocol.folders import HERON
from tests.web.bench import client, said, served, with_one_infused

pytest.importorskip("httpx2")


def test_a_day_is_kept_on_one_line_however_it_was_written() -> None:
    assert dates("IgM 0.8 g/L, 13-Jun-2025") == 'IgM 0.8 g/L, <span class="nw">13-Jun-2025</span>'
    assert dates("until 2025-06-13, not 2025-061") == 'until <span class="nw">13-Jun-2025</span>, not 2025-061'


def test_nothing_is_said_to_be_recorded_that_this_reader_did_not_record(tmp_path: Path) -> None:
    bench, _ = with_one_infused(tmp_path)
    ines = client(bench, "ines")
    for claimed in ("999999", "abc", "1", "1,2,x"):
        assert "Recorded" not in ines.get(f"/?recorded={claimed}").text
    assert "Recorded." in ines.get("/?recorded=done").text


@pytest.mark.parametrize("cutoff", ["9999-12-31", "0001-01-01", "2025-06", "banana"])
def test_a_cut_off_that_is_no_day_of_a_trial_is_answered_in_words(tmp_path: Path, cutoff: str) -> None:
    bench, _ = with_one_infused(tmp_path)
    for page in ("/report", "/figures"):
        answer = client(bench, "ines").get(f"{page}?cutoff={cutoff}", headers={"Accept": "text/html"})
        assert (answer.status_code, "write a day such as" in answer.text) == (404, True)


def test_a_signature_says_what_it_means(tmp_path: Path) -> None:
    bench, trial = with_one_infused(tmp_path)
    ines, number = client(bench, "ines"), trial.conduct.casebook.head.number
    fields = {"entry": str(number), "password": "correct horse battery staple"}
    answer = said(ines, f"/entries/{number}", "EntrySigned", **fields)
    assert answer.status_code == 422
    assert "meaning: choose or write what your signature means" in answer.text
    assert trial.conduct.casebook.head.number == number


def test_a_study_without_cells_is_told_without_their_words(sqlite_casebook: Any) -> None:  # noqa: F811
    plan = load_study(HERON).model_copy(update={"inclusion": (), "exclusion": (), "zone": None, "version": "1"})
    bench, trial = served(sqlite_casebook, plan)
    trial.open_cohort(1, 1)
    trial.enter("P1")
    trial.allocate("P1", 1)
    ines = client(bench, "ines")
    names = {one["name"] for one in ines.get("/participants/P1/infusion.json").json()["rules"]}
    assert not names & {"apheresis", "lymphodepletion"}
    page = re.sub(r"<[^>]+>", " ", ines.get("/participants/P1/infusion").text)
    assert not re.search(r"condition(ed|ing)|apheresis|lymphodepletion", page)


def test_the_newest_value_stands_first_among_the_grounds_of_a_fact(tmp_path: Path) -> None:
    bench, _ = with_one_infused(tmp_path)
    ines, page = client(bench, "ines"), "/participants/P1/findings/esr"
    for value, day in (("20", "2026-03-01"), ("40", "2026-03-02")):
        fact = {"name": "esr", "value": value, "unit": "mm/h", "day": day}
        told = ines.post("/acts/FactRecorded", json={"content": {"participant": "P1", "fact": fact}})
        assert told.status_code in (200, 201), told.text
    lines = [one["text"] for one in ines.get(f"{page}.json").json()["line"]["beneath"]]
    assert ["40" in lines[0], "20" in lines[1]] == [True, True]


def test_no_label_of_the_outlook_lies_on_the_line_it_names() -> None:
    drawn = outlook_svg(outlook(parse_design("3+3 V2", levels=3), "1NNN 2NTN", (), 2))
    ends = {float(y) for y in re.findall(r"C[\d.]+,[\d.]+ [\d.]+,[\d.]+ [\d.]+,([\d.]+)", drawn)}
    labels = [float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*text-anchor="end"', drawn)]
    assert len(labels) == 20
    assert {min(label - end for end in ends if abs(label - end) < 15) > 0 for label in labels} == {True, False}


def test_a_choice_is_read_as_words() -> None:
    form = form_of(find("acr20"))
    choices = {each.says for section in form.sections for one in section.questions for each in one.choices}
    assert {"RA 0–100 mm", "SLE 0–3"} <= choices


def test_a_value_without_a_day_says_that_this_is_why_it_does_not_count(tmp_path: Path) -> None:
    rows = ("disease,SLE,,2025-02-07", "screening_visit,2025-02-07,,2025-02-07", "ebv_dna,negative,,")
    lines = ["participant,fact,value,unit,date", *(f"P01,{row}" for row in rows)]
    (tmp_path / "facts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = load_study("nct07052565")
    (found,) = screen(study, take_in(study, tmp_path).trial, Day(2025, 2, 8))
    missing = next(one.finding.missing for one in found.clauses if one.criterion.id == "E-9f")
    assert [text.endswith("; what is recorded has no day") for text in missing] == [True]
