"""A participant's laboratory results, all graded: each with its baseline, its reference limits and its day.

Grades are computed for every result. Whether one is an adverse event is another, recorded decision: the protocol says when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from escalon.facts import Fact, Facts, Finding, Interval, Number, UnitError, Value, convert, exact
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory, laboratory_terms, tests, tests_named


@dataclass(frozen=True, slots=True)
class GradedResult:
    """One term's grade for one result."""

    fact: Fact
    term: str
    finding: Finding

    @property
    def grade(self) -> int | None:
        """The grade that the number alone justifies."""
        found = self.finding.components.get("grade_value")
        return None if found is None else int(found)


def baseline_of(results: Iterable[Fact], anchor: date | None) -> Fact | None:
    """The last result that is not missing before the anchor: the first dose of lymphodepletion, or the infusion.

    A result whose day may lie on or after the anchor is not taken. Without an anchor there is no baseline.
    """
    if anchor is None:
        return None
    before = [fact for fact in results if fact.value is not None and fact.day is not None and fact.day.latest < anchor]
    return max(before, key=lambda fact: fact.day.latest if fact.day else date.min, default=None)


def grade_results(facts: Facts, anchor: date | None) -> tuple[GradedResult, ...]:
    """Every recorded result of a test that CTCAE v5.0 grades from a number, in the order of tests and days."""
    found: list[GradedResult] = []
    for test, results in _by_test(facts).items():
        baseline = baseline_of(results, anchor)
        for fact in results:
            if fact.value is None or isinstance(fact.value, bool):
                continue
            found += _graded(test, fact, _in_unit_of(fact, baseline))
    return tuple(found)


def _by_test(facts: Facts) -> Mapping[str, Sequence[Fact]]:
    """Results by test, whatever name each was recorded under."""
    gathered: dict[str, list[Fact]] = {}
    for name in facts.names():
        for test in tests_named(name):
            gathered.setdefault(test, []).extend(facts.named(name))
    known = {test: gathered[test] for test in tests() if test in gathered}
    return {
        test: sorted(some, key=lambda fact: fact.day.latest if fact.day else date.min) for test, some in known.items()
    }


def _in_unit_of(fact: Fact, baseline: Fact | None) -> Fact | None:
    """The baseline in the unit of the result it is compared with; none where the two cannot be compared."""
    if baseline is None or baseline.unit == fact.unit or (baseline.number is None and not _is_interval(baseline)):
        return baseline
    if baseline.unit is None or fact.unit is None:
        return None
    try:
        return replace(baseline, value=_converted(baseline, fact), unit=fact.unit)
    except UnitError:
        return None


def _is_interval(fact: Fact) -> bool:
    return isinstance(fact.value, Interval)


def _converted(baseline: Fact, fact: Fact) -> Value | Interval:
    def convertible(number: Number) -> Fraction:
        return convert(number, baseline.unit or "", fact.unit or "", _substance(fact.name))

    value = baseline.value
    if isinstance(value, Interval):
        return value.mapped(convertible)
    return None if baseline.number is None else convertible(exact(baseline.number))


def _substance(name: str) -> str | None:
    own = {lab.quantity.name: lab.quantity.substance for lab, _ in laboratory_terms().values()}
    return next((own[test] for test in tests_named(name) if test in own), None)


def _graded(test: str, fact: Fact, baseline: Fact | None) -> list[GradedResult]:
    known: dict[str, Any] = {}
    if baseline is not None:
        known["baseline"] = (baseline.value, baseline.unit) if baseline.unit else baseline.value
    graded = []
    for finding in grade_laboratory(test, value=fact, **known):
        term = laboratory_terms()[finding.name][0].term.name
        graded.append(GradedResult(fact, term, replace(finding, day=fact.day)))
    return graded


def worst_by_term(results: Iterable[GradedResult], first: date, last: date) -> dict[str, GradedResult]:
    """The highest grade of each term among results of full days from `first` to `last`; the earliest of equals."""
    worst: dict[str, GradedResult] = {}
    for one in results:
        day = one.fact.day
        if one.grade is None or day is None or day.is_partial or not first <= day.earliest <= last:
            continue
        if one.term not in worst or one.grade > (worst[one.term].grade or 0):
            worst[one.term] = one
    return worst
