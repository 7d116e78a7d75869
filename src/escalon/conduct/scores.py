"""Scores from recorded items: every instrument of the study, for every participant and assessment.

Facts of one visit are scored together (of one day, where no visit is named). What stands for the person rather than the
visit (sex, age, height, weight) is taken from the latest earlier entry. A score that was recorded as well stays beside the
computed one; where the two differ, both are shown and flagged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from escalon.casebook.records import Records
from escalon.facts import Day, Fact, Facts, Finding, Status, exact
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.instrument import Instrument
from escalon.protocol.study import Study
from escalon.protocol.vocabulary import fact_name

STANDING = ("sex", "age", "height", "weight")
DIFFERS = "RECORDED_DIFFERS"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The facts of one visit (or one day) of a participant."""

    visit: str
    day: Day
    facts: Mapping[str, Fact]


def scored(study: Study, records: Records, participant: str) -> Facts:
    """A participant's facts with every score of the study that can be computed from them."""
    facts = records.facts_of(participant)
    return facts.with_facts(computed(study, facts))


def computed(study: Study, facts: Facts) -> list[Fact]:
    """The computed facts of one participant: one per score, component and assessment."""
    instruments = [find(name) for name in study.instruments]
    found: list[Fact] = []
    for assessment in assessments(facts):
        for instrument in instruments:
            finding = score(instrument, assessment, facts)
            if finding is not None:
                found += _as_facts(finding, assessment, facts)
    return found


def assessments(facts: Facts) -> list[Assessment]:
    """The visits of a participant, oldest first; undated facts belong to none."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.day is not None and not fact.day.is_partial and fact.value is not None:
            groups.setdefault(fact.visit or str(fact.day), []).append(fact)
    found = [
        Assessment(visit, max((fact.day for fact in some if fact.day), key=lambda day: day.latest), _by_name(some))
        for visit, some in groups.items()
    ]
    return sorted(found, key=lambda one: (one.day.latest, one.visit))


def _by_name(facts: Iterable[Fact]) -> dict[str, Fact]:
    """The latest fact of each name; of one day, the first recorded."""
    latest: dict[str, Fact] = {}
    for fact in facts:
        known = latest.get(fact.name)
        if known is None or (fact.day and known.day and fact.day.latest > known.day.latest):
            latest[fact.name] = fact
    return latest


def score(instrument: Instrument, assessment: Assessment, facts: Facts) -> Finding | None:
    """The finding of an instrument at an assessment; None where too little was recorded to mean one."""
    given: dict[str, Any] = {}
    for name, item in instrument.items.items():
        key = fact_name(instrument.name, name, item.fact)
        fact = assessment.facts.get(key) or (_standing(key, facts, assessment.day) if key in STANDING else None)
        if fact is not None:
            given[name] = fact
    wanted = [name for name, item in instrument.items.items() if item.needed]
    here = sum(name in given or any(other in given for other in instrument.items[name].missing_when) for name in wanted)
    fresh = any(fact_name(instrument.name, name, instrument.items[name].fact) in assessment.facts for name in given)
    if not fresh or 2 * here < len(wanted):
        return None
    return assess_with(instrument, given, assessment.day)


def _standing(name: str, facts: Facts, day: Day) -> Fact | None:
    earlier = [
        fact for fact in facts.named(name) if fact.value is not None and (fact.day is None or fact.day.is_by(day))
    ]
    return earlier[-1] if earlier else None


def _as_facts(finding: Finding, assessment: Assessment, facts: Facts) -> list[Fact]:
    """The score as a fact, and each of its components, each carrying the finding beneath it."""
    recorded = [
        fact
        for fact in facts.named(finding.name)
        if (fact.visit or str(fact.day)) == assessment.visit and fact.value is not None
    ]
    if recorded and finding.status is Status.OK and _differs(recorded[0], finding):
        flag = f"recorded {recorded[0].value}, computed from the items {finding.value}"
        finding = replace(finding, flags=(*finding.flags, DIFFERS), reasons=(*finding.reasons, flag))
    base = Fact(
        finding.name, finding.value, assessment.day, finding.unit, f"computed ({finding.rule})", visit=assessment.visit,
        behind=finding,
    )  # fmt: skip
    parts = {
        key: value
        for key, value in finding.components.items()
        if isinstance(value, bool | int | float | str | Fraction)
    }
    if finding.category is not None:
        parts = {"category": finding.category, **parts}
    return [base, *(replace(base, name=f"{finding.name}.{key}", value=value) for key, value in parts.items())]


def _differs(recorded: Fact, finding: Finding) -> bool:
    """Whether a recorded score is another number than the computed one, at the digits it was recorded with."""
    value = recorded.value
    if isinstance(value, bool | str) or isinstance(finding.value, bool | str) or value is None or finding.value is None:
        return str(value).lower() != str(finding.value).lower()
    digits = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 9
    return round(exact(finding.value), digits) != round(exact(value), digits)
