"""The study's definition of a dose-limiting toxicity, and its clauses on events and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Fact, Truth, any_known
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.blood_counts import Counts
from escalon.safety.dlt_clauses import ClauseRead, read_clauses
from escalon.safety.dlt_definition import DefinitionError, DltDefinition, DltRule, definition_of
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.occurrence import Moment, Occurrence, lasted_longer, occurrences
from tests.safety.definition import study_definition

INFUSED = date(2025, 3, 1)
CUTOFF = date(2025, 6, 1)
USUAL = study_definition()


def count(name: str, day: int, value: str) -> Fact:
    return Fact(name, Decimal(value), Day.of(INFUSED + timedelta(days=day)), "10^9/L", lower=Decimal(2))


FINE = [count("neutrophils", 28, "3"), count("platelets", 28, "200")]


def crs(hours: int, grade: int = 3) -> Occurrence:
    start = datetime(2025, 3, 5, 8)
    end = start + timedelta(hours=hours)
    line = AdverseEvent(term="CRS", grade=grade, start=Day.of(start.date()), end=Day.of(end.date()), id="AE1")
    return Occurrence("P1", (line,), ((Moment.of(start), grade), (Moment.of(end), 2)))


def event(term: str, grade: int | None, start: str | None, end: str | None = None, **more: object) -> Occurrence:
    days = {"start": start and Day.parse(start), "end": end and Day.parse(end)}
    (found,) = occurrences("P1", [AdverseEvent(term=term, grade=grade, **days, **more)])  # type: ignore[arg-type]
    return found


def clauses(
    *events: Occurrence, counts: list[Fact] = FINE, cutoff: date = CUTOFF, by: DltDefinition = USUAL
) -> dict[str, ClauseRead]:
    horizon = Horizon(INFUSED, INFUSED + timedelta(days=by.window_days), cutoff)
    return {one.id: one for one in read_clauses(by, events, Counts(counts, INFUSED, cutoff), horizon)}


def proposed(*events: Occurrence, **more: object) -> Truth:
    return any_known(clause.truth for clause in clauses(*events, **more).values())  # type: ignore[arg-type]


@given(st.integers(1, 200))
def test_grade_three_is_a_dlt_exactly_beyond_72_hours(hours: int) -> None:
    assert proposed(crs(hours)) is (hours > 72)


def test_clause_that_is_met_is_named_with_its_evidence() -> None:
    met = clauses(crs(73))["DLT-1b"]
    assert met.truth is True
    assert "CRS, grade 3, from 2025-03-05" in str(met)


def test_days_without_a_clock_leave_the_hours_open() -> None:
    lines = [
        AdverseEvent(term="CRS", grade=3, start=Day.parse("2025-03-05"), id="1"),
        AdverseEvent(term="CRS", grade=2, start=Day.parse("2025-03-08"), end=Day.parse("2025-03-09"), id="1"),
    ]
    assert proposed(*occurrences("P1", lines)) is None
    assert proposed(event("CRS", 3, "2025-03-05", "2025-03-12")) is True
    assert proposed(event("CRS", 3, "2025-03-05", "2025-03-06")) is False


@pytest.mark.parametrize("end", [None, "2025-03-20"])
def test_event_without_a_first_day_leaves_open_how_long_it_lasted(end: str | None) -> None:
    """As an older record may hold it; whoever had it is not free of a DLT."""
    for grade in (3, 4):
        read = clauses(event("Sepsis", grade, None, end))["DLT-3"]
        assert (read.truth, [ground.is_doubt for ground in read.grounds]) == (None, [True])
    assert proposed(event("CRS", 3, None, end)) is None
    assert proposed(event("Sepsis", 2, None, end)) is False


def test_grade_that_still_lasts_is_open_until_the_time_has_passed() -> None:
    eight = Moment.of(datetime(2025, 3, 5, 8))
    lasting = Occurrence("P1", (AdverseEvent(term="CRS", grade=3, start=Day.parse("2025-03-05")),), ((eight, 3),))
    assert lasted_longer(lasting, 3, timedelta(hours=72), 2, datetime(2025, 3, 8, 8)) is None
    assert lasted_longer(lasting, 3, timedelta(hours=72), 2, datetime(2025, 3, 8, 9)) is True


@pytest.mark.parametrize(("ongoing", "met"), [(True, True), (False, None)])
def test_end_that_nobody_recorded_is_not_the_same_as_going_on(ongoing: bool, met: Truth) -> None:
    assert clauses(event("ICANS", 3, "2025-03-05", ongoing=ongoing))["DLT-2b"].truth is met


def test_time_alone_settles_what_has_just_begun() -> None:
    begun = event("CRS", 3, "2025-03-05", ongoing=True)
    (ground,) = clauses(begun, cutoff=date(2025, 3, 7))["DLT-1b"].grounds
    assert (ground.truth, ground.by, ground.is_doubt) == (None, date(2025, 3, 9), False)
    (ground,) = clauses(begun, cutoff=date(2025, 3, 9))["DLT-1b"].grounds
    assert (ground.truth, ground.by, ground.is_doubt) == (True, None, True)


def test_onset_known_to_the_month_may_lie_outside_the_window() -> None:
    assert proposed(event("CRS", 4, "2025-03")) is None
    assert proposed(event("CRS", 4, "2025-03-29")) is True
    assert proposed(event("CRS", 4, "2025-03-30")) is False


@pytest.mark.parametrize(
    ("start", "end", "baseline", "met"),
    [
        ("2025-02-20", "2025-02-28", None, False),  # over before the infusion
        ("2025-02-20", "2025-03-20", None, None),  # there before, and how grave is not recorded
        ("2025-02-20", "2025-03-20", 3, False),  # no worse than before
        ("2025-02-20", "2025-03-20", 1, True),
        ("2025-03-01", "2025-03-20", None, True),
        ("2025-03-29", "2025-04-20", None, True),  # begun on the last day of the window
        ("2025-03-30", "2025-04-20", None, False),
    ],
)
def test_event_counts_while_it_lasts_in_the_window_and_where_it_is_new_or_worse(
    start: str, end: str, baseline: int | None, met: Truth
) -> None:
    found = clauses(event("Hepatic failure", 3, start, end, baseline_grade=baseline))
    assert found["DLT-3"].truth is met


def test_line_that_was_over_before_the_infusion_does_not_lend_its_grade() -> None:
    lines = [
        AdverseEvent(term="CRS", grade=4, start=Day.parse("2025-02-20"), end=Day.parse("2025-02-25"), id="1"),
        AdverseEvent(term="CRS", grade=2, start=Day.parse("2025-02-26"), end=Day.parse("2025-03-05"), id="1"),
    ]
    assert proposed(*occurrences("P1", lines)) is False


@pytest.mark.parametrize(("died", "met"), [("2025-03-29", True), ("2025-03-30", False)])
def test_death_counts_by_its_day(died: str, met: bool) -> None:
    assert clauses(event("Cardiac arrest", 5, "2025-03-20", died))["DLT-5"].truth is met
    assert clauses(event("Cardiac arrest", 3, "2025-03-20", died, outcome="Died"))["DLT-5"].truth is met


def test_grade_nobody_recorded_leaves_the_clauses_it_could_meet_open() -> None:
    found = clauses(event("CRS", None, "2025-03-05", "2025-03-12"))
    assert {name for name, one in found.items() if one.truth is None} == {
        "DLT-1a",
        "DLT-1b",
        "DLT-3",
        "DLT-5",
        "DLT-5a",
    }
    assert clauses(event("CRS", None, "2025-03-05", "2025-03-06"))["DLT-1b"].truth is False


def test_words_that_are_no_term_are_judged_by_their_grade() -> None:
    found = clauses(event("Feeling odd", 4, "2025-03-05", "2025-03-06"))
    assert {name for name, one in found.items() if one.truth is None} == {"DLT-1a", "DLT-2a", "DLT-6"}


def test_excluded_event_is_no_dlt() -> None:
    flare = event("Arthritis", 3, "2025-03-05", "2025-03-20", interest="disease_flare")
    assert proposed(flare) is False
    assert proposed(event("Arthritis", 3, "2025-03-05", "2025-03-20")) is True


@pytest.mark.parametrize(("related", "met"), [(False, False), (None, True), (True, True)])
def test_unrelated_toxicity_is_not_counted_but_missing_relation_is(related: Truth, met: bool) -> None:
    assert proposed(event("Hepatic failure", 3, "2025-03-05", "2025-03-20", related=related)) is met


def test_component_of_crs_is_left_to_the_crs_clause() -> None:
    low = event("Hypotension", 3, "2025-03-05", "2025-03-20", component_of="CRS")
    assert proposed(low, event("CRS", 2, "2025-03-04", "2025-03-20")) is False


def test_what_is_called_a_part_of_itself_or_of_its_own_part_is_judged_by_itself() -> None:
    assert proposed(event("CRS", 4, "2025-03-05", "2025-03-08", component_of="CRS")) is True
    crs = event("CRS", 4, "2025-03-05", "2025-03-08", component_of="ICANS")
    assert proposed(crs, event("ICANS", 4, "2025-03-05", "2025-03-08", component_of="CRS")) is True


@pytest.mark.parametrize(
    ("low", "expected"),
    [
        ({20: "12", 28: "12"}, True),
        ({20: "12", 27: "30"}, False),
        ({20: "12", 25: "12"}, None),
        ({20: "12", 30: "12"}, True),  # grade 4 before the day and after it, nothing better between
        ({20: "12", 30: "30"}, None),  # recovered by day 30; whether by day 28 nobody recorded
        ({7: "200"}, None),
        ({7: "200", 28: "200"}, False),
        ({}, None),
    ],
)
def test_counts_tell_whether_they_recovered_by_the_day(low: dict[int, str], expected: Truth) -> None:
    counts = [FINE[0], *(count("platelets", day, value) for day, value in low.items())]
    found = clauses(counts=counts)["DLT-4"]
    assert found.truth is expected
    assert any(ground.is_doubt for ground in found.grounds) is (expected is not False and 20 in low)


def test_clause_on_counts_reads_its_own_terms_from_infusion_on() -> None:
    other = event("Hypokalemia", 4, "2025-03-05", "2025-04-10")
    assert {ground.is_silence for ground in clauses(other, counts=[])["DLT-4"].grounds} == {True}
    before = [*FINE, count("platelets", -1, "12")]
    assert clauses(counts=before)["DLT-4"].truth is False
    assert clauses(event("Thrombopenia", 4, "2025-03-05", "2025-04-10"), counts=[])["DLT-4"].truth is None
    assert any(
        ground.is_doubt for ground in clauses(event("Odd", 4, "2025-03-05", "2025-04-10"), counts=[])["DLT-4"].grounds
    )


def test_low_count_before_its_day_is_open_and_no_doubt() -> None:
    found = clauses(counts=[count("platelets", 7, "12")], cutoff=INFUSED + timedelta(days=10))["DLT-4"]
    assert found.by == INFUSED + timedelta(days=28)
    assert not any(ground.is_doubt for ground in found.grounds)


@pytest.mark.parametrize(
    ("grade", "end", "expected"),
    [(4, "2025-03-20", False), (4, "2025-03-29", False), (4, "2025-03-30", None), (4, None, None), (3, None, None)],
)
def test_recorded_cytopenia_stands_in_for_counts_nobody_recorded(grade: int, end: str | None, expected: Truth) -> None:
    low = event("Neutrophil count decreased", grade, "2025-02-26", end)
    found = clauses(low, counts=[FINE[1]])["DLT-4"]
    assert found.truth is expected
    assert any(ground.is_doubt for ground in found.grounds) is (expected is None and grade == 4)


def test_count_on_the_day_tells_more_than_the_row_of_the_event() -> None:
    low = event("Platelet count decreased", 4, "2025-02-26", "2025-04-20")
    assert clauses(low, counts=FINE)["DLT-4"].truth is False
    early = [FINE[0], count("platelets", 1, "200")]
    assert clauses(low, counts=early)["DLT-4"].truth is None


# ---- the definition as data


def test_study_folder_states_its_definition() -> None:
    assert (len(USUAL.rules), USUAL.window_days, USUAL.confirmed) == (9, 28, False)
    assert USUAL.marks == {"lymphodepletion_only", "disease_flare", "infection_at_enrolment"}


RULE = DltRule("X", "CRS grade 3", ("CRS",), 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"grade": 6}, "Write 1 to 5"), ({"improves_to": 3}, "no improvement"), ({"at_most_grade": 2}, "below grade 3")],
)
def test_mistake_in_a_definition_is_named(change: dict[str, int], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        definition_of([replace(RULE, **change)], 28)
    with pytest.raises(DefinitionError, match="no clause"):
        definition_of([], 28)


def test_every_threshold_is_a_parameter() -> None:
    strict = definition_of([replace(RULE, within_hours=24, improves_to=2)], 42)
    assert proposed(crs(25), by=strict) is True
    assert strict.window_days == 42
