"""Adverse events: reading a table, seriousness and clocks, infections, counting."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from escalon.facts import Day
from escalon.instruments import assess
from escalon.instruments.safety.ctcae.terms import find_term
from escalon.safety.adverse_event import (
    AdverseEvent,
)
from escalon.safety.counting import (
    ReportingPeriod,
    Treated,
    before_infusion,
    carried_over,
    emergent,
    in_period,
    tally,
    timing,
)
from escalon.safety.infections import Isolate, infection_density, infection_episodes
from escalon.safety.occurrence import Occurrence, occurrences
from escalon.safety.proportion import clopper_pearson
from escalon.safety.seriousness import awareness, due, is_related, special_interest, susar
from escalon.safety.words import (
    Criterion,
    Outcome,
    read_grade,
    read_outcome,
    read_relation,
    read_seriousness,
    read_syndrome,
)

INFUSED = date(2025, 3, 10)
CUTOFF = date(2025, 9, 1)
PEOPLE = [
    Treated(f"P{n}", INFUSED, date(2025, 3, 5), level="1" if n <= 3 else "2", disease="RA" if n % 2 else "SLE")
    for n in range(1, 7)
]


def event(
    person: str = "P1", term: str = "Nausea", grade: int | None = 1, start: str | None = "2025-03-12", **more: object
) -> Occurrence:
    day = None if start is None else Day.parse(start)
    (found,) = occurrences(person, [AdverseEvent(term=term, grade=grade, start=day, **more)])  # type: ignore[arg-type]
    return found


# ---- closed lists


@pytest.mark.parametrize("text", ["fatal", "Fatal", "DEATH", "died", "死亡", " Died "])
def test_death_is_read_whichever_way_it_is_written(text: str) -> None:
    assert read_outcome(text) is Outcome.FATAL
    assert event(grade=3, outcome=text).is_fatal


def test_closed_lists_are_read_without_regard_to_case_and_say_what_to_write() -> None:
    assert read_outcome("RECOVERED/RESOLVED WITH SEQUELAE") is Outcome.RECOVERED_WITH_SEQUELAE
    assert read_outcome("") is None
    assert read_seriousness("Hospitalization, life threatening") == (
        Criterion.LIFE_THREATENING,
        Criterion.HOSPITALISATION,
    )
    assert read_syndrome("Cytokine Release Syndrome") == read_syndrome("crs") == "CRS"
    assert [read_relation(text) for text in ("Possible", "unlikely", "无关", "")] == [True, False, False, None]
    assert [read_relation(text) for text in ("POSSIBLY RELATED", "Suspected", "Unlikely Related")] == [
        True,
        True,
        False,
    ]
    assert [read_grade(text) for text in ("3级", "Grade 3", "IV")] == [3, 3, 4]
    for read in (read_outcome, read_seriousness, read_syndrome, read_relation):
        with pytest.raises(ValueError, match=r"'odd' is no.*Write one of"):
            read("odd")


@pytest.mark.parametrize(
    ("field", "value"),
    [("grade", 0), ("grade", 6), ("baseline_grade", 6), ("outcome", "odd"), ("seriousness", ("odd",))],
)
def test_what_no_event_can_say_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="Write"):
        AdverseEvent(term="Nausea", **{field: value})


# ---- lines of one event


def line(term: str, grade: int | None, start: str, end: str | None, **more: object) -> AdverseEvent:
    days = {"start": Day.parse(start), "end": None if end is None else Day.parse(end)}
    return AdverseEvent(term=term, grade=grade, **days, **more)  # type: ignore[arg-type]


def test_lines_of_one_id_are_one_event_at_its_highest_grade() -> None:
    some = [
        line("Anemia", 3, "2025-03-12", "2025-03-18", id="7", serious=True, aware=Day.parse("2025-03-13")),
        line("anaemia", 2, "2025-03-06", "2025-03-12", id="7", aware=Day.parse("2025-03-09")),
    ]
    (found,) = occurrences("P1", some)
    assert (found.grade, str(found.start), str(found.end), found.serious) == (3, "2025-03-06", "2025-03-18", True)
    assert [grade for _, grade in found.steps] == [2, 3, 0]
    assert awareness(found) == Day.parse("2025-03-13")
    assert tally("any", [found], 6).events == 1


def test_lines_without_an_id_or_of_another_term_are_events_of_their_own() -> None:
    same = line("Nausea", 1, "2025-03-12", None)
    assert len(occurrences("P1", [same, same])) == 2
    assert (
        len(
            occurrences(
                "P1", [line("Nausea", 1, "2025-03-12", None, id="7"), line("Fever", 1, "2025-03-12", None, id="7")]
            )
        )
        == 2
    )


def test_words_of_the_investigator_are_kept_each_once() -> None:
    some = [
        line("CRS", 2, "2025-03-12", None, id="1", description="fever and chills"),
        line("CRS", 3, "2025-03-13", None, id="1", description="fever and chills"),
        line("CRS", 1, "2025-03-14", None, id="1"),
    ]
    assert occurrences("P1", some)[0].verbatim == "fever and chills; CRS"


def test_recovery_between_two_lines_of_one_event_is_a_step() -> None:
    some = [line("CRS", 3, "2025-03-12", "2025-03-14", id="1"), line("CRS", 2, "2025-03-20", "2025-03-22", id="1")]
    (found,) = occurrences("P1", some)
    assert [grade for _, grade in found.steps] == [3, 0, 2, 0]


def test_event_as_of_a_day_does_not_know_how_it_ended() -> None:
    early = event(
        grade=5, start="2025-03-12", end=Day.parse("2025-03-20"), outcome="fatal", seriousness=("death",)
    ).as_of(date(2025, 3, 15))
    assert early is not None
    assert (early.is_fatal, early.grade, early.ongoing) == (False, None, True)
    assert event(start="2025-03-16").as_of(date(2025, 3, 15)) is None


# ---- relation, seriousness, clocks


def test_missing_causality_counts_as_related() -> None:
    assert is_related(event())
    assert is_related(event(related=True))
    assert not is_related(event(related=False))


def test_clock_counts_calendar_days_from_awareness() -> None:
    fatal = event(grade=5, term="Myocarditis", seriousness=("death",))
    other = event(grade=3, term="Myocarditis", seriousness=("hospitalisation",))
    aware = date(2025, 3, 20)
    assert [report.by for report in due(fatal, aware)] == [date(2025, 3, 27), date(2025, 4, 4)]
    assert [report.by for report in due(other, aware)] == [date(2025, 4, 4)]


def test_an_expectedness_that_nobody_recorded_counts_as_unexpected_and_is_said_to() -> None:
    grave = event(grade=4, term="CRS", seriousness=("life_threatening",))
    assert susar(grave).value is True
    assert "unexpected: not assessed, which counts as yes" in susar(grave).reasons
    assert susar(event(grade=4, term="CRS", seriousness=("life_threatening",), expected=True)).value is False


def test_unknown_seriousness_does_not_stop_the_clock() -> None:
    unknown = event(grade=3, term="Myocarditis")
    assert susar(unknown).value is None
    assert due(unknown, date(2025, 3, 20))


def test_event_not_related_and_not_serious_is_not_due() -> None:
    mild = event(serious=False)
    assert due(mild, date(2025, 3, 20)) == ()


def test_special_interest_starts_at_grade_three_for_infections() -> None:
    assert special_interest(event(term="Lung infection", grade=3)) == "infection"
    assert special_interest(event(term="Lung infection", grade=2)) is None
    assert special_interest(event(term="ICANS", grade=1)) == "ICANS"
    assert [special_interest(event(term="ICAHT", grade=grade)) for grade in (2, 3)] == [None, "ICAHT"]
    assert special_interest(event(term="Rash", interest="disease flare")) == "disease flare"


# ---- infections


def test_two_isolates_at_one_site_within_seven_days_are_one_episode() -> None:
    days = [Isolate("P1", "blood", day) for day in (3, 10, 18)] + [Isolate("P1", "lung", 4), Isolate("P2", "blood", 4)]
    found = infection_episodes(days)
    assert [(one.participant, one.isolates[0].site, one.onset) for one in found] == [
        ("P1", "blood", 3), ("P1", "lung", 4), ("P1", "blood", 18), ("P2", "blood", 4),
    ]  # fmt: skip


def test_density_is_per_hundred_patient_days_and_unknown_without_days() -> None:
    found = infection_density(infection_episodes([Isolate("P1", "blood", 3)]), {"acute": 58})
    assert found["acute"] == (1, 58, Fraction(100, 58))
    assert found["late"] == (0, 0, None)


# ---- counting


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_are_those_of_the_beta_quantiles(counts: tuple[int, int]) -> None:
    x, n = counts
    found = clopper_pearson(x, n)
    low = 0.0 if x == 0 else beta.ppf(0.025, x, n - x + 1)
    high = 1.0 if x == n else beta.ppf(0.975, x + 1, n - x)
    assert abs((found.low or 0) - low) < 1e-9
    assert abs((found.high or 0) - high) < 1e-9


def test_nobody_observed_has_no_limits() -> None:
    assert clopper_pearson(0, 0).low is None
    with pytest.raises(ValueError, match="between 0"):
        clopper_pearson(4, 3)


@pytest.mark.parametrize(
    ("onset", "expected"), [("2025-03-09", False), ("2025-03-10", True), ("2025-03", True), (None, True)]
)
def test_emergence_of_partial_days(onset: str | None, expected: bool) -> None:
    one = event(start=onset, baseline_grade=1, grade=1)
    assert one.is_worse_since(INFUSED) is expected


@pytest.mark.parametrize(("grade", "baseline", "counted"), [(1, 1, False), (2, 1, True), (1, None, False)])
def test_old_condition_counts_only_where_a_recorded_grade_says_it_became_worse(
    grade: int, baseline: int | None, counted: bool
) -> None:
    old = event(term="Headache", grade=grade, start="1986", ongoing=True, baseline_grade=baseline)
    assert bool(emergent([old], PEOPLE, CUTOFF)) is counted
    assert bool(carried_over([old], PEOPLE, CUTOFF)) is (baseline is None)


def test_periods_part_the_events() -> None:
    before, first, later = (event(start=day, baseline_grade=0) for day in ("2025-03-07", "2025-04-07", "2025-04-08"))
    some = emergent([before, first, later], PEOPLE, CUTOFF)
    periods = (ReportingPeriod("infusion to day 28", 0, 28), ReportingPeriod("later", 29, None))
    assert [in_period(some, PEOPLE, period) for period in periods] == [(first,), (later,)]
    assert before_infusion([before, first, later], PEOPLE) == (before,)


def test_events_after_the_cutoff_and_of_others_are_not_counted() -> None:
    assert emergent([event(start="2025-09-02"), event(person="X9")], PEOPLE, CUTOFF) == ()


def test_participant_counts_once_at_the_highest_grade() -> None:
    found = tally("all", [event(grade=1), event(grade=3, term="Fatigue"), event("P2", grade=None)], 6)
    assert (found.events, found.participants.events, dict(found.highest), found.at_least(3)) == (
        3,
        2,
        {3: 1, None: 1},
        1,
    )


def test_onset_and_duration_are_days_with_median_and_range() -> None:
    some = [
        event("P1", "CRS", 2, "2025-03-12", end=Day.parse("2025-03-14")),
        event("P2", "CRS", 1, "2025-03-16", end=Day.parse("2025-03-16")),
        event("P3", "CRS", 1, "2025-03"),
    ]
    found = timing(some, PEOPLE)
    assert (found.median_onset, found.onset, found.median_duration, found.duration, found.open) == (
        4,
        (2, 6),
        2,
        (1, 3),
        1,
    )


def test_term_without_an_end_is_open() -> None:
    assert timing([event(term="Fatigue")], PEOPLE).open == 1
    assert find_term("Fatigue").grades


# ---- local events


def test_local_event_outside_aplasia_suggests_a_flare() -> None:
    finding = assess(
        "licats", organ="skin", affected_before=True, other_cause=False, care="observation", b_cell_aplasia=False
    )
    assert "outside_b_cell_aplasia" in finding.flags
