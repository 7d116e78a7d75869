"""A data folder's departures: an event table that is kept answers for those of whom it has no row."""

from datetime import date
from pathlib import Path

import pytest

from escalon.conduct.judge.departures import departures
from escalon.protocol import load_study
from escalon.sources.folder import take_in

HERON = Path(__file__).parents[1] / "protocol" / "heron"
SILENT = "nobody says that there was none"


@pytest.mark.parametrize(("rows", "silent"), [("P04,Headache,1,2025-05-02,2025-05-03\n", False), ("", True)])
def test_the_row_of_a_person_infused_later_says_that_the_table_was_kept(
    tmp_path: Path, rows: str, silent: bool
) -> None:
    days = {"P01": "2025-03-03", "P02": "2025-03-04", "P03": "2025-03-05", "P04": "2025-05-01"}
    facts = "".join(
        f"{who},first_tablet,{day},{day}\n{who},consent_day,2025-03-01,2025-03-01\n" for who, day in days.items()
    )
    (tmp_path / "facts.csv").write_text("participant,fact,value,date\n" + facts)
    levels = "".join(f"{who},{2 if who == 'P04' else 1},{day}\n" for who, day in days.items())
    (tmp_path / "doses.csv").write_text("participant,level,date\n" + levels)
    if rows:
        (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start,end\n" + rows)
    study = load_study(HERON)
    found = [
        one.says
        for one in departures(study, take_in(study, tmp_path).trial)
        if one.participant == "P04" and one.rule == "rule"
    ]
    assert any(SILENT in one for one in found) is silent


def write_tablets(folder: Path, days: dict[str, str]) -> None:
    """A folder of HERON in which everybody began at level 1 on their day, without an adverse event."""
    (folder / "facts.csv").write_text(
        "participant,fact,value,date\n" + "".join(f"{who},first_tablet,{day},{day}\n" for who, day in days.items())
    )
    (folder / "doses.csv").write_text(
        "participant,level,date\n" + "".join(f"{who},1,{day}\n" for who, day in days.items())
    )
    (folder / "adverse_events.csv").write_text("participant,term,grade,start\n")


def test_what_the_protocol_leaves_open_is_said_once_and_the_rest_of_the_rule_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"P01": "2025-03-03", "P02": "2025-03-17", "P03": "2025-03-24", "P04": "2025-03-25"}
    write_tablets(tmp_path, days)
    study = load_study(HERON)
    left_open = study.model_copy(update={"dose": study.dose.model_copy(update={"silent": ("stagger", "off_dose")})})
    trial = take_in(study, tmp_path).trial
    told = [one for one in departures(left_open, trial) if one.rule == "rule"]
    assert (told[0].participant, told[0].says) == (
        "everybody infused",
        "infused while the protocol is silent on stagger, off dose",
    )
    assert told[1:] == [one for one in departures(study, trial) if one.rule == "rule"] != []
    monkeypatch.setattr("escalon.conduct.judge.departures.as_if_decided", None)
    assert [one for one in departures(left_open, trial) if one.rule == "rule"] == told, "the rest is asked of one study"


def test_who_consented_late_left_before_or_was_one_too_many_is_named(tmp_path: Path) -> None:
    days = {"P01": "2025-03-03", "P02": "2025-03-17", "P03": "2025-03-24"}
    consents = {"P01": "2025-03-05", "P02": "2025-03-01", "P03": "2025-03-01"}
    rows = [f"{who},consent_day,{day},{day}" for who, day in consents.items()]
    rows += [f"{who},first_tablet,{day},{day}" for who, day in days.items()]
    study = load_study(HERON)
    rows.append(f"P02,{study.roles.left},yes,2025-03-10")
    (tmp_path / "facts.csv").write_text("\n".join(["participant,fact,value,date", *rows, ""]))
    (tmp_path / "doses.csv").write_text(
        "participant,level,date\n" + "".join(f"{who},1,{day}\n" for who, day in days.items())
    )
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start\n")
    small = study.model_copy(update={"dose": study.dose.model_copy(update={"cap": 2})})
    told = {(one.participant, one.rule): one.says for one in departures(small, take_in(study, tmp_path).trial)}
    assert told["P01", "consent"] == "infused before the consent of 2025-03-05"
    assert told["P02", "withdrawn"] == "infused after leaving the study on 2025-03-10"
    assert told["P03", "trial size"] == "the study treats 2 participants at most"
    assert ("P03", "rule") not in told, "held for that alone"


def test_the_clocks_between_participants_ran_before_a_level_was_inserted(tmp_path: Path) -> None:
    """Which level came next followed another text; that somebody was dosed a day after the first did not."""
    days = {"P01": "2025-03-03", "P02": "2025-03-04", "P03": "2025-04-24"}
    write_tablets(tmp_path, days)
    study = load_study(HERON)
    first, second, *rest = study.dose.levels
    levels = (first, second.model_copy(update={"inserted": date(2025, 5, 20)}), *rest)
    amended = study.model_copy(
        update={"dose": study.dose.model_copy(update={"levels": levels, "sentinel_interval": study.dose.dlt_window})}
    )
    told = [one for one in departures(amended, take_in(study, tmp_path).trial) if one.rule == "rule"]
    assert [one.participant for one in told] == ["P02"]
    assert told[0].says.startswith("infused at level 1, before 2025-03-24: the sentinel")
