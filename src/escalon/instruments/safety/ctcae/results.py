"""A participant's laboratory results, all graded: each with its baseline, its reference limits and its day.

Grades are computed for every result. Whether one is an adverse event is another, recorded decision: the protocol says when.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from escalon.facts import Day, Fact, Facts, Finding, Interval, Number, Status, UnitError, exact
from escalon.instruments.kit.baseline import in_unit, last_before, settled
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


def grade_results(facts: Facts, anchor: date | None) -> tuple[GradedResult, ...]:
    """Every recorded result of a test that CTCAE v5.0 grades from a number, in the order of tests and days.

    The baseline is the last value before the anchor, the first dose of lymphodepletion or the infusion. Where several values
    could be it (two of one day that differ), a grade is given only as far as they all agree, flagged `baseline_undecided`.
    """
    found: list[GradedResult] = []
    for test, results in _by_test(facts).items():
        baseline = last_before(results, Day.of(anchor), "treatment") if anchor else None
        for fact in results:
            if fact.value is None or isinstance(fact.value, bool):
                continue
            found += _graded(test, fact, baseline)
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


def _candidates(fact: Fact, baseline: Finding) -> list[Fact]:
    """What the baseline of a result may be, in the result's unit; nothing where the two cannot be compared.

    A day that may lie after the anchor is a candidate only beside a value that surely lies before it.
    """
    one = settled(baseline)
    several = (
        [ground for ground in baseline.rests_on if isinstance(ground, Fact)]
        if baseline.status is Status.INDETERMINATE
        else []
    )
    if one is None and all(other.day is None or other.day.is_partial for other in several):
        return []
    try:
        return [in_unit(other, fact.unit, _substance(fact.name)) for other in ([one] if one else several)]
    except UnitError:
        return []


def _as_one(candidates: Sequence[Fact]) -> Number | Interval | None:
    """Everything the baseline may be, as one number or an interval."""
    values = [one.value for one in candidates]
    numbers = [one.number for one in candidates if one.number is not None]
    if len(numbers) == len(values) > 1:
        return Interval(exact(min(numbers)), exact(max(numbers)))
    alone = values[0] if len(values) == 1 else None
    return None if isinstance(alone, bool | str) else alone


def _substance(name: str) -> str | None:
    own = {lab.quantity.name: lab.quantity.substance for lab, _ in laboratory_terms().values()}
    return next((own[test] for test in tests_named(name) if test in own), None)


def _graded(test: str, fact: Fact, baseline: Finding | None) -> list[GradedResult]:
    known: dict[str, Any] = {}
    candidates = _candidates(fact, baseline) if baseline else []
    value = _as_one(candidates)
    if value is not None:
        unit = candidates[0].unit
        known["baseline"] = (value, unit) if unit else value
    graded = []
    for finding in grade_laboratory(test, value=fact, **known):
        term = laboratory_terms()[finding.name][0].term.name
        if len(candidates) > 1 and baseline is not None:
            flags, reasons = (*finding.flags, "baseline_undecided"), (*finding.reasons, *baseline.reasons)
            finding = replace(finding, flags=flags, reasons=reasons)
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
