"""What cannot be true together is named, and what can be is not."""

from __future__ import annotations

import pytest

from escalon.facts import Day
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.contradictions import Dated, contradictions

INFUSED = Dated("infused", Day.parse("2025-03-17"), "doses.csv:3")


def line(term: str, grade: int | None, start: str, end: str | None = None, **more: object) -> AdverseEvent:
    days = {"start": Day.parse(start), "end": None if end is None else Day.parse(end)}
    return AdverseEvent(term=term, grade=grade, **days, **more)  # type: ignore[arg-type]


DIED = line("Lung infection", 5, "2025-03-23", "2025-03-27", outcome="fatal")


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([line("Lung infection", 3, "2025-03-23", outcome="fatal")], "the grade is 3"),
        ([line("Lung infection", 3, "2025-03-23", outcome="死亡")], "the grade is 3"),
        ([line("Lung infection", 3, "2025-03-23", seriousness=("death",))], "the grade is 3"),
        ([line("Lung infection", 5, "2025-03-23", outcome="recovered")], "grade 5 is death"),
        ([line("Death NOS", 3, "2025-03-23")], "the term is death itself, and the grade is 3"),
        ([line("Death NOS", 5, "2025-03-23", outcome="recovered")], "grade 5 is death, and the outcome is «recovered»"),
        ([line("Sudden death NOS", None, "2025-03-23", serious=False)], "not serious, and yet fatal"),
        ([line("Death NOS", None, "2025-03-23"), line("Nausea", 1, "2025-03-25")], "begins after the death"),
        ([line("Lung infection", 5, "2025-03-23", serious=False)], "not serious"),
        ([line("Lung infection", 5, "2025-03-23", ongoing=True)], "fatal and ongoing"),
        ([line("Lung infection", 5, "2025-03-23")], "the day of death is not recorded"),
        ([line("Nausea", 1, "2025-03-23", "2025-03-22")], "ends before it starts"),
        ([DIED, line("Sepsis", 5, "2025-04-02", "2025-04-04")], "two deaths"),
        ([DIED, line("Nausea", 1, "2025-04-12", "2025-04-13")], "begins after the death"),
        ([DIED, line("Nausea", 1, "2025-03-20", "2025-04-13")], "ends after the death"),
        ([line("Sepsis", 5, "2025-03-05", "2025-03-09")], "infused on 2025-03-17, after the death on 2025-03-09"),
        (
            [line("CRS", 2, "2025-03-23", id="1", dlt=False), line("CRS", 3, "2025-03-24", id="1", dlt=True)],
            "in one line and no DLT in another",
        ),
        ([line("CRS", 2, "2025-03-23", id="1"), line("Nausea", 2, "2025-03-23", id="1")], "One number is one event"),
        ([line("Hypotension", 2, "2025-03-23", component_of="CRS")], "which is not recorded"),
        ([line("CRS", 3, "2025-03-23", component_of="CRS")], "which is not recorded"),
        ([line("CRS", 3, "2025-03-23", dlt=True), line("CRS", 3, "2025-03-23", dlt=False)], "is written twice"),
    ],
)
def test_contradiction_is_named(events: list[AdverseEvent], says: str) -> None:
    found = contradictions(events, [INFUSED])
    assert any(says in str(one) for one in found), found


def test_what_else_is_dated_after_the_death_is_named() -> None:
    (found,) = contradictions([DIED], [INFUSED, Dated("platelets", Day.parse("2025-03-28"))])
    assert str(found) == "platelets on 2025-03-28, after the death on 2025-03-27"


DEAD = Dated("death", Day.parse("2025-03-27"), "facts.csv:9")


@pytest.mark.parametrize(
    ("events", "deaths", "says"),
    [
        ([], [DEAD], "facts.csv:4: platelets on 2025-03-28, after the death on 2025-03-27"),
        ([line("Nausea", 1, "2025-04-12")], [DEAD], "it begins after the death on 2025-03-27"),
        ([], [DEAD._replace(day=Day.parse("2025-03-09"))], "doses.csv:3: infused on 2025-03-17, after the death"),
        (
            [],
            [DEAD, DEAD._replace(day=Day.parse("2025-04-01"))],
            "died on 2025-03-27 (death) and on 2025-04-01 (death)",
        ),
        (
            [line("Sepsis", 5, "2025-03-20", "2025-03-22")],
            [DEAD],
            "facts.csv:9: died on 2025-03-22 (Sepsis, grade 5, from 2025-03-20 to 2025-03-22) and on 2025-03-27 (death)",
        ),
    ],
)
def test_a_death_recorded_elsewhere_is_a_death_as_well(events, deaths, says) -> None:
    others = [INFUSED, Dated("platelets", Day.parse("2025-03-28"), "facts.csv:4")]
    assert any(says in str(one) for one in contradictions(events, others, deaths))


def test_two_records_of_one_day_of_death_agree() -> None:
    assert contradictions([DIED], [INFUSED], [DEAD, DEAD._replace(day=Day.parse("2025-03"))]) == ()


def test_contradiction_says_where_it_was_read() -> None:
    (found,) = contradictions([line("Nausea", 1, "2025-03-23", "2025-03-22", source="ae.csv:7")])
    assert str(found).startswith("ae.csv:7: Nausea, grade 1")


@pytest.mark.parametrize(
    "events",
    [
        [],
        [DIED],
        [line("Nausea", 2, "2025-03-20", "2025-03-22", outcome="recovered", serious=False)],
        [
            line(
                "Colitis",
                3,
                "2025-03-20",
                "2025-03-22",
                outcome="recovered",
                serious=True,
                seriousness=("hospitalisation",),
            )
        ],
        [DIED, line("Nausea", 1, "2025-03-20", "2025-03-27")],
        [DIED, line("Fever", 1, "2025-03", None)],
        [line("Sepsis", 4, "2025-03-23", id="7"), line("Sepsis", 5, "2025-03-25", "2025-03-27", id="7")],
        [line("CRS", 3, "2025-03-23", dlt=True), line("CRS", 3, "2025-03-30", dlt=False)],
        [line("CRS", 3, "2025-03-23", dlt=True, id="1"), line("CRS", 3, "2025-03-23", dlt=False, id="2")],
        [line("CRS", 2, "2025-03-23"), line("Hypotension", 2, "2025-03-23", component_of="crs")],
    ],
)
def test_what_can_be_true_together_is_left_alone(events: list[AdverseEvent]) -> None:
    assert contradictions(events, [INFUSED]) == ()
