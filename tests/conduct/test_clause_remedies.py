"""What a clause says to do when its answer is not known stands wherever the answer is asked for."""

from datetime import date

from escalon.conduct.judge.screening import screen_one
from escalon.facts import Day
from escalon.history import Trial
from escalon.protocol import load_study
from escalon.protocol.lint import lint
from escalon.sources.frame import frame_of
from tests.protocol.test_doses import study_with

ADULT = 'rule = "age >= 18 at consent"'


def test_the_remedy_of_a_clause_is_what_is_obtained_first(tmp_path):
    study = load_study(study_with(tmp_path, (ADULT, f'{ADULT}\nsettle = "ask for the passport"')))
    found = screen_one(study, Trial(frame_of(study)), "P01", Day.of(date(2026, 3, 1)))
    clause = next(one for one in found.clauses if one.criterion.id == "I-1")
    assert clause.obtain[0] == "ask for the passport"
    assert "ask for the passport" in found.obtain
    assert clause.as_json()["obtain"][0] == "ask for the passport"


def test_a_clause_with_its_own_remedy_asks_for_none_of_its_facts(tmp_path):
    bare = ('settle = "take the age from the date of birth on the day of consent"', "")
    named = study_with(tmp_path, bare)
    assert any(one.about == "age" and one.id == "L20" for one in lint(load_study(named)))
    settled = study_with(tmp_path / "b", bare, (ADULT, f'{ADULT}\nsettle = "ask for the passport"'))
    assert not any(one.about == "age" and one.id == "L20" for one in lint(load_study(settled)))
