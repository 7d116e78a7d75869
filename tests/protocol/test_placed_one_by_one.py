"""A study whose rule places the next participant while others are still watched: the rolling six, the TITE-CRM."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import Treat, Wait, conduct_of, next_dose
from escalon.escalation.notation import Outcome, Treated
from escalon.exchange.synthetic_trial import simulate
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.protocol.prose import escalation_sentences
from escalon.sources.folder import take_in
from tests.protocol.folders import AUK, changed, refusal

FIRST = date(2026, 3, 2)
RULE = 'rule          = "rolling-six window=30"'


def infused(*days: int, level: int = 1) -> list[Treated]:
    return [Treated(level, Outcome.PENDING, FIRST + timedelta(days=day), f"P{day:02d}") for day in days]


def test_a_rolling_six_fills_a_level_while_windows_are_open() -> None:
    study = load_study(AUK)
    told = next_dose(dose_rule(study), conduct_of(infused(0, 1, 2)), calendar_guards(study), FIRST + timedelta(days=3))
    assert isinstance(told, Treat)
    assert (told.level, told.departures) == (1, ())


def test_the_first_at_a_level_is_watched_where_there_are_no_cohorts(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "study.toml", RULE, f'{RULE}\nsentinel_interval = "7 days"', AUK))
    told = next_dose(dose_rule(study), conduct_of(infused(0)), calendar_guards(study), FIRST + timedelta(days=3))
    assert isinstance(told, Wait)
    assert told.until == FIRST + timedelta(days=7)
    later = next_dose(dose_rule(study), conduct_of(infused(0)), calendar_guards(study), FIRST + timedelta(days=7))
    assert isinstance(later, Treat)
    assert "The first participant of each level is watched for 7 days" in " ".join(escalation_sentences(study))


def test_windows_hold_another_level_only_where_the_study_says_so(tmp_path: Path) -> None:
    five_known = [Treated(1, Outcome.NO_DLT, FIRST, f"P{number}") for number in range(5)]
    so_far = conduct_of([*five_known, *infused(40)])
    today = FIRST + timedelta(days=41)
    plain = load_study(AUK)
    held = load_study(changed(tmp_path, "study.toml", RULE, f"{RULE}\nwhole_cohort_first = true", AUK))
    escalates = next_dose(dose_rule(plain), so_far, calendar_guards(plain), today)
    waits = next_dose(dose_rule(held), so_far, calendar_guards(held), today)
    assert isinstance(escalates, Treat)
    assert escalates.level == 2
    assert isinstance(waits, Wait)
    assert "A level is entered for the first time only when" in " ".join(escalation_sentences(held))
    assert "A new cohort opens" not in " ".join(escalation_sentences(plain))


def test_an_invented_rolling_six_departs_from_nothing(tmp_path: Path) -> None:
    study = load_study(AUK)
    trial = take_in(study, simulate(study, tmp_path / "data", seed=3)).trial
    assert len(trial.infused()) == 12
    assert [one for one in departures(study, trial) if one.rule == "rule"] == []
    assert decide_next_dose(study, trial, Day.of(date(2026, 4, 20))).decision.departures == ()


def test_a_participant_below_the_level_of_the_day_is_named() -> None:
    study = load_study(AUK)
    six = [Treated(1, Outcome.NO_DLT, FIRST, f"P{number}") for number in range(6)]
    late = Treated(1, Outcome.NO_DLT, FIRST + timedelta(days=60), "P60")
    told = next_dose(dose_rule(study), conduct_of([*six, late]), calendar_guards(study), FIRST + timedelta(days=99))
    assert [one.done for one in told.departures] == ["P60 at level 1 on 2026-05-01"]


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("rolling-six window=30 coherent=yes", "does not know coherent"),
        (
            "rolling-six window=30 backfill_to=9",
            "leave it out, or write one that does, boin target=0.25 size=18 backfill_to=",
        ),
        ("rolling-six window=28", "but the study says 30"),
        ("rolling-six start=2", "but the study says 1"),
    ],
)
def test_what_the_rule_cannot_carry_out_or_contradicts_is_refused(tmp_path: Path, words: str, refused: str) -> None:
    assert refused in str(refusal(changed(tmp_path, "study.toml", RULE, f'rule = "{words}"', AUK)))


def test_a_rule_may_repeat_what_the_levels_say(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "study.toml", RULE, 'rule = "rolling-six window=30 start=1 lowest=1"', AUK))
    assert dose_rule(study).labels == (1, 2)


def test_a_regimen_of_the_study_may_be_offered_and_its_days_are_a_list(tmp_path: Path) -> None:
    assert load_study(
        changed(tmp_path / "a", "study.toml", "[lymphodepletion]", '[lymphodepletion]\noffers = ["benda90"]', AUK)
    )
    said = str(refusal(changed(tmp_path / "b", "study.toml", "days = [-4, -3]", "days = 2", AUK)))
    assert "`days` is 2. Write a list, in brackets: days = [-5, -4, -3]" in said
