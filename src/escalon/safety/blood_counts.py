"""Blood counts of one participant as grades by day: the lowest and the highest each may be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from escalon.facts import Fact, Interval
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory, laboratory_terms, tests_named
from escalon.safety.dlt_definition import TERMS

COUNTS = (
    ("neutrophils", "Neutrophils", "10^9/L", ((1, "grade 3"), (0.5, "grade 4"))),
    ("platelets", "Platelets", "10^9/L", ((50, "grade 3"), (25, "grade 4"))),
)
"""The counts that are drawn of everybody, with the limits below which a grade begins: CTCAE v5.0, Investigations."""


@dataclass(frozen=True, slots=True)
class Look:
    """One count: its day from infusion, the lowest and the highest grade it may have."""

    day: int
    low: int
    high: int

    @property
    def words(self) -> str:
        """`grade 3 to 4 on day 28`."""
        grade = f"grade {self.low}" if self.low == self.high else f"grade {self.low} to {self.high}"
        return f"{grade} on day {self.day}"


@dataclass(frozen=True, slots=True)
class Vague:
    """A count of which the day is not known in full, as it would be on each day it may have been taken."""

    fact: Fact
    looks: tuple[Look, ...]


class Counts:
    """The counts of one participant up to a day, graded once for each term that is asked for."""

    def __init__(self, facts: Iterable[Fact], first: date, as_of: date, begun: date | None = None) -> None:
        self._facts = [fact for fact in facts if fact.day is None or fact.day.earliest <= as_of]
        self._first = first
        self._begun = begun or first
        self._of: dict[str, tuple[tuple[Look, ...], tuple[Fact, ...], tuple[Vague, ...]]] = {}

    def looks(self, term: str) -> tuple[Look, ...]:
        """The counts of a term from infusion on in the order of days, the worst of each day.

        `term` is a word of a definition (`platelets`) or the CTCAE term. A count asked for and not known is left out.
        """
        return self._read(term)[0]

    def ungraded(self, term: str) -> tuple[Fact, ...]:
        """The counts of a term since the infusion that have no grade."""
        return self._read(term)[1]

    def vague(self, term: str) -> tuple[Vague, ...]:
        """The counts of a term that may be since the infusion, on a day not known in full."""
        return self._read(term)[2]

    def before_treatment(self, term: str) -> tuple[Fact, int, int] | None:
        """The last count of a term before treatment began, the lowest and highest grade it may have; the worst of its day."""
        name = TERMS.get(term, term)
        found = [
            (fact.day.earliest, grades[1], grades[0], fact)
            for fact in self._facts
            if fact.value is not None and fact.day is not None and fact.day.latest < self._begun
            if is_count_of(name, fact.name) and (grades := _grades(name, fact)) is not None
        ]
        last = max(found, key=lambda one: one[:3], default=None)
        return None if last is None else (last[3], last[2], last[1])

    def _read(self, term: str) -> tuple[tuple[Look, ...], tuple[Fact, ...], tuple[Vague, ...]]:
        name = TERMS.get(term, term)
        if name not in self._of:
            self._of[name] = self._graded(name)
        return self._of[name]

    def _graded(self, name: str) -> tuple[tuple[Look, ...], tuple[Fact, ...], tuple[Vague, ...]]:
        found: dict[int, Look] = {}
        ungraded, vague = [], []
        for fact in self._facts if tests_of(name) else ():
            if fact.value is None or not is_count_of(name, fact.name):
                continue
            if fact.day is not None and fact.day.latest < self._first:
                continue
            grades = _grades(name, fact)
            if fact.day is None or grades is None or _may_be_any(fact, grades):
                ungraded.append(fact)
                continue
            days = range(max(0, (fact.day.earliest - self._first).days), (fact.day.latest - self._first).days + 1)
            if len(days) > 1 or fact.day.is_partial:
                vague.append(Vague(fact, tuple(Look(day, *grades) for day in days)))
                continue
            same_day = found.get(days[0], Look(days[0], 0, 0))
            found[days[0]] = Look(days[0], max(same_day.low, grades[0]), max(same_day.high, grades[1]))
        return tuple(found[day] for day in sorted(found)), tuple(ungraded), tuple(vague)


def is_count(fact: str) -> bool:
    """Whether a fact counts anything that a definition could ask about; of others no definition reads one."""
    return bool(tests_named(fact))


@lru_cache(maxsize=16384)
def is_count_of(term: str, fact: str) -> bool:
    """Whether a fact is a result that a word of a definition, or a CTCAE term, is graded by: `platelets`, or
    Platelet count decreased; `alt` of Alanine aminotransferase increased.
    """
    return not tests_of(term).isdisjoint(tests_named(fact))


@lru_cache(maxsize=1024)
def tests_of(term: str) -> frozenset[str]:
    """The laboratory's tests that grade a word of a definition or a CTCAE term; none of a syndrome, a class or a symptom."""
    word = next((word for word, name in TERMS.items() if name == term), term)
    alone = (
        lab for lab, form in laboratory_terms().values() if "temp_c" not in form.items
    )  # a count and a fever are two
    graded = (lab.quantity.name for lab in alone if lab.term.name == term)
    return frozenset((*tests_named(word), *graded))


def _may_be_any(fact: Fact, grades: tuple[int, int]) -> bool:
    """Whether a number alone, without the limit or baseline it is graded by, could be of no grade or of a severe one."""
    return grades[0] == 0 and grades[1] >= SEVERE_FROM and not isinstance(fact.value, Interval)


SEVERE_FROM = 3
"""Severe, by CTCAE."""


@lru_cache(maxsize=16384)
def _grades(name: str, fact: Fact) -> tuple[int, int] | None:
    for finding in grade_laboratory(fact.name, value=fact):
        if laboratory_terms()[finding.name][0].term.name == name:
            known = finding.components.get("grade_value")
            ends = (known, known) if known is not None else finding.components.get("grade_value_bounds")
            return (int(ends[0]), int(ends[1])) if ends else None
    return None
