"""Each kind of wrong value is refused with its file, line and key, and with what to write instead."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from escalon.criteria import CriterionError, examine, parse, render
from escalon.criteria.situation import Situation
from escalon.facts import Day, Fact, Facts
from escalon.facts.accepted import beyond
from escalon.protocol import load_study
from escalon.protocol.asked import as_item
from escalon.protocol.kinds import misuses
from tests.protocol.folders import refusal
from tests.protocol.test_doses import study_with

WRONG = [
    ("target   = 12", "target   = 0", "target", "it should be greater than or equal to 1. Write target = 18"),
    ('infusion  = "car_t_infusion"', 'infusion  = "CAR T"', "infusion", 'is not a name: names have'),
    ('infusion  = "car_t_infusion"', 'infusion  = "CAR T"', "infusion", 'Write infusion = "first_dose"'),
    ('baseline = ["conditioning", "infusion"]', 'baseline = ["day 0"]', "baseline", "Write one of them"),
    ("grade = 4", "grade = 7", "grade", "it should be less than or equal to 5. Write grade = 3"),
    ("grade = 4", "grade = 4\nlow_before = \"never\"", "low_before", "is not one of 'asked' or 'not counted'"),
    ("earliest = 25", "earliest = 29", "day", "Write earliest and latest around it"),
    ('label = "infusion (day 0)"', 'label = "infusion (day 0)"\nlow = 3', "low", "a day, which has no low"),
    ('label = "infusion (day 0)"', 'label = "infusion (day 0)"\nunit = "mg"', "unit", 'Write kind = "number", or leave it out'),
    ('unit   = "U/L"', 'unit   = "U/L"\nmembers = ["ast"]', "members", "is a number, which has no members"),
    ('settle = "pregnancy test"', 'settle = "test"\nkind = "truth"\nchoices = ["yes"]', "choices", 'Write kind = "label"'),
    ("[[dose.level]]", 'level = 1\n\n[[dose.level]]', "", "It stands above already, as a key or as a table. Write it once"),
    ('variant       = "V2"', 'variant = "V9"', "variant", "V9"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), WRONG)
def test_a_wrong_value_is_refused_where_it_stands(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    problem = next(one for one in refusal(study_with(tmp_path, (old, new))).problems if says in one.what)
    assert problem.file == "study.toml"
    line = (tmp_path / "st" / "study.toml").read_text(encoding="utf-8").split("\n")[problem.line - 1]
    assert re.match(rf"{key}\b\s*=", line) if key else line == "[[dose.level]]"


def test_a_count_of_something_that_is_no_number_says_how_to_count_it(tmp_path: Path) -> None:
    change = ('rule = "any steroid within 2 weeks before screening"', 'rule = "count of steroid at screening >= 2"')
    said = str(refusal(study_with(tmp_path, change)))
    assert 'Record how many as a whole number of its own, [fact.steroid_count] with kind = "integer"' in said


CHILD = '[fact.weight]\nkind = "number"\nunit = "kg"\n{}\n\n[fact.pregnant]'


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ("", True),
        ("low = 0\nhigh = 200", True),
        ("usual_low = 8\nusual_high = 70", False),
        ("low = 5\nhigh = 120", False),
    ],
)
def test_a_weight_that_the_study_foresees_is_not_held(tmp_path: Path, more: str, held: bool) -> None:
    study = load_study(study_with(tmp_path, ("[fact.pregnant]", CHILD.format(more))))
    asked = as_item(study.vocabulary["weight"])
    assert beyond(15, asked.query) is held
    assert beyond(15, asked.doubtful) is held
    assert beyond(400, asked.query)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("alt + weight <= 3 kg", "alt is in U/L and weight is in kg"),
        ("alt <= weight", "alt is in U/L and weight is in kg"),
        ("alt / weight <= 3 U/L", "the unit of a product or a quotient of two values is not reckoned"),
        ("weight - weight <= 2", "Write 2 kg"),
        ("weight - weight <= 2 kg", None),
        ("alt <= 2 * 3 kg", "alt is in U/L, which kg does not convert to"),
        ("alt <= (3 kg + 2 kg) / 2", "alt is in U/L, which kg does not convert to"),
        ("alt <= 2 * 40", "Write 2 U/L"),
        ("alt <= 2 U/L * 40", None),
        ("alt <= 2 U/L * 3 U/L", "a product or a quotient of two amounts is none"),
        ("alt + 40 U/L / 2 U/L >= 3 U/L", "a product or a quotient of two amounts is none"),
    ],
)
def test_what_is_compared_or_added_is_in_one_unit(rule: str, said: str | None) -> None:
    words = load_study("nct07052565").vocabulary
    found = [one.what for one in misuses(parse(rule), words)]
    assert (found == []) if said is None else any(said in one for one in found)


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ("platelets >= 2 * 30000 /uL", True),
        ("platelets >= 140000 /uL / 2", True),
        ("platelets >= 2 * (30000 /uL + 5000 /uL)", True),
        ("platelets >= 2 * 40000 /uL", False),
        ("platelets - 2 * 10000 /uL < 50000 /uL", False),
    ],
)
def test_a_multiple_of_an_amount_is_converted_as_the_amount_is(rule: str, met: bool) -> None:
    words, day = load_study("nct07052565").vocabulary, Day(2025, 3, 1)
    facts = Facts([Fact("platelets", Fraction(75), day, "10^9/L", participant="P01")])
    assert examine(parse(rule), Situation(facts, day, {}, words)).value is met


@pytest.mark.parametrize("unit", ["mL/min/{1.73_m2}", "mL/min/1.73m^2", "[iU]/mL", "{score}", "%{activity}"])
def test_an_amount_may_be_in_any_unit_that_a_fact_may(unit: str) -> None:
    tree = parse(f"egfr >= 15 {unit} at screening")
    assert parse(render(tree)) == tree
    assert unit in render(tree)


def test_days_behind_a_bracket_are_refused_with_what_to_write() -> None:
    with pytest.raises(CriterionError, match="days belong to one name, not to a bracket"):
        parse("(alt <= 3 U/L or ast <= 3 U/L) at screening")
