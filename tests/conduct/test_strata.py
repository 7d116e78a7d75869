"""Strata escalate by themselves: what happens in one changes nothing in another; each answers as a trial of its own."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.permit import holds
from escalon.conduct.permit.holds import dosing_holds, recommended
from escalon.escalation import Stop, Treat, Wait
from escalon.facts import Day
from escalon.protocol import StudyError, load_study
from escalon.sources.folder import take_in
from tests.drawn import copy_of, drawn
from tests.protocol.folders import STORK, changed

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})


@pytest.fixture(scope="module")
def study():
    return load_study(STORK)


@pytest.fixture(scope="module")
def trial(study):
    return take_in(study, drawn(STORK)).trial


def test_each_stratum_is_decided_as_a_trial_of_its_own(study, trial):
    day = Day(2025, 5, 20)
    found = decide_next_dose(study, trial, day)
    assert [name for name, _ in found.strata] == ["DM", "IMNM"]
    for name, one in found.strata:
        codes = {review.participant for review in one.reviews}
        assert {review.disease for review in one.reviews} == {name}
        alone = trial.only(lambda entry, codes=codes: entry.participant in (None, *codes), None)
        assert dict(decide_next_dose(study, alone, day).strata)[name].decision == one.decision
    assert isinstance(found.decision, Wait), "as one answer nobody may be dosed by it"


def test_a_toxicity_in_one_stratum_changes_nothing_in_the_other(study, trial):
    day = Day(2025, 5, 20)
    first = dict(decide_next_dose(study, trial, day).strata)
    limited = {one.participant for one in first["IMNM"].reviews if one.outcome.name == "DLT"}
    assert limited
    without = trial.only(lambda entry: entry.participant not in limited, None)
    again = dict(decide_next_dose(study, without, day).strata)
    assert again["DM"].decision == first["DM"].decision
    assert again["IMNM"].decision != first["IMNM"].decision


@pytest.mark.parametrize("day", [Day(2025, 5, 20), Day(2026, 6, 30)])
def test_what_holds_dosing_is_said_of_each_stratum_and_never_of_all_counted_together(study, trial, day):
    found = decide_next_dose(study, trial, day)
    held = {
        (one.says.partition(": ")[0], one.about)
        for one in dosing_holds(study, trial, day.earliest)
        if one.rule == "rule"
    }
    assert held == {
        (name, f"level {level.number} of {name}")
        for name, one in found.strata
        for level in study.dose.levels
        if not (isinstance(one.decision, Treat) and one.decision.level == level.number)
    }
    assert type(recommended(study, trial, day.earliest)) is type(found.decision)


def test_the_cap_is_of_each_stratum_and_nobody_departs(study, trial):
    found = decide_next_dose(study, trial, Day(2026, 6, 30))
    assert [len(one.reviews) for _, one in found.strata] == [24, 24]
    assert isinstance(found.decision, Stop)
    assert study.most == 48
    assert departures(study, trial) == []


def test_the_commands_answer_for_one_stratum_or_for_each():
    data = str(drawn(STORK))
    both = RUN.invoke(app, ["dose", "next", str(STORK), data])
    assert "DM: so far" in both.output
    assert "IMNM: so far" in both.output
    one = RUN.invoke(app, ["dose", "outlook", str(STORK), data, "--stratum", "DM"])
    assert one.exit_code == 0, one.output
    assert isinstance(RUN.invoke(app, ["dose", "outlook", str(STORK), data]).exception, ValueError)
    assert isinstance(RUN.invoke(app, ["dose", "next", str(STORK), data, "--stratum", "RA"]).exception, ValueError)


def test_somebody_dosed_of_no_recorded_stratum_holds_every_stratum(study, tmp_path):
    data = copy_of(drawn(STORK), tmp_path / "data")
    facts = (data / "facts.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (data / "facts.csv").write_text(
        "".join(one for one in facts if not one.startswith("P01,disease,")), encoding="utf-8"
    )
    trial = take_in(study, data).trial
    found = decide_next_dose(study, trial, Day(2025, 5, 20))
    assert [name for name, _ in found.strata] == ["DM", "IMNM", "stratum not recorded"]
    for _, one in found.strata:
        assert one.decision.action == "wait"
        assert one.decision.reason == "the stratum of P01 is not recorded, so they count in none; record it"
    first, *others = sorted(trial.infused(), key=lambda one: one.infused.earliest)
    assert first.code == "P01"
    named = {one.participant for one in departures(study, trial) if one.rule == "rule"}
    assert named == {one.code for one in others}


def test_somebody_screened_of_no_recorded_stratum_holds_nobody(study, trial, tmp_path):
    data = copy_of(drawn(STORK), tmp_path / "data")
    with (data / "facts.csv").open("a", encoding="utf-8") as file:
        file.write("P99,age,40" + "," * ((data / "facts.csv").read_text().partition("\n")[0].count(",") - 2) + "\n")
    before = decide_next_dose(study, trial, Day(2025, 5, 20))
    after = decide_next_dose(study, take_in(study, data).trial, Day(2025, 5, 20))
    assert [(name, one.decision) for name, one in after.strata] == [(name, one.decision) for name, one in before.strata]


def test_strata_of_a_fact_without_choices_are_refused(tmp_path: Path):
    with pytest.raises(StudyError, match=r"age is no fact with choices.*(Known: |Did you mean disease)"):
        load_study(changed(tmp_path, "study.toml", 'strata = "disease"', 'strata = "age"', STORK))


def test_a_casebook_keeps_strata_and_a_decision_names_its_own(tmp_path: Path, monkeypatch):
    book = str(tmp_path / "book")

    def run(*line: str, exit_code: int = 0) -> str:
        is_first, chosen = line[:2] in [("user", "add"), ("user", "password")], "correct horse battery"
        monkeypatch.setenv("ESCALON_PASSWORD", "first of all secrets" if line[1] == "password" else chosen)
        monkeypatch.setenv("ESCALON_NEW_PASSWORD", "first of all secrets" if is_first and line[1] == "add" else chosen)
        ran = RUN.invoke(app, line)
        assert ran.exit_code == exit_code, ran.output
        return " ".join(ran.output.split())

    run("casebook", "init", book, str(STORK), "--administrator", "ada", "--name", "Ada Min")
    run("user", "add", book, "stan", "--role", "statistician@*", "--as", "ada", "--name", "Stan Ray")
    run("user", "password", book, "stan")
    propose = ("casebook", "propose", book, "decision", "--as", "stan")
    assert "name one of DM, IMNM" in run(*propose, exit_code=1)
    assert "there is no stratum 'RA'. There are: DM, IMNM" in run(*propose, "--stratum", "RA", exit_code=1)
    assert "decision proposed: treat level 1 of IMNM" in run(*propose, "--stratum", "IMNM")
    assert "treat level 1 of IMNM: 0 of 2 signatures" in run("casebook", "status", book, "--as", "stan")
    assert "Whole: 11 entries" in run("verify", book, "--conduct")


def test_an_event_in_one_stratum_says_that_the_table_is_kept_for_every_one(study, tmp_path: Path):
    facts = "participant,fact,value,date\nP1,disease,DM,2025-03-01\nP2,disease,IMNM,2025-03-01\n"
    amount = study.dose.levels[0].amount
    dose = f"1,2025-03-03,{float(amount.value)},{amount.unit}"
    (tmp_path / "facts.csv").write_text(facts, encoding="utf-8")
    (tmp_path / "doses.csv").write_text(f"participant,level,date,amount,unit\nP1,{dose}\nP2,{dose}\n", encoding="utf-8")
    events = "participant,term,grade,start,end\nP1,Nausea,1,2025-03-05,2025-03-06\n"
    (tmp_path / "adverse_events.csv").write_text(events, encoding="utf-8")
    found = dict(decide_next_dose(study, take_in(study, tmp_path).trial, Day(2025, 9, 1)).strata)
    assert [str(found[name].conduct) for name in ("DM", "IMNM")] == ["1N", "1N"]
    (tmp_path / "adverse_events.csv").unlink()
    found = dict(decide_next_dose(study, take_in(study, tmp_path).trial, Day(2025, 9, 1)).strata)
    assert [str(found[name].conduct) for name in ("DM", "IMNM")] == ["1P", "1P"]


def test_a_hold_of_one_stratum_is_not_made_good_by_one_of_another(study, trial, monkeypatch):
    day = Day(2025, 5, 20)
    found = decide_next_dose(study, trial, day)
    before, after = trial.of(trial.participants), trial.of(trial.participants)

    def opens(**levels):
        open_at = {name: replace(found.strata[0][1], decision=Treat(at, 3, "as drawn")) for name, at in levels.items()}
        return replace(found, strata=tuple(open_at.items()))

    answers = {id(before): opens(DM=1, IMNM=2), id(after): opens(DM=2, IMNM=1)}
    monkeypatch.setattr(holds, "decide_as_recorded", lambda study, trial, today: answers[id(trial)])
    monkeypatch.setattr(holds, "_by", lambda study, found, *_: found.decision)
    gone = holds.lifted(study, before, after, day.earliest, None)
    assert {one.about for one in gone} == {"level 2 of DM", "level 1 of IMNM"}
