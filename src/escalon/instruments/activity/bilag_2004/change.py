"""From the nine grades themselves: their numeric sum and tallies, and what differs between two visits.

A new A is a system that is A now and was not; a new B is B now and was C, D or E. From A to B is improvement.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from escalon.expressions.symbols import all_of, any_of, at_least, case, count, known, one_of, points, total
from escalon.facts import Status
from escalon.instruments.activity.bilag_2004.form import SYSTEMS
from escalon.instruments.activity.bilag_2004.grade import LETTERS, POINTS
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, choice

SOURCE = "numeric score Yee 2010, doi:10.1093/rheumatology/keq026; tallies Yee 2007, Arthritis Rheum 56:4113"
BEFORE = "_baseline"


def grade_items(when: str = "", **more: Any) -> dict[str, Item]:
    """An item for each system's grade, now (`renal`) or baseline (`renal_baseline`)."""
    said = " at baseline" if when else ""
    return {
        f"{system}{when}": choice(f"BILAG-2004 grade of the {system} system{said}", *LETTERS, **more)
        for system in SYSTEMS
    }


GRADES = grade_items()
TWO_VISITS = {
    name: replace(item, also=(f"{name.removesuffix(BEFORE)}_before",), baseline_of=name.removesuffix(BEFORE))
    for name, item in grade_items(BEFORE).items()
} | {name: replace(item, of=(f"bilag_2004.{name}",)) for name, item in GRADES.items()}  # fmt: skip


@instrument("BILAG-2004 from grades", source=SOURCE, items=GRADES, when_missing=Status.INDETERMINATE, code="BILAG04G")
def bilag_2004_grades(it: Items) -> Outcome:
    """The numeric score, the tallies of A and B and the highest grade, from the nine grades; 0–108."""
    grades = [it[system] for system in SYSTEMS]
    return Outcome(
        total(numeric(grade) for grade in grades),
        category=highest(grades),
        parts={
            "n_a": count(case(known(grade), grade == "A", False) for grade in grades),
            "n_b": count(case(known(grade), grade == "B", False) for grade in grades),
            "eligible": any_of(
                *(grade == "A" for grade in grades), at_least(2, *(one_of(grade, "AB") for grade in grades))
            ),
        },
    )


@instrument(
    "BILAG-2004, change between visits",
    source=SOURCE,
    items=TWO_VISITS,
    when_missing=Status.INDETERMINATE,
    code="BILAG04D",
)
def bilag_2004_change(it: Items) -> Outcome:
    """The change of the numeric score from one visit to a later one, and the systems that are new, worse and better."""
    pairs = {system: (it[f"{system}{BEFORE}"], it[system]) for system in SYSTEMS}
    return Outcome(
        total(numeric(now) - numeric(before) for before, now in pairs.values()),
        parts={system: direction(*pair) for system, pair in pairs.items()} | tallies(pairs),
        contradictions=returned_to_never(pairs),
    )


def tallies(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """How many systems have a new A, a new B, a worse and a better grade."""
    return {
        "new_a": count(is_new_a(*pair) for pair in pairs.values()),
        "new_b": count(is_new_b(*pair) for pair in pairs.values()),
        "n_worse": count(direction(*pair) == "worse" for pair in pairs.values()),
        "n_better": count(direction(*pair) == "better" for pair in pairs.values()),
    }


def is_new_a(before: Any, now: Any) -> Any:
    """A now, and not A before."""
    return all_of(now == "A", before != "A")


def is_new_b(before: Any, now: Any) -> Any:
    """B now, and C, D or E before."""
    return all_of(now == "B", one_of(before, "CDE"))


def direction(before: Any, now: Any) -> Any:
    """Worse, better or same; D and E are both inactive."""
    step = numeric(now) - numeric(before)
    return case(step > 0, "worse", step < 0, "better", "same")


def returned_to_never(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """What cannot be: a system that was A to D and is now said never to have been involved."""
    return {
        f"{system} was involved before, so it is D now and not E": all_of(now == "E", one_of(before, "ABCD"))
        for system, (before, now) in pairs.items()
    }


def numeric(grade: Any) -> Any:
    """The points of a grade."""
    return case(grade == "A", POINTS["A"], grade == "B", POINTS["B"], points(grade == "C", POINTS["C"]))


def highest(grades: list[Any]) -> Any:
    """The highest grade of any system."""
    found = {letter: any_of(grade == letter for grade in grades) for letter in "ABCD"}
    return case(found["A"], "A", found["B"], "B", found["C"], "C", found["D"], "D", "E")
