"""A score computed over a population is the one that its items give at a visit."""

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from escalon.conduct.judge.scores import computed
from escalon.facts import Day, Fact, Facts, Interval
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping import load_mapping
from escalon.feasibility.recorded import numbered
from escalon.feasibility.scores import DayScore
from escalon.feasibility.steps import Steps
from escalon.feasibility.stepwise import StepwiseQuery
from escalon.feasibility.warehouse import open_warehouse
from escalon.instruments.kit.catalogue import find
from escalon.protocol import load_study
from tests.engines.conftest import duckdb_query, postgres_query
from tests.feasibility.populations import facts_text

__all__ = ["duckdb_query", "postgres_query"]
START = date(2026, 10, 1)
NAMES = {
    "das28_esr": ("das28_esr",),
    "cdai": ("cdai",),
    "cockcroft_gault": ("cockcroft_gault",),
    "sledai_2k": ("sledai_2k",),
    "bilag_2004": ("bilag_2004", "bilag_2004.eligible"),
    "ssc_2013": ("ssc_2013",),
    "essdai": ("essdai",),
}


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def facts_of(instrument, draw):
    """Items on one or two days; on some of them one is missing, not known, there twice or known as a range."""
    found = []
    for k in range(draw.choice((1, 1, 2))):
        day = START + timedelta(days=9 * k)
        odd = draw.choice([*instrument.items, *[""] * len(instrument.items)])
        for item, key in instrument.keys.items():
            times = draw.choice((0, 1, 1, 2)) if item == odd else 1
            for _ in range(times):
                value = value_of(instrument.items[item], draw, item == odd and times == 1)
                when = None if key == "sex" else Day(day.year, day.month, day.day)
                found.append(Fact(key, value, when, instrument.items[item].unit))
    return found


def value_of(asked, draw, odd):
    if odd and draw.random() < 0.5:
        return None
    if asked.choices:
        return draw.choice(asked.choices)
    if asked.kind == "truth":
        return draw.random() < 0.1
    ends = [max(asked.low or 0, asked.query[0] or 0), min(asked.high or 200, asked.query[1] or 200)]
    low, high = int(-(-ends[0] // 1)), int(ends[1])
    value = draw.choice(asked.levels[:2]) if asked.levels else draw.randint(low, high)
    if asked.kind == "number" and odd:
        return Interval(None, Fraction(value), high_open=True)
    return Fraction(value) if asked.kind == "number" else value


def rows_in(query, dialect, study, people, instrument, names):
    """What the engine makes of the items: (person, name, day) and the value or its ends."""
    number = numbered(study.vocabulary)
    where = type("Where", (), {"meanings": study.vocabulary, "as_of": Day(2026, 11, 1)})
    steps = Steps(dialect, number.__getitem__, lambda _: ())
    steps.texts["score_items"] = facts_text(people, dialect, where, number)
    selects = list(DayScore(study, find(instrument), names, False).write(steps))
    text = StepwiseQuery(steps.texts, "\nUNION ALL\n".join(selects)).text(dialect)
    back = {place: name for name, place in number.items()}
    found = {}
    for person, n, known, lo, _, hi, _, _, _, said, word, _, day, _ in query(text):
        value = word if word is not None else said if said is not None else (lo if lo == hi else None)
        found[person, back[n], day] = value if known else None
    return found


def wanted(study, people, instrument, names):
    found = {}
    for person, facts in enumerate(people):
        for fact in computed(study, facts, [instrument]):
            if fact.name in names:
                key = person, fact.name, fact.day.earliest
                found[key] = fact.value if found.get(key) is None else found[key]
    return found


def disagreements(query, dialect, study, instrument, seed, number):
    draw = random.Random(seed)
    people = [Facts(facts_of(find(instrument), draw)) for _ in range(number)]
    names = NAMES[instrument]
    got, should = rows_in(query, dialect, study, people, instrument, names), wanted(study, people, instrument, names)
    wrong = {}
    for key in got.keys() | should.keys():
        mine, theirs = got.get(key, "no row"), should.get(key, "no row")
        if "." in key[1] and mine is None:
            continue  # of a score that is void no part is kept
        same = mine == theirs or str(mine).lower() == str(theirs).lower()
        if not same and not (
            isinstance(mine, float) and theirs not in (None, "no row") and abs(mine - float(theirs)) < 1e-9
        ):
            wrong[key] = mine, theirs
    return got, wrong


@pytest.mark.parametrize("instrument", NAMES)
def test_duckdb_scores_a_day_as_the_instrument_does(duckdb_query, study, instrument):
    got, wrong = disagreements(duckdb_query, "duckdb", study, instrument, 3, 40)
    assert wrong == {}
    assert (
        any(value is not None for value in got.values()) or instrument == "essdai"
    )  # levels that its values contradict


@pytest.mark.postgres
@pytest.mark.parametrize("instrument", ["das28_esr", "cockcroft_gault"])
def test_postgresql_scores_a_day_as_the_instrument_does(postgres_query, study, instrument):
    assert disagreements(postgres_query, "postgres", study, instrument, 5, 20)[1] == {}


def test_a_clause_about_a_score_is_one_question_to_a_warehouse_that_holds_its_items(tmp_path, study):
    items = {"tender": 12, "swollen": 10, "esr": 40, "global": 60}
    rows = {1: items, 2: items | {"swollen": 2}, 3: {"tender": 12, "esr": 40, "global": 60}, 4: items}
    lines = [f"{who},{code},2026-10-20,{value}" for who, some in rows.items() for code, value in some.items()]
    lines += ["2,ra,2026-01-02,", "4,swollen,2026-10-20,11"]
    lines += [f"{who},ra,2020-01-02," for who in (1, 3, 4)]
    (tmp_path / "events.csv").write_text("person,code,day,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text(
        "person,born\n" + "".join(f"{who},1980-01-01\n" for who in rows), encoding="utf-8"
    )
    mapped = {"tender_joints_28": "tender", "swollen_joints_28": "swollen", "esr": "esr", "patient_global": "global"}
    units = {"esr": "mm/h", "patient_global": "mm"}
    concepts = "".join(
        f'[concept.{name}]\ntable = "events"\ncodes = ["{code}"]\n'
        + (f'unit = "{units[name]}"\n' if name in units else "")
        for name, code in mapped.items()
    )
    (tmp_path / "warehouse.toml").write_text(
        '[people]\nfrom = "people"\nperson = "person"\nbirth = "born"\n'
        '[table.events]\nfrom = "events"\nperson = "person"\ncode = "code"\nday = "day"\nvalue = "value"\n'
        + concepts
        + '[concept.disease]\ntable = "events"\nlabel_codes = { RA = ["ra"] }\n',
        encoding="utf-8",
    )
    active = study.criterion("I-6c").model_copy(update={"rule": "das28_esr > 6 within 4 weeks before screening"})
    asked = study.model_copy(update={"inclusion": (active,), "exclusion": ()})
    inquiry = Inquiry(asked, load_mapping(tmp_path / "warehouse.toml"), open_warehouse(str(tmp_path)), Day(2026, 11, 1))
    met, not_met, unknown = 0, 1, 2
    found = {row[0]: row[2] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}
    assert found == {1: met, 2: not_met, 3: unknown, 4: unknown}
