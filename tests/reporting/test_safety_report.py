"""The safety part of the report: tables and figures from records, deterministic, up to the cut-off."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import date
from decimal import Decimal

import pytest

from escalon.conduct.judge.cutoff import as_of
from escalon.facts import Day, Fact
from escalon.history import Trial
from escalon.history.events import AdverseEventRecorded
from escalon.protocol import load_study
from escalon.reporting.adverse_events import events_of
from escalon.reporting.figures.safety_timeline import EpisodeBar, safety_timeline
from escalon.reporting.figures.swimmer import MARKS, Mark, Swimmer, swimmer_plot
from escalon.reporting.safety import safety_parts, safety_population
from escalon.reporting.tables.adverse_events import (
    group_grid,
    interest_grid,
    listing_grid,
    overview_grid,
    period_grid,
    term_grid,
)
from escalon.reporting.tables.dose_limiting import dlt_grid, study_definition
from escalon.reporting.tables.infections import infection_grid
from escalon.reporting.tables.reporting_clock import FirstKnown, clock_grid
from escalon.safety.adverse_event import NOT_CODED, coded
from escalon.safety.counting import emergent
from escalon.safety.occurrence import Occurrence, occurrences
from tests.histories import Infusion, history

INFUSED = date(2025, 3, 10)
CUTOFF = Day.parse("2025-09-01")


def event(
    person: str, term: str, grade: int | None, start: str, end: str | None = None, **more: object
) -> AdverseEventRecorded:
    days = {"start": Day.parse(start), "end": None if end is None else Day.parse(end)}
    return AdverseEventRecorded(participant=person, term=term, grade=grade, **days, **more)  # type: ignore[arg-type]


EVENTS = (
    event("P1", "CRS", 2, "2025-03-14", "2025-03-18", related=True, serious=True, action="tocilizumab"),
    event("P1", "ICANS", 1, "2025-03-16", "2025-03-17", related=True),
    event("P2", "Lung infection", 3, "2025-05-02", "2025-05-12", related=False, serious=True, id="AE7"),
    event("P2", "Nausea", 1, "2025-03-01", "2025-03-04", related=False),
    event("P2", "Platelet count decreased", 4, "2025-03-05", "2025-04-09"),
    event("P3", "Feeling odd", None, "2025-03"),
    event("P3", "Myocarditis", 5, "2025-03-20", "2025-03-24", outcome="fatal", dlt=True, id="AE9"),
)


@pytest.fixture(scope="module")
def records() -> Trial:
    infusions = tuple(Infusion(f"P{n}", 1 if n < 3 else 2, Day.of(INFUSED)) for n in (1, 2, 3, 4))
    facts = tuple(Fact("disease", "RA" if n % 2 else "SLE", Day.of(INFUSED), participant=f"P{n}") for n in (1, 2, 3, 4))
    facts += tuple(
        Fact("lymphodepletion_start", True, Day.parse("2025-03-05"), participant=f"P{n}") for n in (1, 2, 3, 4)
    )
    facts += (Fact("study_discontinuation", True, Day.parse("2025-06-01"), participant="P4"),)
    return history(facts, (), EVENTS, infusions)


def test_everyone_infused_is_the_safety_population(records: Trial) -> None:
    found = safety_population(load_study("nct07052565"), records, CUTOFF.latest)
    assert [(one.participant, one.level, one.disease, one.observed_to) for one in found] == [
        ("P1", "level 1", "RA", date(2025, 9, 1)), ("P2", "level 1", "SLE", date(2025, 9, 1)),
        ("P3", "level 2", "RA", date(2025, 9, 1)), ("P4", "level 2", "SLE", date(2025, 6, 1)),
    ]  # fmt: skip


def grids(records: Trial):  # type: ignore[no-untyped-def]
    population = safety_population(load_study("nct07052565"), records, CUTOFF.latest)
    return emergent(events_of(records), population, CUTOFF.latest), population


def test_words_that_are_no_term_are_kept_as_not_coded(records: Trial) -> None:
    assert coded("Feeling odd").system_class == NOT_CODED
    events, population = grids(records)
    assert NOT_CODED in {row[0] for row in term_grid(events, population).rows}


def test_overview_counts_events_and_participants(records: Trial) -> None:
    events, population = grids(records)
    rows = {row[0]: row[1:] for row in overview_grid(events, population, CUTOFF.latest).rows}
    assert rows["any event"][2].startswith("6; 3 (75.0 %")
    assert rows["grade 3 or more"][2].startswith("3; 2 (50.0 %")
    assert rows["fatal"][1].startswith("1; 1 (50.0 %")
    assert rows["grade not recorded"][2].startswith("1; 1")


def test_event_that_ended_before_infusion_is_left_out(records: Trial) -> None:
    events, population = grids(records)
    assert "  Nausea" not in {row[0] for row in term_grid(events, population).rows}
    before = emergent(events_of(records), population, CUTOFF.latest, "lymphodepletion")
    assert [row[1] for row in period_grid(before, population).rows] == ["1", "4", "1"]


def test_special_interest_has_onset_duration_and_treatment(records: Trial) -> None:
    events, population = grids(records)
    rows = {row[0]: row for row in interest_grid(events, population).rows}
    assert rows["CRS"][3:] == ("2", "4 (4–4)", "5 (5–5)", "tocilizumab")
    assert rows["infection"][1] == "1"


def test_groups_by_disease_and_listing(records: Trial) -> None:
    events, population = grids(records)
    grid = group_grid(events, population, "disease", lambda person: person.disease)
    assert [row[:2] for row in grid.rows] == [("RA", "2"), ("SLE", "2")]
    listed = [(row[0], row[2]) for row in listing_grid(events, population).rows]
    assert ("P3", "Myocarditis") in listed
    assert ("P3", "Feeling odd") in listed


def test_proposal_stands_beside_the_decision(records: Trial) -> None:
    grid = dlt_grid(load_study("nct07052565"), records, CUTOFF.latest)
    assert grid is not None
    rows = {row[0]: row for row in grid.rows}
    assert rows["P3"][1:4:2] == ("DLT", "DLT")
    assert "Myocarditis" in rows["P3"][2]
    assert rows["P1"][1] == "open"  # nobody recorded the blood counts


def test_blood_counts_are_graded_into_the_proposal() -> None:
    infusion = Infusion("P1", 1, Day.of(INFUSED))

    def count(name: str, value: str, day: str) -> Fact:
        return Fact(name, Decimal(value), Day.parse(day), "10^9/L", participant="P1", lower=Decimal("1.5"))

    facts = (count("neutrophils", "0.4", "2025-04-07"), count("platelets", "200", "2025-04-07"))
    records = history(facts, (), (), (infusion,))
    grid = dlt_grid(load_study("nct07052565"), records, CUTOFF.latest)
    assert grid is not None
    assert grid.rows[0][1] == "DLT"
    assert "grade 4 on day 28" in grid.rows[0][2]


def test_definition_of_the_study_folder_is_read() -> None:
    definition = study_definition(load_study("nct07052565"))
    assert definition is not None
    assert (definition.window_days, definition.confirmed, len(definition.rules)) == (28, False, 9)


def test_same_records_and_cutoff_give_the_same_bytes(records: Trial) -> None:
    study = load_study("nct07052565")
    assert safety_parts(study, records, CUTOFF) == safety_parts(study, records, CUTOFF)


def test_earlier_cutoff_does_not_know_what_came_later(records: Trial) -> None:
    early = Day.parse("2025-03-17")
    text = "".join(safety_parts(load_study("nct07052565"), as_of(records, early), early))
    assert "Lung infection" not in text
    assert "CRS grade 2 from day 4 still there at the cut-off" in text


def test_nobody_infused_is_said() -> None:
    assert safety_parts(load_study("nct07052565"), history(), CUTOFF) == ["<p>Nobody has been infused.</p>"]


@pytest.mark.parametrize(
    "drawing",
    [
        safety_timeline(
            [EpisodeBar("P<1>", "CRS", 4, 8, 2), EpisodeBar("P<1>", "ICANS", 6, None, None)], ["P<1>", "P2"], 200
        ),
        safety_timeline([], ["P1"], 28),
        safety_timeline([], [], 28),
        swimmer_plot([Swimmer("P<1>", 1, 300, "left", (Mark(5, "DLT", "CRS & co"),))], "2025-09-01"),
        swimmer_plot([], "2025-09-01"),
    ],
)
def test_drawing_is_well_formed_and_says_what_it_shows(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_grade_is_printed_and_not_only_coloured() -> None:
    drawing = safety_timeline([EpisodeBar("P1", "CRS", 4, 8, 3)], ["P1"], 28)
    assert ">3</text>" in drawing
    assert "P1 CRS grade 3 from day 4 to day 8" in drawing


def test_marks_of_one_day_do_not_hide_each_other() -> None:
    marks = tuple(Mark(5, kind, kind) for kind in MARKS)[:3]
    drawing = swimmer_plot([Swimmer("P1", 1, 100, "", marks)], "2025-09-01")
    root = ElementTree.fromstring(drawing)
    places = [
        one.get("d") or one.get("cy")
        for kind in ("path", "circle")
        for one in root.iter(f"{{http://www.w3.org/2000/svg}}{kind}")
    ]
    assert len(set(places)) == len(places) > 3


def test_infection_density_counts_the_days_each_person_was_observed(records: Trial) -> None:
    events, population = grids(records)
    rows = {row[0]: row[1:] for row in infection_grid(events, population, CUTOFF.latest).rows}
    # Four people: 29 days each; then 72 days each; then three to day 175 (75 days each) and one to day 83 (none).
    assert rows["acute"] == ("0", "116", "0.00", "0")
    assert rows["intermediate"] == ("1", str(3 * 72 + 55), f"{100 / (3 * 72 + 55):.2f}", "1")
    assert rows["late"] == ("0", str(3 * 75), "0.00", "0")


def test_reports_that_are_due_are_listed_with_the_most_urgent_first() -> None:
    def one(grade: int, term: str, **more: object) -> Occurrence:
        line = event("P1", term, grade, str(INFUSED), id=term, **more)
        return occurrences("P1", [line])[0]

    aware = date(2025, 3, 20)
    known = [
        FirstKnown(one(3, "Colitis", seriousness=("hospitalisation",)), aware),
        FirstKnown(one(5, "Myocarditis"), aware, (("SUSAR, first report", date(2025, 3, 28)),)),
        FirstKnown(one(1, "Nausea", serious=False), aware),
    ]
    rows = [(row[0], row[2], row[5]) for row in clock_grid(known, date(2025, 4, 6)).rows]
    assert rows == [
        ("2025-03-27", "Myocarditis", "sent 2025-03-28, 1 days late"),
        ("2025-04-04", "Colitis", "LATE by 2 days"),
        ("2025-04-04", "Myocarditis", "LATE by 2 days"),
    ]
