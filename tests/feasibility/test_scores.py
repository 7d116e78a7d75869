"""A score computed over a population is the one that its items give at a visit."""

import math
import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from escalon.conduct.judge.scores import computed
from escalon.facts import Day, Fact, Facts, Interval
from escalon.feasibility.computable import parts_of
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.scores import DayScore
from escalon.feasibility.steps import RELATIONS, Steps, numbered
from escalon.feasibility.stepwise import StepwiseQuery
from escalon.feasibility.warehouse import open_warehouse
from escalon.instruments.kit.catalogue import find
from escalon.protocol import load_study
from tests.engines.conftest import duckdb_query, postgres_query
from tests.feasibility.populations import facts_text

__all__ = ["duckdb_query", "postgres_query"]
START = date(2026, 10, 1)
NAMES = {
    "active_joints_28": ("active_joints_28", "active_joints_28.tender"),
    "das28_esr": ("das28_esr",),
    "cdai": ("cdai",),
    "cockcroft_gault": ("cockcroft_gault",),
    "sledai_2k": ("sledai_2k",),
    "bilag_2004": ("bilag_2004.eligible",),
    "sle_2019": ("sle_2019",),
    "ra_2010": ("ra_2010",),
    "sjogren_2016": ("sjogren_2016",),
    "ssc_2013": ("ssc_2013",),
    "essdai": ("essdai",),
}


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def facts_of(instrument, draw):
    """Items on one or two days; some are missing, and one is not known, there twice, a range, or taken from joints."""
    found = []
    for k in range(draw.choice((1, 1, 2))):
        day = START + timedelta(days=9 * k)
        odd = draw.choice([*instrument.items, *[""] * len(instrument.items)])
        gaps = draw.choice((0, 0.05, 0.4))
        for item, key in instrument.keys.items():
            asked = instrument.items[item]
            if gaps and item in ("tender_count", "swollen_count"):
                continue  # they contradict joints drawn apart from them
            if asked.of and gaps:
                joints = find("active_joints_28")
                for name in [one for one in joints.items if one.startswith(item) and draw.random() > gaps / 4]:
                    value = value_of(joints.items[name], draw, False)
                    if not name.endswith("count"):
                        found.append(Fact(joints.keys[name], value, Day(day.year, day.month, day.day)))
                continue
            times = draw.choice((0, 1, 1, 2)) if item == odd else draw.random() >= gaps
            for _ in range(times):
                value = value_of(asked, draw, item == odd and times == 1)
                when = None if key == "sex" else Day(day.year, day.month, day.day)
                found.append(Fact(key, value, when, asked.unit))
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
        return Interval(None, Fraction(value + 1), high_open=True)
    return Fraction(value) if asked.kind == "number" else value


def rows_in(query, dialect, study, people, instrument, names):
    """What the engine makes of the items: (person, name, day) and the value, or between what it lies."""
    number = numbered((*study.vocabulary, *parts_of(study)))
    where = type("Where", (), {"meanings": study.vocabulary, "as_of": Day(2026, 11, 1)})
    steps = Steps(dialect, number.__getitem__, lambda _: ())
    steps.texts["score_items"] = facts_text(people, dialect, where, number)
    steps.texts["score_items"] = (
        f"SELECT {', '.join(RELATIONS['score_items'])} FROM ({steps.texts['score_items']}) AS all_of"
    )
    selects, parts = [], ()
    for base, wanted in of_parts(instrument, names):
        found = DayScore(study, find(base), wanted, False, parts).write(steps)
        selects, parts = found.values(), tuple(found.values())
    text = StepwiseQuery(steps.texts, "\nUNION ALL\n".join(selects)).text(dialect)
    back = {place: name for name, place in number.items()}
    found = {}
    for person, n, known, lo, lo_open, hi, hi_open, _, _, said, word, _, day, _ in query(text):
        value = word if word is not None else said if said is not None else lo
        span = None if lo is None else (lo, lo_open, hi, hi_open)
        assert (person, back[n], day) not in found
        found[person, back[n], day] = value if known else span
    return found


def of_parts(instrument, names):
    """An instrument after those it is made of."""
    of = {key for item in find(instrument).items.values() for key in item.of}
    bases = dict.fromkeys(key.partition(".")[0] for key in of)
    return [*((base, tuple(key for key in of if key.startswith(f"{base}."))) for base in bases), (instrument, names)]


