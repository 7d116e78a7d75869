"""Every command runs on every study: a basket of four diseases, a BOIN with flat doses, a tablet in mg, two strata in mg/kg."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.web.app import create_app
from tests.casebook.test_every_rule_at_every_door import placeless
from tests.drawn import drawn as drawn_once
from tests.protocol.folders import HERON, LANTERN, STORK

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})
STUDIES = {"nct07052565": "nct07052565", "lantern": str(LANTERN), "heron": str(HERON), "stork": str(STORK)}
GIVEN = {"nct07052565": "CAR-T cells/kg", "lantern": "CAR-T cells", "heron": "mg", "stork": "mg/kg"}


@pytest.fixture(scope="module", params=list(STUDIES))
def drawn(request):
    """A study's name, its folder, and a synthetic trial of it."""
    name = request.param
    return name, STUDIES[name], str(drawn_once(STUDIES[name]))


def outlook(study: str) -> list[str]:
    """One stratum is asked where each has its own."""
    return ["--stratum", "DM"] if study == "stork" else []


COMMANDS = [
    "study lint {study}", "study show {study}", "study show {study} --json",
    "screen {study} {data}", "screen {study} {data} --json",
    "dose next {study} {data}", "dose next {study} {data} --json", "dose product {study} --level 1 --weight 70kg",
    "data check {study} {data}", "data dictionary {study}", "explain {data} P01 dlt --study {study}",
    "explain {data} P01 eligibility --study {study}", "feasibility {study} {data}",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_on_a_study(drawn, command):
    _, study, data = drawn
    found = RUN.invoke(app, command.format(study=study, data=data).split())
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code in (0, 1), found.output
    assert found.stdout
    if command.endswith("--json"):
        assert json.loads(found.stdout[: found.stdout.rindex("}") + 1])


def test_the_outlook_and_the_trace_answer_on_a_study(drawn):
    name, study, data = drawn
    found = RUN.invoke(app, ["dose", "outlook", study, data, *outlook(name)])
    assert found.exit_code in (0, 1), found.output
    traced = RUN.invoke(app, ["study", "trace", study])
    assert traced.exit_code == 0, traced.output


def test_data_explained_under_another_study_are_named_as_such(drawn):
    name, _, data = drawn
    found = RUN.invoke(app, ["explain", data, "P01", "eligibility"])
    assert ("add --study" in found.stderr) == (name != "nct07052565")
    assert (found.exit_code == 2) == (name != "nct07052565")


def test_the_export_is_the_same_trial_again(drawn, tmp_path):
    _, study, data = drawn
    assert RUN.invoke(app, ["export", "csv", study, data, "-o", str(tmp_path)]).exit_code == 0
    for table in ("doses", "adverse_events", "samples", "treatments"):
        before = Path(data) / f"{table}.csv"
        if before.exists():
            assert (tmp_path / f"{table}.csv").read_bytes() == before.read_bytes()


def test_a_casebook_of_strata_tells_what_their_data_told(tmp_path, monkeypatch):
    """Taken over, read, asked and verified."""
    study, data = str(STORK), str(drawn_once(str(STORK)))
    book, secret = str(tmp_path / "book"), "correct horse battery"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*line: str, first: str = secret, new: str = secret) -> str:
        monkeypatch.setenv("ESCALON_PASSWORD", first)
        monkeypatch.setenv("ESCALON_NEW_PASSWORD", new)
        found = RUN.invoke(app, line)
        assert found.exit_code in (0, 1), found.output
        return found.stdout

    run("casebook", "init", book, study, "--administrator", "ada", "--name", "Ada Min")
    run(
        "user",
        "add",
        book,
        "ines",
        "--name",
        "Ines Vega",
        "--role",
        "investigator@S1",
        "--as",
        "ada",
        new="a secret for one day",
    )
    run("user", "password", book, "ines", first="a secret for one day")
    assert "0 in conflict + 0 refused" in run(
        "casebook", "import", book, data, "--participants-of", "S1", "--as", "ines", "--record"
    )
    doses, people = [], []
    for one in (data, book):
        told = json.loads(run("dose", "next", study, one, "--as", "ines", "--json"))
        doses.append(
            placeless(
                {name: told.get(name) for name in ("headline", "conduct", "participants", "dlt_by_disease", "strata")}
            )
        )
        told = json.loads(run("screen", study, one, "--as", "ines", "--json"))
        people.append([(each["participant"], each["verdict"]) for each in told["participants"]])
    assert doses[0] == doses[1]
    assert people[0] == people[1]
    assert "held" in run("casebook", "status", book, "--as", "ines")
    assert "Whole" in run("verify", book, "--conduct")


@pytest.mark.slow
def test_the_report_speaks_in_the_study_s_own_unit(drawn, tmp_path):
    name, study, data = drawn
    found = RUN.invoke(app, ["report", study, data, "-o", str(tmp_path)])
    assert found.exit_code == 0, found.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert GIVEN[name] in page
    if name != "nct07052565":
        assert "cells/kg" not in page
        assert "NCT07052565" not in page


def test_the_pages_answer_on_a_study(drawn):
    from fastapi.testclient import TestClient

    _, study, data = drawn
    client = TestClient(create_app(study, Path(data)), base_url="http://127.0.0.1:8000")
    for page in ("/", "/study", "/participants"):
        assert client.get(page).status_code in (200, 404), page
    assert client.get("/").status_code == 200


def test_of_tablets_json_speaks_of_no_infusion_and_keeps_the_names_of_its_fields(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    days = {"P01": "2026-01-05", "P02": "2026-01-06", "P03": "2026-01-07"}
    rows = [f"{code},1,{day},25,mg" for code, day in days.items()]
    (data / "doses.csv").write_text(
        "\n".join(["participant,level,date,amount,unit", *rows, "P01,1,2026-03-09,25,mg", ""])
    )
    (data / "adverse_events.csv").write_text("participant,term,grade,start,dlt\n")
    (data / "facts.csv").write_text("participant,fact,value,unit,date\n")
    for command in ("next", "outlook"):
        answer = RUN.invoke(app, ["dose", command, str(HERON), str(data), "--cutoff", "2026-03-10", "--json"])
        found = json.loads(answer.stdout)
        assert "infus" not in str(list(texts(found))), answer.stdout
        if command == "next":
            assert "P01 was treated again on 2026-03-09" in answer.stdout
            assert {one["infused"] for one in found["participants"]} == set(days.values())


def texts(thing):
    """Every text of an answer, the names of its fields left out."""
    for one in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from [one] if isinstance(one, str) else texts(one)


@pytest.mark.parametrize("study", [str(LANTERN), str(HERON), str(STORK)], ids=["lantern", "heron", "stork"])
def test_a_synthetic_hospital_of_the_study_answers_its_clauses(study, tmp_path):
    folder = str(tmp_path / "hospital")
    made = RUN.invoke(app, ["simulate", "warehouse", study, "--persons", "300", "-o", folder])
    assert made.exit_code == 0, made.output
    asked = ["feasibility", study, "--warehouse", folder, "--index-date", "2026-11-01", "--smallest", "1", "--json"]
    found = json.loads(RUN.invoke(app, asked).stdout)
    assert found["synthetic"]
    assert found["people"] == 300
    assert [note for note in found["notes"] if "are not used" in note] == []
    assert sum(one["not_met"] + one["unknown"] < 300 for one in found["clauses"]) >= len(found["clauses"]) / 3
