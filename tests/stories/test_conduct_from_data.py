"""From a history to the next decision, through the command line: data and notation say the same, and nothing falls out unseen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from escalon.conduct.judge.dosing import decide_next_dose
from escalon.protocol import load_study
from tests.protocol.folders import changed
from tests.stories.test_what_limits_the_dose import ALONE, DOSES, P04, folder, next_dose, run

NO_EVENTS = ""
NCT = Path(__file__).parents[2] / "src" / "escalon" / "studies" / "nct07052565"
DOSE_FILE = NCT / "dose.toml"
LEVEL_2 = f"{P04}P05,2,2025-05-06,300000,,crf\nP06,2,2025-05-13,300000,,crf\n"
LEVEL_3 = "P07,3,2025-06-11,600000,,crf\nP08,3,2025-06-25,600000,,crf\nP09,3,2025-07-02,600000,,crf\n"


def really(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with its own exit code."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-c", "from escalon.cli.main import run; run()", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def decision(found: dict[str, Any]) -> tuple[str, int | None]:
    return found["decision"]["action"], found["decision"].get("level")


@pytest.mark.parametrize(
    ("doses", "events", "cutoff", "level", "notation", "named"),
    [
        (
            DOSES + LEVEL_2, "P01,CRS,4,2025-03-06,2025-03-09,,,yes,yes,,,,,,crf", "2025-06-11", 1, "1TNN 2NNN",
            "cohort 2 (2NNN): the rule said treat 3 at level 1",
        ),
        (
            DOSES + P04 + "P05,3,2025-05-21,600000,,crf\nP06,3,2025-06-04,600000,,crf\nP07,3,2025-06-11,600000,,crf\n",
            NO_EVENTS, "2025-07-10", 2, "1NNN 2N 3NNN", "cohort 3 (3NNN): the rule said treat 2 at level 2",
        ),
        (
            DOSES + "P04,3,2025-04-22,600000,,crf\nP05,3,2025-05-06,600000,,crf\nP06,3,2025-05-13,600000,,crf\n",
            NO_EVENTS, "2025-06-11", 2, "1NNN 3NNN", "cohort 2 (3NNN): the rule said treat 3 at level 2",
        ),
        (
            DOSES + LEVEL_2 + LEVEL_3, "P06,CRS,4,2025-05-16,2025-05-19,,,yes,yes,,,,,,crf", "2025-07-31", 2,
            "1NNN 2NNT 3NNN", "cohort 3 (3NNN): the rule said treat 3 at level 2",
        ),
    ],
)  # fmt: skip
def test_every_level_below_is_looked_at_again_from_data_as_from_the_notation(
    tmp_path: Path, doses: str, events: str, cutoff: str, level: int, notation: str, named: str
) -> None:
    found, text = next_dose(folder(tmp_path, events, doses=doses), cutoff)
    assert decision(found) == ("treat", level), text
    assert found["conduct"] == notation
    assert any(named in note for note in found["decision"]["notes"]), text
    assert any(one["rule"] == "rule" for one in found["departures"]), text
    written = json.loads(run("dose", "next", notation, "--json").stdout)
    assert decision(written) == ("treat", level)
    assert written["decision"]["reason"] == found["decision"]["reason"]
    assert written["departures"] == [str(one) for one in _words(found)]


def _words(found: dict[str, Any]) -> list[str]:
    departures = found["decision"]["departures"]
    return [f"cohort {one['cohort']} ({one['done']}): the rule said {one['said']}" for one in departures]


def test_broken_sentinel_and_stagger_are_named_by_every_command_that_reads_the_history(tmp_path: Path) -> None:
    same_day = f"{ALONE}P02,1,2025-03-03,100000,,crf\nP03,1,2025-03-03,100000,,crf\n"
    data = folder(tmp_path, NO_EVENTS, doses=same_day)
    found, _ = next_dose(data, "2025-04-01")
    broken = [one["participant"] for one in found["departures"] if "watched for 14 days" in one["says"]]
    assert broken == ["P02", "P03"]
    checked = json.loads(run("data", "check", "nct07052565", data, "--json").stdout)
    assert checked["departures"] == found["departures"]
    assert "watched for 14 days" in run("data", "check", "nct07052565", data).stdout
    assert "departure: P02 on 2025-03-03, P03 on 2025-03-03: infused at level 1" in run(
        "dose", "next", "nct07052565", data, "--cutoff", "2025-04-01"
    ).stdout.replace("\n", " ")
    page = report(data, tmp_path / "out", "2025-04-01")
    assert "watched for 14 days" in page


def test_what_a_record_never_says_is_one_departure_and_a_clean_history_has_no_other(tmp_path: Path) -> None:
    found, _ = next_dose(folder(tmp_path, NO_EVENTS), "2025-04-22")
    assert [(one["participant"], one["rule"]) for one in found["departures"]] == [
        ("everybody infused", "consent"), ("everybody infused", "eligibility"),
    ]  # fmt: skip


def report(data: str, out: Path, cutoff: str) -> str:
    said = run("report", "nct07052565", data, "-o", str(out), "--cutoff", cutoff, "--only", "full")
    assert said.exit_code == 0, said.output
    return (out / "report.html").read_text(encoding="utf-8")


def test_tolerated_top_level_is_no_mtd_from_notation_as_from_data(tmp_path: Path) -> None:
    found, _ = next_dose(folder(tmp_path, NO_EVENTS, doses=DOSES + LEVEL_2 + LEVEL_3), "2025-07-31")
    written = really("dose", "next", "1NNN 2NNN 3NNN", "--json")
    told = json.loads(written.stdout)
    assert written.returncode == 1
    for one in (found, told):
        assert (one["decision"]["mtd"], one["decision"]["reached"]) == (3, False)
        assert one["headline"] == "stop: the top level, 3, was tolerated; the MTD was not reached"


def test_stop_is_exit_code_1_and_no_history_is_asked_for() -> None:
    assert really("dose", "next", "1TTT").returncode == 1
    nothing = really("dose", "next")
    assert nothing.returncode == 2
    assert "Write its cohorts so far" in nothing.stderr


def test_rule_beyond_six_and_a_lacking_or_working_safety_stop_are_said() -> None:
    nine = run("dose", "next", "1NNN 2NTT 1NNT 1NNT", "--overridden").output
    assert "2 of 9 had a DLT at level 1" in nine
    assert "no published 3+3 has a limit beyond 6" in nine
    crm = "crm target=0.25 skeleton=0.05/0.15/0.30 size=18"
    toxic = run("dose", "next", "1TTT 1TTT 1TTT 1TTT", "-d", f"{crm} no_skipping=yes", "--json")
    assert json.loads(toxic.stdout)["decision"]["action"] == "stop"
    assert run("dose", "next", "1NNN 2NTT", "-d", f"{crm} coherent=yes", "--json").exit_code == 0
    rolling = json.loads(run("dose", "next", "1NNP", "-d", "rolling-six window=28", "--json").stdout)
    assert decision(rolling) == ("treat", 1)


def test_what_lies_after_the_cut_off_is_named_and_leaves_the_report_as_it_is(tmp_path: Path) -> None:
    late = "P02,CRS,4,2025-12-03,,,,yes,yes,,,,,,crf"
    data, plain = folder(tmp_path / "late", late), folder(tmp_path / "plain", NO_EVENTS)
    found, _ = next_dose(data, "2025-05-12")
    assert [(one["participant"], one["day"], one["place"]) for one in found["later"]] == [
        ("P02", "2025-12-03", "adverse_events.csv:2")
    ]
    assert "judged a DLT" in found["later"][0]["what"]
    assert next_dose(plain, "2025-05-12")[0]["later"] == []
    for command in (("dose", "next"), ("screen",)):
        said = run(*command, "nct07052565", data, "--cutoff", "2025-05-12").output
        assert "1 entry lies after the cut-off 2025-05-12" in said.replace("\n", " ")
    out = ("-o", str(tmp_path / "out"), "--only", "full")
    told = run("report", "nct07052565", data, *out, "--cutoff", "2025-05-12").output
    assert "CRS, grade 4, from 2025-12-03, judged a DLT" in told
    assert "2025-12-03" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_outlook_obeys_the_clocks_and_the_doubts(tmp_path: Path) -> None:
    alone = folder(tmp_path / "alone", NO_EVENTS, doses=ALONE)
    said = run("dose", "outlook", "nct07052565", alone, "--cutoff", "2025-03-08", "--steps", "1").output
    assert "wait until 2025-03-17" in said
    died = folder(
        tmp_path / "died", "P04,CRS,5,2025-04-25,2025-04-27,,,yes,,,,,fatal,,crf", doses=DOSES + P04
    )  # fmt: skip
    told = json.loads(
        run("dose", "outlook", "nct07052565", died, "--cutoff", "2025-05-06", "--steps", "1", "--json").stdout
    )
    assert "P04: CRS, grade 5" in json.dumps(told)
    now = told.get("now") or told.get("tree") or told.get("root")
    assert now["decision"]["action"] == "wait"


def test_two_bags_on_two_days_are_one_dose_and_a_retreatment_stops_nothing(tmp_path: Path) -> None:
    rest = DOSES.split("\n", 1)[1]
    bags = f"P01,1,2025-03-03,50000,,crf\nP01,1,2025-03-04,50000,,crf\n{rest}"
    found, text = next_dose(folder(tmp_path / "bags", NO_EVENTS, doses=bags), "2025-04-22")
    assert (decision(found), found["conduct"]) == (("treat", 2), "1NNN"), text
    assert not any(one["deviation"] for one in found["participants"])
    assert [one["rule"] for one in found["departures"] if one["rule"] == "once"] == []
    again = f"{DOSES}P01,1,2025-07-01,100000,,crf\n"
    found, text = next_dose(folder(tmp_path / "again", NO_EVENTS, doses=again), "2025-08-22")
    assert (decision(found), found["conduct"]) == (("treat", 2), "1NNN"), text
    assert [one["participant"] for one in found["departures"] if one["rule"] == "once"] == ["P01"]


def test_doses_off_the_level_deaths_and_dlts_by_disease_stand_where_it_is_decided(tmp_path: Path) -> None:
    low = f"{DOSES}{P04}P05,2,2025-05-06,100000,,crf\nP06,2,2025-05-13,100000,,crf\n"
    found, _ = next_dose(folder(tmp_path / "low", NO_EVENTS, doses=low), "2025-06-11")
    assert decision(found) == ("treat", 2)
    assert "P05 does not count at level 2: -66.7 % from level 2, outside ±20 %" in found["decision"]["notes"]
    toxic = folder(tmp_path / "toxic", "P01,CRS,4,2025-03-06,2025-03-11,,,yes,yes,,,,,,crf")
    found, _ = next_dose(toxic, "2025-04-22")
    assert found["dlt_by_disease"] == {"SLE": {"dlt": 1, "evaluable": 3}}
    page = report(toxic, tmp_path / "out", "2025-04-22")
    assert "DLTs by disease, of those evaluable: SLE 1 of 3" in page
    died = folder(tmp_path / "died", "P02,CRS,5,2025-04-21,2025-04-24,,,yes,no,,,,fatal,,crf")
    found, _ = next_dose(died, "2025-05-12")
    assert [one["participant"] for one in found["participants"] if one["died"]] == ["P02"]
    assert "died on 2025-04-24" in report(died, tmp_path / "out2", "2025-05-12")


@pytest.mark.parametrize(("doses", "cutoff"), [(DOSES, "2025-05-02"), (ALONE, "2025-03-04"), (ALONE, "2025-03-03")])
def test_report_of_a_trial_without_an_event_is_a_page(tmp_path: Path, doses: str, cutoff: str) -> None:
    page = report(folder(tmp_path, NO_EVENTS, doses=doses), tmp_path / "out", cutoff)
    assert page.rstrip().endswith("</html>")
    assert "P01" in page


@pytest.mark.parametrize(
    ("cutoff", "outcome", "open_"),
    [("2025-04-20", "pending", True), ("2025-04-21", "pending", True), ("2025-04-22", "no_dlt", False)],
)
def test_window_is_one_sentence_on_days_27_28_and_29_at_each_door(
    tmp_path: Path, cutoff: str, outcome: str, open_: bool
) -> None:
    sentence = "28 days; its last day is 2025-04-21; dosing from 2025-04-22"
    data = folder(tmp_path, NO_EVENTS)
    found, text = next_dose(data, cutoff)
    third = next(one for one in found["participants"] if one["participant"] == "P03")
    assert (third["outcome"], third["window"]) == (outcome, sentence), text
    assert (found["decision"]["action"] == "wait") is open_
    assert found["decision"]["until"] == ("2025-04-22" if open_ else None)
    said = run("dose", "next", "nct07052565", data, "--cutoff", cutoff).output
    assert (f"window of P03: {sentence}" in said) is open_
    told = run("explain", data, "P03", "dlt", "--cutoff", cutoff, "--json").stdout
    assert f"DLT window: {sentence}" in told


def study_with(tmp_path: Path, old: str, new: str) -> str:
    return str(changed(tmp_path, "dose.toml", re.search(old, DOSE_FILE.read_text(encoding="utf-8"))[0], new, NCT))  # type: ignore[index]


@pytest.mark.parametrize(
    ("stopping", "events", "action"),
    [
        ('["a death"]', "P02,Sepsis,5,2025-04-21,2025-04-24,,,yes,no,,,,fatal,,crf", "stop"),
        ('["2 deaths"]', "P02,Sepsis,5,2025-04-21,2025-04-24,,,yes,no,,,,fatal,,crf", "treat"),
        ('["total DLTs >= 1"]', "P01,CRS,4,2025-03-06,2025-03-09,,,yes,yes,,,,,,crf", "stop"),
        ('"silent"', NO_EVENTS, "wait"),
    ],
)
def test_stopping_rules_hold_and_silence_lets_nobody_be_dosed(
    tmp_path: Path, stopping: str, events: str, action: str
) -> None:
    study = study_with(tmp_path, r"stopping +=.*", f"stopping = {stopping}")
    data = folder(tmp_path / "data", events)
    said = run("dose", "next", study, data, "--cutoff", "2025-05-12", "--json")
    found = json.loads(said.stdout)
    assert found["decision"]["action"] == action, said.output
    if stopping == '"silent"':
        assert "the protocol is silent on stopping" in found["decision"]["reason"]


def test_without_a_definition_every_severe_event_asks_and_nothing_crashes() -> None:
    from tests.conduct.test_dosing import THREE, day, dlt, trial

    study = load_study("nct07052565").model_copy(update={"dlt": None})
    calm = decide_next_dose(study, trial(*THREE), day(60))
    assert (calm.decision.action, calm.decision.level) == ("treat", 2)
    asked = decide_next_dose(study, trial(*THREE, events=(dlt("P01", 10, decided=None, grade=3),)), day(60))
    assert asked.decision.action == "wait"
    assert "P01" in asked.decision.reason
