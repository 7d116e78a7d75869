"""From events, counts and deaths in a data folder to each participant's outcome and the next dose, through the command line."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app

pytest.importorskip("escalon.conduct.judge.evidence", reason="the dose rule does not read the evidence yet")

DOSES = "P01,1,2025-03-03,100000,,crf\nP02,1,2025-03-17,100000,,crf\nP03,1,2025-03-24,100000,,crf\n"
HEADS = {
    "doses": "participant,level,date,cells_per_kg,evaluable,source\n",
    "adverse_events": "participant,term,grade,start,end,ongoing,serious,related,dlt,expected,aware,component_of,outcome,id,"
    "source,baseline_grade,seriousness\n",
    "facts": "participant,fact,value,unit,date,source,visit,lower\n",
}
P04 = "P04,2,2025-04-22,300000,,crf\n"
ALONE = "P01,1,2025-03-03,100000,,crf\n"


def folder(path: Path, events: str, facts: str = "", doses: str = DOSES) -> str:
    path.mkdir(exist_ok=True)
    people = sorted(set(re.findall(r"^P\d\d", doses, re.MULTILINE)))
    diseases = "".join(f"{code},disease,SLE,,2025-02-01,crf,,\n" for code in people)
    rows = "".join(f"{row}{',' * (16 - row.count(','))}\n" for row in events.splitlines())
    for name, text in {"doses": doses, "adverse_events": rows, "facts": diseases + facts}.items():
        (path / f"{name}.csv").write_text(HEADS[name] + text, encoding="utf-8")
    return str(path)


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def next_dose(data: str, cutoff: str) -> tuple[dict[str, Any], str]:
    said = run("dose", "next", "nct07052565", data, "--cutoff", cutoff, "--json")
    assert said.exit_code in (0, 1), said.output
    return json.loads(said.stdout), said.stdout


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {one["participant"]: one["outcome"] for one in found["participants"]}


def falling(name: str, value: str, lower: str) -> str:
    days = ("03-04", "03-10", "03-17", "03-24", "03-31", "04-07", "04-20")
    return "".join(f"P01,{name},{value},10^9/L,2025-{day},crf,,{lower}\n" for day in days)


@pytest.mark.parametrize(
    ("events", "cutoff", "outcome", "action", "level"),
    [
        ("P02,Febrile neutropenia,5,2025-03-15,2025-03-27,,,yes,,,,,fatal,,crf", "2025-04-22", "pending", "wait", None),
        (
            "P02,Febrile neutropenia,5,2025-03-15,2025-03-27,,,no,no,,,,fatal,,crf",
            "2025-04-22",
            "not_evaluable",
            "treat",
            1,
        ),
        ("P02,Platelet count decreased,4,2025-03-14,2025-04-21,,,yes,,,,,,,crf", "2025-05-12", "pending", "wait", None),
        ("P02,Neutrophil count decreased,4,2025-03-15,2025-04-30,,,yes,yes,,,,,,crf", "2025-05-02", "dlt", "treat", 1),
        ("P02,Sepsis,5,2025-04-06,2025-04-26,,,no,no,,,,fatal,,crf", "2025-05-22", "no_dlt", "treat", 2),
        ("P02,Sepsis,4,2025-03-16,2025-04-06,,,yes,,,,,,,crf", "2025-05-02", "pending", "wait", None),
        ("P02,ICANS,3,2025-03-16,,yes,,yes,,,,,,,crf", "2025-05-02", "pending", "wait", None),
        ("P02,Lung infection,3,2025-03-23,2025-03-27,,,yes,,,,,Died,,crf", "2025-05-02", "pending", "wait", None),
        ("P02,Lung infection,3,2025-03-23,2025-03-27,,,yes,,,,,死亡,,crf", "2025-05-02", "pending", "wait", None),
        ("P02,Sepsis,,2025-04-02,2025-04-05,,,yes,,,,,,,crf", "2025-05-02", "pending", "wait", None),
        ("P02,Nausea,2,2025-04-02,2025-04-05,,,yes,,,,,,,crf", "2025-05-02", "no_dlt", "treat", 2),
    ],
)
def test_event_matters_while_it_lasts_and_a_death_on_its_day(
    tmp_path: Path, events: str, cutoff: str, outcome: str, action: str, level: int | None
) -> None:
    found, text = next_dose(folder(tmp_path, events), cutoff)
    assert outcomes(found) == {"P01": "no_dlt", "P02": outcome, "P03": "no_dlt"}, text
    assert (found["decision"]["action"], found["decision"].get("level")) == (action, level), text


@pytest.mark.parametrize("judged", ["", "no"])
def test_death_after_the_window_stands_on_the_review(tmp_path: Path, judged: str) -> None:
    row = f"P02,Sepsis,5,2025-04-21,2025-04-24,,,yes,{judged},,,,fatal,,crf"
    found, text = next_dose(folder(tmp_path, row), "2025-05-12")
    assert outcomes(found)["P02"] == "no_dlt"
    assert any(
        "P02: Sepsis, grade 5" in note and "died on 2025-04-24" in note for note in found["decision"]["notes"]
    ), text


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ("P02,Lung infection,3,2025-03-23,2025-03-27,,,yes,no,,,,fatal,,crf", "the grade is 3"),
        (
            "P02,Lung infection,5,2025-03-23,2025-03-27,,,yes,yes,,,,fatal,,crf\n"
            "P02,Sepsis,5,2025-04-02,2025-04-04,,,yes,yes,,,,fatal,,crf",
            "two deaths",
        ),
        (
            "P02,Lung infection,5,2025-03-23,2025-03-27,,,yes,yes,,,,fatal,,crf\n"
            "P02,Nausea,1,2025-04-12,2025-04-13,,,yes,no,,,,,,crf",
            "begins after the death",
        ),
        ("P02,Sepsis,5,2025-03-05,2025-03-09,,,yes,no,,,,fatal,,crf", "infused on 2025-03-17, after the death"),
        ("P02,Sepsis,5,2025-03-25,2025-03-29,,,yes,no,,,,recovered,,crf", "grade 5 is death"),
    ],
)
def test_what_contradicts_itself_is_named_by_the_check(tmp_path: Path, events: str, says: str) -> None:
    found = run("data", "check", "nct07052565", folder(tmp_path, events), "--json")
    assert says in found.output, found.output


def test_counts_alone_hold_the_decision(tmp_path: Path) -> None:
    found, text = next_dose(folder(tmp_path, "", falling("platelets", "12", "150")), "2025-04-24")
    assert outcomes(found)["P01"] == "pending", text
    assert found["decision"]["action"] == "wait"


def test_counts_that_contradict_the_row_of_the_event_are_named(tmp_path: Path) -> None:
    row = "P01,Neutrophil count decreased,4,2025-03-04,2025-03-10,,,yes,no,,,,,,crf"
    found, text = next_dose(folder(tmp_path, row, falling("neutrophils", "0.05", "2")), "2025-04-24")
    assert "grade 4 on day 28" in text
    assert "ended on 2025-03-10" in text
    assert found["decision"]["action"] == "wait"


def test_judgement_covers_the_counts_of_the_event_it_was_given_for(tmp_path: Path) -> None:
    row = "P01,Neutrophil count decreased,4,2025-03-04,2025-04-20,,,yes,no,,,,,,crf"
    found, text = next_dose(folder(tmp_path, row, falling("neutrophils", "0.05", "2")), "2025-04-24")
    assert outcomes(found)["P01"] == "no_dlt", text
    assert "meets DLT-4, judged no DLT" in text


def test_review_of_a_window_settles_it_and_ends_the_remark_about_counts(tmp_path: Path) -> None:
    row = "P01,Nausea,1,2025-03-08,2025-03-09,,no,no,no"
    _, text = next_dose(folder(tmp_path / "a", row), "2025-04-24")
    assert "no platelet count after day 28: P01, P02, P03" in text
    reviews = "".join(
        f"{code},dlt_review,yes,,{day},crf,,\n" for code, day in (("P01", "2025-03-31"), ("P03", "2025-04-21"))
    )
    counts = falling("platelets", "12", "150")
    found, text = next_dose(folder(tmp_path / "b", row, reviews + counts), "2025-04-24")
    assert outcomes(found)["P01"] == "no_dlt", text
    assert "no platelet count after day 28: P02" in text


def test_what_meets_the_definition_and_was_judged_no_is_named(tmp_path: Path) -> None:
    found, text = next_dose(folder(tmp_path, "P02,CRS,3,2025-03-20,2025-03-25,,,yes,no,,,,,,crf"), "2025-04-24")
    assert (found["decision"]["action"], found["decision"]["level"]) == ("treat", 2)
    assert "meets DLT-1b, judged no DLT" in text


@pytest.mark.parametrize(
    ("doses", "events", "cutoff"),
    [
        (DOSES + P04, "P04,CRS,5,2025-04-25,2025-04-27,,,yes,,,,,fatal,,crf", "2025-05-06"),
        (DOSES + P04, "P04,CRS,4,2025-04-25,2025-04-30,,,yes,,,,,,,crf", "2025-05-06"),
        (ALONE, "P01,CRS,5,2025-03-07,2025-03-08,,,yes,,,,,fatal,,crf", "2025-03-17"),
    ],
)
def test_nobody_is_dosed_while_a_possible_dlt_waits(tmp_path: Path, doses: str, events: str, cutoff: str) -> None:
    found, text = next_dose(folder(tmp_path, events, doses=doses), cutoff)
    assert found["decision"]["action"] == "wait", text


def test_judgement_of_evaluability_is_followed_or_contradicted_in_words(tmp_path: Path) -> None:
    doses = DOSES.replace("P02,1,2025-03-17,100000,,", "P02,1,2025-03-17,100000,yes,")
    left = "P02,study_discontinuation,yes,,2025-03-27,crf,,\n"
    found, text = next_dose(folder(tmp_path, "P01,Nausea,1,2025-03-08,2025-03-09", left, doses), "2025-04-22")
    assert "judged evaluable" in text
    assert outcomes(found)["P02"] == "no_dlt"


def test_part_of_a_syndrome_asks_nothing_on_its_own(tmp_path: Path) -> None:
    rows = (
        "P03,CRS,3,2025-04-02,2025-04-07,,,yes,no,,,,,,crf\nP03,Hypotension,3,2025-04-03,2025-04-04,,,yes,,,,CRS,,,crf"
    )
    found, text = next_dose(folder(tmp_path, rows), "2025-04-22")
    assert (found["decision"]["action"], found["decision"]["level"]) == ("treat", 2), text


def report(tmp_path: Path, events: str, cutoff: str) -> str:
    """The report's text, a bar after each cell."""
    data = folder(tmp_path, events)
    said = run("report", "nct07052565", data, "-o", str(tmp_path / "out"), "--cutoff", cutoff, "--only", "full")
    assert said.exit_code == 0, said.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    cells = re.sub(r"</t[dh]>", "|", re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    return html.unescape(re.sub(r"<[^>]+>", "", cells))


INFECTION = "P01,Lung infection,3,2025-03-08,2025-03-12,,yes,yes,no,no,2025-03-09,,,,crf"


@pytest.mark.parametrize(("code", "cutoff"), [("P02", "2025-05-02"), ("P03", "2025-04-12")])
def test_nobody_has_judged_where_nobody_judged(tmp_path: Path, code: str, cutoff: str) -> None:
    text = report(tmp_path, INFECTION, cutoff)
    table = text[text.index("|person|the two|") :]
    row = re.search(rf"^{code}\|.*$", table, re.MULTILINE)
    assert row
    assert row[0].split("|")[10] in ("not decided", "pending")


def test_event_without_a_grade_is_counted_as_such(tmp_path: Path) -> None:
    text = report(tmp_path, f"{INFECTION}\nP03,Sepsis,,2025-04-02,2025-04-05,,,yes,no,,,,fatal,,crf", "2025-05-02")
    assert "grade not recorded|1|1|" in text


@pytest.mark.parametrize(
    ("outcome", "criteria"), [("death", ""), ("", "life-threatening"), ("Died", ""), ("", "Death")]
)
def test_fatal_or_life_threatening_reaction_is_due_in_seven_days(tmp_path: Path, outcome: str, criteria: str) -> None:
    row = f"P01,Lung infection,4,2025-03-08,2025-03-12,,yes,yes,no,no,2025-03-09,,{outcome},,crf,,{criteria}"
    assert "2025-03-16|P01|Lung infection, grade 4|2025-03-09|SUSAR, first report" in report(
        tmp_path, row, "2025-05-02"
    )


def test_lines_of_one_number_are_one_event(tmp_path: Path) -> None:
    rows = (
        "P01,Anemia,2,2025-03-06,2025-03-12,,yes,yes,no,,2025-03-09,,,7,crf\n"
        "P01,Anemia,3,2025-03-12,2025-03-18,,yes,yes,no,,2025-03-13,,,7,crf"
    )
    text = report(tmp_path, rows, "2025-05-02")
    assert "any event|1|1|" in text
    assert "grade 3 or more|1|1|" in text


@pytest.mark.parametrize(("grade", "counted"), [(1, "0|0|"), (2, "1|1|")])
def test_only_what_grew_worse_is_treatment_emergent(tmp_path: Path, grade: int, counted: str) -> None:
    row = f"P01,Headache,{grade},1986,,yes,no,no,no,,,,,,crf,1,"
    assert f"any event|{counted}" in report(tmp_path, row, "2025-05-02")
