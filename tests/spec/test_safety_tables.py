"""Every row of the tables in spec/safety/ holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from tests.safety.definition import study_definition
from tests.safety.spec_pages import MARKS, NONE, PAGES, Row, inputs, page_rows, rows

from escalon.escalation import Outcome, next_dose, parse_conduct, three_plus_three
from escalon.facts import Day, Fact, Finding, any_known
from escalon.instruments import assess, catalogue
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory
from escalon.instruments.safety.icaht import icaht
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.blood_counts import Counts
from escalon.safety.counting import Treated, emergent, tally
from escalon.safety.dlt_clauses import read_clauses
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.episodes import Assessment, episodes, grade_crs
from escalon.safety.followed import Entered, Followed
from escalon.safety.occurrence import Moment, Occurrence, occurrences
from escalon.safety.periods import phase_of
from escalon.safety.proportion import clopper_pearson
from escalon.safety.seriousness import susar
from escalon.safety.words import read_relation

WORDS = {
    "normal": {
        "consciousness": "alert", "seizure": "none", "motor_weakness": "no", "oedema": "none", "raised_icp": "no",
    },
    "base": {
        "ferritin_rising": "no", "crs_state": "resolved", "transaminase_ratio": "6", "fibrinogen": "1.2 g/L", "cytopenia": "no",
    },
}  # fmt: skip
INFUSED = date(2025, 3, 10)
OWN = {"crs_episodes", "icaht_series", "phase", "susar", "dlt", "evaluable", "outcome", "three_plus_three",
       "clopper_pearson", "emergent", "tally", "limits", "ctcae", "instrument"}  # fmt: skip


def run(*runs: str) -> Any:
    some = [row for row in rows() if row.runs in runs]
    assert some, runs
    return pytest.mark.parametrize("row", some, ids=str)


INSTRUMENTS = [row for row in rows() if row.runs not in OWN or row.runs == "instrument"]


@pytest.mark.parametrize("row", INSTRUMENTS, ids=str)
def test_instrument_row_holds(row: Row) -> None:
    name = row.cells["instrument"] if row.runs == "instrument" else row.runs
    finding = assess(name, **inputs(row.cells["inputs"], WORDS))
    for column, expected in row.cells.items():
        if column not in ("id", "inputs", "mark", "instrument"):
            assert agrees(finding, column, expected), f"{column}: {finding}"


def agrees(finding: Finding, column: str, expected: str) -> bool:
    match column:
        case "bounds":
            ends = [] if expected in NONE else expected.split(" to ")
            return [str(end) for end in finding.bounds or ()] == ends
        case "flags":
            return set(finding.flags) == (set() if expected in NONE else set(expected.split(", ")))
        case "value":
            return same(finding.value, expected)
        case _:
            return same(finding.components.get(column), expected)


def same(value: Any, expected: str) -> bool:
    if value is None or isinstance(value, bool):
        return expected in (NONE if value is None else {"yes"} if value else {"no"})
    return value == expected if isinstance(value, str) else Fraction(value) == Fraction(expected)


@run("ctcae")
def test_laboratory_vector_holds(row: Row) -> None:
    (finding,) = grade_laboratory(row.cells["test"], **inputs(row.cells["inputs"]))
    assert same(finding.components["grade_value"], row.cells["grade"]), finding
    if finding.value is not None:
        assert finding.value == finding.components["grade_value"]
    elif row.cells["grade"] not in NONE:
        assert finding.bounds == (finding.components["grade_value"], finding.bounds[1])


@run("crs_episodes")
def test_course_has_these_episodes(row: Row) -> None:
    start = datetime(2025, 3, 1)
    assessments = []
    for part in row.cells["assessments"].split(" | "):
        hour, _, text = part.partition(":")
        items = {"hypotension": "no", "oxygen": "none"} | inputs(text.strip())
        assessments.append(Assessment(start + timedelta(hours=int(hour)), items))
    found = []
    for one in episodes("crs", grade_crs(assessments)):
        hours = [None if end is None else (end - start).total_seconds() / 3600 for end in (one.start, one.end)]
        highest = one.maximum
        grade = f"{highest.value}" if highest.value is not None else " to ".join(map(str, highest.bounds))
        found.append(f"{hours[0]:g}–{'…' if hours[1] is None else f'{hours[1]:g}'} {grade}")
    assert found == ([] if row.cells["episodes"] in NONE else row.cells["episodes"].split("; "))


@run("icaht_series")
def test_series_of_counts_has_this_grade(row: Row) -> None:
    counts: dict[int, int] = {}
    for part in row.cells["counts"].split(", "):
        if part.startswith("else"):
            counts = {day: int(part.split()[1]) for day in range(31)} | counts
            continue
        count, first, last = (int(number) for number in re.findall(r"\d+", part))
        counts |= dict.fromkeys(range(first, last + 1), count)
    early, _ = icaht(counts)
    assert (early.value, early.components["days_500"]) == (int(row.cells["early"]), int(row.cells["days_500"]))


@run("phase")
def test_day_is_in_this_phase(row: Row) -> None:
    assert phase_of(int(row.cells["day"])).name == row.cells["phase"]


@run("susar")
def test_event_is_reported_like_this(row: Row) -> None:
    cells = row.cells
    recorded = () if cells["criteria"] in NONE else (cells["criteria"],)
    line = AdverseEvent(
        term=cells["term"], grade=int(cells["grade"]), start=Day.of(INFUSED), serious=bool(recorded), seriousness=recorded,
        related=None if cells["causality"] in NONE else read_relation(cells["causality"]),
        expected=None if cells["expected"] in NONE else cells["expected"] == "yes",
    )  # fmt: skip
    (event,) = occurrences("P1", [line])
    found = susar(event)
    assert same(found.value, cells["susar"])
    assert same(found.components["clock_days"], cells["days"])


FIRST = date(2025, 3, 1)
USUAL = study_definition()


def evidence(lines: list[AdverseEvent], counts: list[Fact], **more: Any) -> DltEvidence:
    followed = Followed(
        participant="P1", events=[Entered(one) for one in lines], counts=[Entered(one) for one in counts], **more
    )
    return dlt_evidence(USUAL, followed, Horizon(FIRST, date(2025, 3, 29), date(2025, 6, 1)))


def count(name: str, day: int, grade: int) -> Fact:
    """A count of that grade: the limits are 75, 50 and 25 for platelets and 1.5, 1.0 and 0.5 for neutrophils."""
    value = {"platelets": ("200", "80", "60", "30", "12"), "neutrophils": ("3", "1.6", "1.2", "0.7", "0.3")}[name][
        grade
    ]
    lower = {"platelets": 150, "neutrophils": 2}[name]
    return Fact(name, Decimal(value), Day.of(FIRST + timedelta(days=day)), "10^9/L", lower=lower)


def course(row: Row) -> tuple[Occurrence | None, list[Fact]]:
    counts = [
        count("neutrophils", int(day), int(grade))
        for day, grade in re.findall(r"(\d+): (\d)", row.cells["neutrophils"])
    ]
    counts.append(count("platelets", 28, 1))
    if row.cells["events"] in NONE:
        return None, counts
    name, when, text = re.match(r"(.*?) (?:day (\d+)|(?=\d+:))(.*)", row.cells["events"]).groups()  # type: ignore[union-attr]
    start = datetime(2025, 3, 1 + 4, 8) if when is None else datetime(2025, 3, 1, 8) + timedelta(days=int(when))
    steps = [tuple(map(int, part.split(": "))) for part in (text if when is None else f"0{text}").split(", ")]
    grades = tuple((Moment.of(start + timedelta(hours=hours)), grade) for hours, grade in steps)
    highest, end = max(grade for _, grade in grades), Day.of(grades[-1][0].latest.date())
    line = AdverseEvent(term=name, grade=highest, start=Day.of(start.date()), end=end, related=True, id="AE1")
    return Occurrence("P1", (line,), grades), counts


@run("dlt")
def test_course_is_proposed_like_this(row: Row) -> None:
    event, counts = course(row)
    horizon = Horizon(FIRST, date(2025, 3, 29), date(2025, 6, 1))
    clauses = read_clauses(USUAL, [event] if event else [], Counts(counts, FIRST, horizon.as_of), horizon)
    proposed = any_known(clause.truth for clause in clauses)
    assert same(proposed, row.cells["dlt"]), [str(clause) for clause in clauses]
    late = evidence(list(event.lines) if event else [], counts).notes
    assert any("(day 29)" in note for note in late) is (row.cells["flags"] == "late_severe")


@run("evaluable")
def test_participant_counts_like_this(row: Row) -> None:
    left = row.cells["left_on_day"]
    day = None if left in NONE else Day.of(FIRST + timedelta(days=int(left)))
    judged = [AdverseEvent(term="CRS", grade=4, start=Day.of(FIRST), end=Day.of(FIRST), dlt=True)]
    found = evidence(judged if row.cells["dlt"] == "yes" else [], [], left=day)
    category = "replace" if found.outcome is Outcome.NOT_EVALUABLE else "evaluable"
    assert category == row.cells["category"]


WRITTEN = re.compile(
    r"(?P<term>.*?) (?P<grade>[1-5?]) day (?P<first>-?\d+)(?: to (?P<last>-?\d+))?(?P<more>(, [^,]+)*)"
)
SAID: dict[str, Callable[[str], dict[str, Any]]] = {
    "ongoing": lambda _: {"ongoing": True},
    "related": lambda _: {"related": True},
    "unrelated": lambda _: {"related": False},
    "judged": lambda word: {"dlt": word == "yes"},
    "outcome": lambda word: {"outcome": word},
    "led": lambda _: {"seriousness": ("death",)},
    "part": lambda word: {"component_of": word.removeprefix("of ")},
    "before": lambda word: {"baseline_grade": int(word)},
    "id": lambda word: {"id": word},
}


def written(text: str) -> AdverseEvent:
    found = WRITTEN.fullmatch(text)
    assert found, text
    first, last = (
        None if day is None else Day.of(FIRST + timedelta(days=int(day))) for day in found.group("first", "last")
    )
    fields: dict[str, Any] = {
        "grade": None if found["grade"] == "?" else int(found["grade"]),
        "start": first,
        "end": last,
    }
    for part in found["more"].split(", ")[1:]:
        kind, _, word = part.partition(" ")
        fields |= SAID[kind](word)
    return AdverseEvent(term=found["term"], **fields)


@run("outcome")
def test_events_count_like_this(row: Row) -> None:
    lines = [written(text) for text in row.cells["events"].split("; ")]
    counts = [] if "count" in row.cells["events"] else [count("neutrophils", 28, 1), count("platelets", 28, 1)]
    followed = Followed(participant="P1", events=list(map(Entered, lines)), counts=list(map(Entered, counts)))
    found = dlt_evidence(USUAL, followed, Horizon(FIRST, date(2025, 3, 29), FIRST + timedelta(days=42)))
    words = {Outcome.DLT: "DLT", Outcome.NO_DLT: "no DLT", Outcome.NOT_EVALUABLE: "not evaluable"}
    assert words.get(found.outcome, "in doubt" if found.in_doubt else "open") == row.cells["outcome"], found


@run("three_plus_three")
def test_escalation_goes_on_like_this(row: Row) -> None:
    decision = next_dose(three_plus_three(3), parse_conduct(row.cells["so_far"]))
    said = f"treat {decision.level}" if decision.action == "treat" else decision.action
    assert said == row.cells["next"], decision


@run("clopper_pearson")
def test_limits_are_exact(row: Row) -> None:
    found = clopper_pearson(int(row.cells["events"]), int(row.cells["of"]))
    assert found.percent is not None
    for value, column in ((found.percent, "percent"), (100 * found.low, "low"), (100 * found.high, "high")):
        assert abs(float(value) - float(row.cells[column])) < 0.05, column


@run("emergent")
def test_event_is_emergent_or_not(row: Row) -> None:
    onset = None if row.cells["onset"] in NONE else Day.parse(row.cells["onset"])
    baseline = None if row.cells["baseline_grade"] in NONE else int(row.cells["baseline_grade"])
    after = int(row.cells["grade_after"])
    before = AdverseEvent(term="Hypertension", grade=baseline, start=onset, baseline_grade=baseline, id="1")
    later = AdverseEvent(term="Hypertension", grade=after, start=Day.of(INFUSED + timedelta(days=3)), id="1")
    (event,) = occurrences("P1", [before, later] if onset and baseline else [replace(before, grade=after)])
    assert same(event.is_worse_since(INFUSED), row.cells["emergent"])


@run("tally")
def test_events_are_counted_like_this(row: Row) -> None:
    events = []
    for text in row.cells["events"].split("; "):
        person, name, grade, part = re.match(r"(P\d) (.*) (\d)( \(CRS\))?", text).groups()  # type: ignore[union-attr]
        day = Day.of(INFUSED + timedelta(days=2))
        line = AdverseEvent(term=name, grade=int(grade), start=day, component_of="CRS" if part else "")
        events += occurrences(person, [line])
    population = [Treated(f"P{number}", INFUSED) for number in range(1, 7)]
    counted = [one for one in emergent(events, population, date(2025, 12, 1)) if one.term.name == row.cells["term"]]
    found = tally(row.cells["term"], counted, 6)
    highest = max((grade for grade in found.highest if grade is not None), default=None)
    assert (found.events, found.participants.events) == (int(row.cells["number"]), int(row.cells["participants"]))
    assert same(highest, row.cells["highest"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_well_formed(page: Any) -> None:
    some = list(page_rows(page))
    assert some, "no table under a heading that names what it runs"
    names = [row.cells["id"] for row in some if "id" in row.cells]
    assert len(set(names)) == len(names), "two rows have the same id"
    for row in some:
        assert row.runs in OWN or row.runs in catalogue(), row
        assert "mark" not in row.cells or row.cells["mark"] in MARKS, row