def wanted(study, people, instrument, names):
    found = {}
    bases = [base for base, _ in of_parts(instrument, names)]
    for person, facts in enumerate(people):
        for fact in computed(study, facts, bases):
            key = person, fact.name, fact.day.earliest
            if fact.name in names and found.get(key) is None:
                found[key] = fact.value if fact.value is not None else span_of(fact)
    return found


def span_of(fact):
    """Between what an open score lies, as `examine` reads it."""
    span = fact.behind.span if fact.behind.name == fact.name else None
    ends = None if span is None else tuple(None if end is None else float(end) for end in span.ends)
    return None if ends is None else (
        -math.inf if ends[0] is None else ends[0], span.low_open, math.inf if ends[1] is None else ends[1], span.high_open
    )  # fmt: skip


def is_same(mine, theirs):
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return mine[1::2] == theirs[1::2] and all(
            a == b or abs(a - b) < 1e-9 for a, b in zip(mine[::2], theirs[::2], strict=True)
        )
    if mine == theirs or str(mine).lower() == str(theirs).lower():
        return True
    return isinstance(mine, float) and not isinstance(theirs, str | tuple | None) and abs(mine - float(theirs)) < 1e-9


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
        if not is_same(mine, theirs):
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
    three = {"tender": 12, "esr": 40, "global": 60}  # with 0 to 28 swollen joints from 5.36 to 6.84
    rows = {1: items, 2: items | {"swollen": 2}, 3: three, 4: items, 5: three | {"esr": 2}, 6: three | {"tender": 28}}
    lines = [f"{who},{code},2026-10-20,{value}" for who, some in rows.items() for code, value in some.items()]
    lines += ["2,ra,2026-01-02,", "4,swollen,2026-10-20,11"]
    lines += [f"{who},ra,2020-01-02," for who in (1, 3, 4, 5, 6)]
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
    # 5: at most 4.75. 6: at least 6.38, whatever the joints that nobody counted.
    assert found == {1: met, 2: not_met, 3: unknown, 4: unknown, 5: not_met, 6: met}


SILENT = """[people]
from = "people"
person = "person"
[observed]
from = "people"
person = "person"
start = "start"
end = "until"
[table.events]
from = "events"
person = "person"
code = "code"
day = "day"
"""


@pytest.mark.parametrize("is_silent", [True, False])
def test_silence_about_an_item_is_a_no_only_where_nothing_is_recorded_of_it_and_somebody_looked(
    tmp_path, study, is_silent
):
    items = [name for name, item in find("sledai_2k").items.items() if item.kind == "truth" and item.needed]
    (tmp_path / "people.csv").write_text(
        "person,start,until\n1,2020-01-01,2026-11-01\n2,2020-01-01,2026-11-01\n3,2020-01-01,2025-01-01\n",
        encoding="utf-8",
    )
    # 2 had vasculitis on another day: of the day of the seizure nobody says whether.
    rows = ["1,seizure,2026-10-20", "2,seizure,2026-10-20", "2,vasculitis,2026-10-02", "3,seizure,2026-10-20"]
    (tmp_path / "events.csv").write_text("person,code,day\n" + "\n".join(rows) + "\n", encoding="utf-8")
    told = 'silence = "no"\n' if is_silent else ""
    keys = find("sledai_2k").keys
    concepts = [f'[concept."{keys[name]}"]\ntable = "events"\ncodes = ["{name}"]\n{told}' for name in items]
    (tmp_path / "warehouse.toml").write_text(SILENT + "".join(concepts), encoding="utf-8")
    found = {
        limit: verdicts(tmp_path, study, f"sledai_2k >= {limit} within 4 weeks before screening") for limit in (8, 9)
    }
    met, not_met, unknown = 0, 1, 2
    silent = {8: {1: met, 2: met, 3: unknown}, 9: {1: not_met, 2: unknown, 3: unknown}}
    assert found == (silent if is_silent else {limit: dict.fromkeys((1, 2, 3), unknown) for limit in (8, 9)})


def verdicts(folder, study, rule):
    active = study.criterion("I-2d").model_copy(update={"rule": rule})
    asked = study.model_copy(update={"inclusion": (active,), "exclusion": ()})
    inquiry = Inquiry(asked, load_mapping(folder / "warehouse.toml"), open_warehouse(str(folder)), Day(2026, 11, 1))
    return {row[0]: row[2] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}
