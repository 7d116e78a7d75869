"""Windows up to a day of treatment: asked as of the day of decision, and nothing is passed by it that was not known."""

from datetime import date
from pathlib import Path

import pytest

from escalon.conduct.judge.screening import Verdict, screen_one
from escalon.conduct.judge.watched import Watching, watched
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.protocol.study import Study
from escalon.sources.folder import take_in
from tests.protocol.test_doses import study_with

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
DECIDED = "2026-02-20"
VACCINE = """[fact.vaccination]
label  = "vaccination with a live vaccine"
kind   = "event"
settle = "vaccination record"

[fact.conditioning_day]
kind = "date"

[anchor.conditioning]
fact  = "conditioning_day"
label = "the first day of conditioning"

[fact.pregnant]"""
FACTS = """participant,fact,value,unit,date,visit
P1,disease,EX,,2026-02-01,
P1,informed_consent,2026-02-01,,2026-02-01,
P1,screening_visit,2026-02-10,,2026-02-10,screening
"""
DOSE = "participant,level,date,amount,unit\nP1,1,2026-03-10,1e5,cells/kg\n"
WITHIN = "any vaccination within 4 weeks before infusion"


def asking(folder: Path, rule: str, kind: str = "exclusion", more: str = "") -> Study:
    """The example study with one more clause, X."""
    clause = f'[[{kind}]]\nid = "X"\nrule = "{rule}"\n{more}\n\n[[visit]]'
    role = ('infusion  = "car_t_infusion"', 'infusion  = "car_t_infusion"\nconditioning = "conditioning_day"')
    return load_study(study_with(folder, ("[fact.pregnant]", VACCINE), ("[[visit]]", clause), role))


def recorded(folder: Path, rows: str, doses: str = "") -> Path:
    """A data folder of one participant; each row is `yes 2026-02-01`, or has its fact before it."""
    data = folder / "data"
    data.mkdir()
    said = [one.split() for one in rows.split(", ") if one]
    lines = [f"P1,{'vaccination' if len(one) == 2 else one[0]},{one[-2].strip('?')},,{one[-1]},\n" for one in said]
    (data / "facts.csv").write_text(FACTS + "".join(lines), encoding="utf-8")
    if doses:
        (data / "doses.csv").write_text(doses, encoding="utf-8")
    return data


def verdict(study: Study, data: Path, cutoff: str = DECIDED, today: str = "") -> Verdict:
    """What is concluded of the clause X on a day."""
    later = Day.parse(today) if today else None
    found = screen_one(study, take_in(study, data).trial, "P1", Day.parse(cutoff), later)
    return next(one.verdict for one in found.clauses if one.criterion.id == "X")


@pytest.mark.parametrize(
    ("rule", "rows", "cutoff", "right"),
    [
        (WITHIN, "", DECIDED, UNKNOWN),  # silence
        (WITHIN, "no 2026-02-20", DECIDED, MET),
        (WITHIN, "no 2026-02-10", DECIDED, UNKNOWN),  # said ten days before: nothing is known of those
        (WITHIN, "no 2026-02-20", "2026-02-21", UNKNOWN),
        (WITHIN, "? 2026-02-20", DECIDED, UNKNOWN),
        (WITHIN, "yes 2026-02-01, no 2026-02-20", DECIDED, NOT_MET),
        (WITHIN, "yes 2026-01-23, no 2026-02-20", DECIDED, NOT_MET),  # four weeks to the day
        (WITHIN, "yes 2026-01-22, no 2026-02-20", DECIDED, MET),
        (WITHIN, "yes 2026-01, no 2026-02-20", DECIDED, UNKNOWN),  # may have been within the four weeks
        (WITHIN, "no 2026-02-20, yes 2026-02-25", DECIDED, MET),  # what comes later is not known yet ...
        (WITHIN, "no 2026-02-20, yes 2026-02-25, no 2026-03-01", "2026-03-01", NOT_MET),  # ... and counts once it is
        ("any vaccination ever", "no 2026-02-10", DECIDED, MET),
        ("any vaccination ever", "yes 2019-06, no 2026-02-20", DECIDED, NOT_MET),
        ("any vaccination ever", "no 2026-01-10", DECIDED, UNKNOWN),  # before screening began
        ("any vaccination within 4 weeks before conditioning", "no 2026-02-20", DECIDED, MET),
        ("any vaccination within 4 weeks before conditioning", "", DECIDED, UNKNOWN),
    ],
)
def test_a_window_up_to_treatment_is_asked_as_of_the_day_of_decision(tmp_path, rule, rows, cutoff, right) -> None:
    assert verdict(asking(tmp_path, rule), recorded(tmp_path, rows), cutoff) is right


@pytest.mark.parametrize(
    ("rule", "rows", "right"),
    [
        (WITHIN, "yes 2026-03-01, no 2026-03-09", NOT_MET),
        (WITHIN, "yes 2026-02-10, no 2026-03-09", NOT_MET),  # four weeks before the infusion, which the table of doses dates
        (WITHIN, "yes 2026-02-09, no 2026-03-09", MET),
        (WITHIN, "no 2026-02-20", UNKNOWN),
        (WITHIN, "no 2026-03-11", UNKNOWN),  # after the infusion
        ("any vaccination within 4 weeks before conditioning", "no 2026-03-09", UNKNOWN),  # infused: it is not to come
        ("any vaccination within 4 weeks before conditioning", "conditioning_day 2026-03-05 2026-03-05, no 2026-03-04", MET),
    ],
)  # fmt: skip
def test_once_somebody_is_infused_the_window_ends_on_the_days_that_were(tmp_path, rule, rows, right) -> None:
    assert verdict(asking(tmp_path, rule), recorded(tmp_path, rows, DOSE), "2026-04-01") is right


@pytest.mark.parametrize("day", ["2026-02-19", DECIDED])
def test_nothing_came_after_a_day_that_has_not_come(tmp_path, day) -> None:
    study = asking(tmp_path, "any vaccination after infusion", "inclusion")
    assert verdict(study, recorded(tmp_path, f"yes {day}")) is not MET


def test_a_clause_that_runs_on_is_asked_again_and_one_that_does_not_is_not(tmp_path) -> None:
    data = recorded(tmp_path, "no 2026-02-20, yes 2026-02-25")
    once, again = asking(tmp_path / "a", WITHIN), asking(tmp_path / "b", WITHIN, more='until = "infusion"')
    assert verdict(again, data, today="2026-02-24") is UNKNOWN
    assert verdict(again, data, today="2026-02-26") is NOT_MET
    assert verdict(once, data, today="2026-02-26") is MET, "lint names such a clause: L27"


@pytest.mark.parametrize(("doses", "state"), [("", Watching.UNKNOWN), (DOSE, Watching.BROKEN)])
def test_what_is_watched_waits_for_the_infusion_that_was(tmp_path, doses, state) -> None:
    study = asking(tmp_path, WITHIN, "watched", 'since = "consent"')
    trial = take_in(study, recorded(tmp_path, "yes 2026-02-15", doses)).trial
    (found,) = watched(study, trial, "P1", Day.of(date(2026, 4, 1)))
    assert found.state is state
