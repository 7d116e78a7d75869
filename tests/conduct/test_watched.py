"""What must not happen during the study: found, dated, explained; and what nobody recorded is unknown, never absent."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.conduct.judge.waiting import waiting
from escalon.conduct.judge.watched import Watching, all_departures, watched
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.protocol.skeleton import write_skeleton
from escalon.sources.folder import take_in
from tests.protocol.folders import changed, refusal

RUN = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
TODAY = Day.of(date(2026, 9, 1))
WATCHED = """
[fact.vaccination]
label  = "vaccination with a live vaccine"
kind   = "event"
settle = "vaccination record"

[fact.rituximab]
label  = "rituximab"
kind   = "treatment"
settle = "medication history"

[[watched]]
id    = "W-1"
title = "Pregnancy within half a year"
rule  = "pregnant after infusion"
until = "6 months"

[[watched]]
id    = "W-2"
rule  = "any recorded vaccination after infusion"
until = "60 days"

[[watched]]
id    = "W-3"
rule  = "any rituximab after consent"
since = "consent"
"""
FACTS = """participant,fact,value,unit,date,visit
P1,disease,EX,,2026-02-01,
P1,informed_consent,2026-02-01,,2026-02-01,
P1,screening_visit,2026-02-10,,2026-02-10,screening
P1,car_t_infusion,2026-03-10,,2026-03-10,
P1,pregnant,no,,2026-02-10,screening
P1,rituximab,no,,2026-02-10,screening
"""
DOSES = "participant,level,date,amount,unit\nP1,1,2026-03-10,1e5,cells/kg\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_skeleton(tmp_path / "st")
    path = tmp_path / "st" / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + WATCHED, encoding="utf-8")
    return tmp_path / "st"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "facts.csv").write_text(FACTS, encoding="utf-8")
    (folder / "doses.csv").write_text(DOSES, encoding="utf-8")
    return folder


def stands(study: Path, data: Path, *rows: str, treatments: str = "") -> dict[str, tuple[Watching, str]]:
    """How each clause stands for P1, with further rows of facts."""
    (data / "facts.csv").write_text(FACTS + "".join(f"{one}\n" for one in rows), encoding="utf-8")
    if treatments:
        head = "participant,treatment,start,end,ongoing\n"
        (data / "treatments.csv").write_text(f"{head}{treatments}\n", encoding="utf-8")
    protocol = load_study(study)
    found = watched(protocol, take_in(protocol, data).trial, "P1", TODAY)
    return {one.clause.id: (one.state, str(one.day or "")) for one in found}


@pytest.mark.parametrize(
    ("rows", "id", "state", "day"),
    [
        ([], "W-1", Watching.UNKNOWN, ""),  # «no» at screening says nothing of the time after
        (["P1,pregnant,no,,2026-04-07,D28"], "W-1", Watching.UNKNOWN, "2026-04-07"),
        (["P1,pregnant,yes,,2026-05-02,"], "W-1", Watching.BROKEN, "2026-05-02"),
        (["P1,pregnant,yes,,2026-05-02,", "P1,pregnant,no,,2026-08-01,"], "W-1", Watching.BROKEN, "2026-05-02"),
        (
            ["P1,pregnant,yes,,2026-09-01,"],
            "W-1",
            Watching.BROKEN,
            "2026-09-01",
        ),  # within six months, to the day 2026-09-10
        (["P1,pregnant,,,2026-05-02,"], "W-1", Watching.UNKNOWN, ""),
        ([], "W-2", Watching.ABSENT, "2026-05-09"),  # asked of nobody: silence is no
        (["P1,vaccination,yes,,2026-04-01,"], "W-2", Watching.BROKEN, "2026-04-01"),
        (["P1,vaccination,yes,,2026-05-09,"], "W-2", Watching.BROKEN, "2026-05-09"),
        (["P1,vaccination,yes,,2026-05-10,"], "W-2", Watching.ABSENT, "2026-05-09"),  # watched for sixty days
        (["P1,vaccination,yes,,2026-03-01,"], "W-2", Watching.ABSENT, "2026-05-09"),  # before the infusion
        (["P1,vaccination,yes,,2026-05,"], "W-2", Watching.UNKNOWN, ""),  # may have been the tenth or later
        ([], "W-3", Watching.UNKNOWN, "2026-02-10"),
        (["P1,study_discontinuation,yes,,2026-04-01,", "P1,pregnant,yes,,2026-05-02,"], "W-1", Watching.UNKNOWN, ""),
    ],
)
def test_a_watched_clause_stands_as_it_was_recorded(study, data, rows, id, state, day) -> None:
    assert stands(study, data, *rows)[id] == (state, day)


@pytest.mark.parametrize(
    ("row", "state", "day"),
    [
        ("P1,rituximab,2026-06-01,2026-06-01,", Watching.BROKEN, "2026-06-01"),
        ("P1,rituximab,2025-12-01,,yes", Watching.BROKEN, "2026-02-01"),  # goes on since before
        ("P1,rituximab,2025-01-01,2025-06-01,", Watching.UNKNOWN, "2026-02-10"),
    ],
)
def test_a_drug_is_a_departure_from_its_first_day_in_the_study(study, data, row, state, day) -> None:
    assert stands(study, data, treatments=row)["W-3"] == (state, day)


def test_a_departure_is_said_at_every_door(study, data, tmp_path) -> None:
    stands(study, data, "P1,pregnant,yes,,2026-05-02,D28")
    protocol = load_study(study)
    trial = take_in(protocol, data).trial
    assert [one.rule for one in all_departures(protocol, trial, TODAY) if one.rule.startswith("W-")] == ["W-1"]
    waits = [one for one in waiting(protocol, trial, date(2026, 9, 1)) if one.act == "QueryRaised"]
    assert [(one.participant, one.urgency.value) for one in waits] == [("P1", "cannot wait")]
    said = RUN.invoke(app, ["explain", str(data), "P1", "W-1", "--study", str(study)]).stdout
    assert "W-1 for P1: departure on 2026-05-02: Pregnancy within half a year" in said
    assert "facts.csv:8" in said
    checked = RUN.invoke(app, ["data", "check", str(study), str(data), "--json"]).stdout
    assert any(one["rule"] == "W-1" for one in json.loads(checked)["departures"])
    told = RUN.invoke(app, ["dose", "next", str(study), str(data), "--cutoff", "2026-06-01"]).stdout
    assert "P1 on 2026-05-02: Pregnancy within half a year" in told
    out = tmp_path / "out"
    made = RUN.invoke(
        app, ["report", str(study), str(data), "-o", str(out), "--cutoff", "2026-06-01", "--only", "full"]
    )
    assert made.exit_code == 0, made.output
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "What must not happen during the study" in page
    assert "Pregnancy within half a year" in page


def test_before_the_cut_off_nothing_happened_yet(study, data) -> None:
    stands(study, data, "P1,pregnant,yes,,2026-05-02,")
    protocol = load_study(study)
    found = watched(protocol, take_in(protocol, data).trial, "P1", Day.of(date(2026, 4, 1)))
    assert {one.clause.id: one.state for one in found}["W-1"] is Watching.UNKNOWN
    assert [
        one.clause.id for one in watched(protocol, take_in(protocol, data).trial, "P1", Day.of(date(2026, 2, 20)))
    ] == ["W-3"]


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ('until = "60 days"', 'until = "sixty"', "is not a duration"),
        ("vaccination after infusion", "vaccination after birth", "there is no [anchor.birth]"),
        ('since = "consent"', 'since = "birth"', "is not one of 'consent', 'conditioning' or 'infusion'"),
        ('"W-2"', '"W-1"', "is already taken"),
        ("pregnant after", "pregnant afterr", "Did you mean after"),
    ],
)
def test_what_is_watched_is_read_as_every_clause(study, tmp_path, old, new, refused) -> None:
    assert refused in str(refusal(changed(tmp_path / "x", "study.toml", old, new, study)))


@pytest.mark.parametrize(
    ("rows", "state", "why", "named"),
    [
        ((), Watching.UNKNOWN, "whether it is watched of P1 is not known", False),
        (
            ("P1,pregnant,yes,,2026-06-03,",),
            Watching.UNKNOWN,
            "pregnant yes on 2026-06-03; whether it is watched of P1 is not known",
            True,
        ),
        (("P1,pregnant,yes,,2026-06-03,", "P1,sex,female,,2026-02-01,"), Watching.BROKEN, "pregnant yes", True),
    ],
)
def test_what_happened_is_named_where_nobody_recorded_whether_the_clause_is_for_them(
    study: Path, data: Path, rows: tuple[str, ...], state: Watching, why: str, named: bool
) -> None:
    path = study / "study.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('id    = "W-1"', 'id    = "W-1"\napplies = "sex is female"'), encoding="utf-8")
    stands(study, data, *rows)
    protocol = load_study(study)
    trial = take_in(protocol, data).trial
    found = next(one for one in watched(protocol, trial, "P1", TODAY) if one.clause.id == "W-1")
    assert (found.state, why in found.why) == (state, True), found.why
    said = [one for one in all_departures(protocol, trial, TODAY) if one.rule == "W-1"]
    assert bool(said) is named
    assert not named or why in said[0].says
