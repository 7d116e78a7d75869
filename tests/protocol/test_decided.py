"""What a study decides about doses, clocks and roles is data of its folder; what it leaves out is named by lint or refused."""

from datetime import date
from pathlib import Path

import pytest

from escalon.escalation import Treat, Wait, next_dose
from escalon.escalation.stopping import StopAt
from escalon.facts import Duration
from escalon.protocol import load_study
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.protocol.dlt_window import dlt_window, dlt_window_sentence
from escalon.protocol.lint import lint
from escalon.protocol.prose import escalation_sentences

from .folders import ORCHID, changed, refusal


def test_the_bundled_study_names_the_facts_its_decisions_rest_on() -> None:
    study = load_study("nct07052565")
    assert (study.roles.consent, study.roles.infusion, study.roles.left) == (
        "informed_consent",
        "car_t_infusion",
        "study_discontinuation",
    )
    assert study.roles.product is None
    assert study.zone == "Asia/Shanghai"
    assert study.baseline.before == ("conditioning", "infusion")
    assert str(study.baseline) == "the last before conditioning; where none is recorded, before infusion"


def test_what_a_study_leaves_out_has_the_documented_meaning() -> None:
    plan = load_study(ORCHID).dose
    assert (plan.stopping, plan.off_dose, plan.retreatment, plan.window_review) == (
        (),
        "exclude unless DLT",
        "not planned",
        "not required",
    )
    assert (plan.split_within, plan.override_valid) == (None, None)


@pytest.mark.parametrize(
    "about", ["Q-STOPPING", "Q-TOLERANCE", "Q-SPLIT", "Q-WINDOW-REVIEW", "Q-OVERRIDE", "Q-ZONE", "Q-BASELINE"]
)
def test_each_choice_the_record_does_not_make_is_an_assumption(about: str) -> None:
    one = load_study("nct07052565").assumption(about)
    assert one.alternatives
    assert one.signer


def test_a_stopping_rule_is_read(tmp_path: Path) -> None:
    keys = 'variant            = "V3"\nstopping = ["a death", "2 deaths", "total DLTs >= 4"]'
    study = load_study(changed(tmp_path, "study.toml", 'variant            = "V3"', keys))
    assert study.dose.stopping == (StopAt(1, "death"), StopAt(2, "death"), StopAt(4, "DLT"))
    assert "Nobody more is treated once 2 deaths have been seen." in escalation_sentences(study)
    assert "No rule but the rule of escalation stops the trial." not in escalation_sentences(study)


MISTAKES = [
    ("study.toml", '"Europe/Berlin"', '"Berlin"', "is not a time zone"),
    ("study.toml", '"enrolled"\ninfusion', '"enroled"\ninfusion', "Did you mean enrolled?"),
    ("study.toml", 'left     = "left_study"', 'left     = "mg_adl"', "left is a date or an event or a truth"),
    ("study.toml", 'left     = "left_study"', 'leaver   = "left_study"', "`leaver` is not known"),
    ("study.toml", '"6 weeks"', '"6 weeks"\nstopping = ["three deaths"]', "Write for example: a death"),
    ("study.toml", '"6 weeks"', '"6 weeks"\nstopping = ["0 deaths"]', "at one or more deaths"),
    (
        "study.toml",
        '"6 weeks"',
        '"6 weeks"\noff_dose = "ignore"',
        "is not one of 'exclude unless DLT', 'count' or 'as treated'",
    ),
    ("study.toml", '"6 weeks"', '"6 weeks"\nsplit_within = "1 month"', "no fixed number of days"),
    ("study.toml", "[roles]", 'baseline = ["death"]\n\n[roles]', "death is not a day that a value can lie before"),
]


@pytest.mark.parametrize(("file", "old", "new", "what"), MISTAKES)
def test_a_choice_that_is_none_is_refused_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, what: str
) -> None:
    problem = refusal(changed(tmp_path, file, old, new)).problems[0]
    assert problem.file == file
    assert what in problem.what
    assert "^" in str(problem)


@pytest.mark.parametrize("role", ["consent", "infusion", "left"])
def test_lint_refuses_a_study_without_a_role_it_needs(tmp_path: Path, role: str) -> None:
    text = (ORCHID / "study.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(role))
    found = [one for one in lint(load_study(changed(tmp_path, "study.toml", f"{line}\n", ""))) if one.kind == "role"]
    assert role in [one.about for one in found]
    assert all(one.severity == "error" for one in found)


def test_lint_asks_for_the_review_where_it_is_required(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, "study.toml", '"6 weeks"', '"6 weeks"\nwindow_review = "required"'))
    assert [one.about for one in lint(study) if one.kind == "role"] == ["dlt_review"]


@pytest.mark.parametrize(("day", "inside"), [(0, True), (27, True), (28, True), (29, False), (-1, False)])
def test_the_last_day_of_the_window_belongs_to_it(day: int, inside: bool) -> None:
    study, infused = load_study("nct07052565"), date(2026, 3, 10)
    window = dlt_window(study, infused)
    assert window.holds(date.fromordinal(infused.toordinal() + day)) is inside
    assert str(window) == "28 days; its last day is 2026-04-07; dosing from 2026-04-08"
    assert window.dosing_from == date(2026, 4, 8)


def test_the_window_in_words_is_the_window_in_days() -> None:
    study = load_study(ORCHID)
    assert study.dose.dlt_window == Duration(6, "week")
    assert dlt_window_sentence(study) == "42 days from the infusion (day 0); its last day is day 42; dosing from day 43"
    assert any(dlt_window_sentence(study) in one for one in escalation_sentences(study))
    assert not any("43 days from" in one for one in escalation_sentences(study))


def test_what_the_protocol_is_silent_on_lets_nobody_be_dosed(tmp_path: Path) -> None:
    keys = 'variant            = "V3"\nstopping = "silent"\nstagger = "silent"'
    study = load_study(changed(tmp_path, "study.toml", 'variant            = "V3"', keys))
    assert study.dose.silent == ("stopping", "stagger")
    today = date(2026, 3, 10)
    decision = next_dose(dose_rule(study), "", calendar_guards(study), today)
    assert isinstance(decision, Wait)
    assert "silent on stopping, stagger" in decision.reason
    spoken = load_study(ORCHID)
    assert isinstance(next_dose(dose_rule(spoken), "", calendar_guards(spoken), today), Treat)
    assert [one.what for one in lint(study) if one.kind == "silent"]
    assert "Nobody is dosed while the protocol is silent on stopping, stagger." in escalation_sentences(study)


@pytest.mark.parametrize("key", ["rule", "cap", "dlt_window", "tolerance"])
def test_what_every_dose_rests_on_cannot_be_left_open(tmp_path: Path, key: str) -> None:
    text = (ORCHID / "study.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.split(" ")[0] == key)
    assert refusal(changed(tmp_path, "study.toml", line, f'{key} = "silent"')).problems
