"""Dose-limiting toxicity: proposed by the study's rules, with the evidence for each, and whether a participant counts.

The rule only proposes; a person adjudicates (`adjudication`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from escalon.facts import Finding, Status, Truth, all_known, any_known
from escalon.instruments.safety.dlt_definition import DltDefinition, DltRule, definition_digest, duration
from escalon.instruments.safety.toxicity_course import Toxicity, is_inside, lasted_longer


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of one participant: infusion, toxicities, blood counts as grades by day, and how long they were seen.

    `count_grades` maps a term to the grade on each day after infusion. `observed_to` is the last day observed (day of the
    cut-off while followed). `left` says why observation stopped early.
    """

    participant: str
    infusion: date
    toxicities: tuple[Toxicity, ...] = ()
    count_grades: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    counts_due_to_disease: frozenset[str] = frozenset()
    observed_to: date | None = None
    left: str = ""

    def window_end(self, definition: DltDefinition) -> date:
        """The last day of the window."""
        return self.infusion + timedelta(days=definition.window_days)


def propose(course: Course, definition: DltDefinition, cutoff: date) -> Finding:
    """Whether the participant had a dose-limiting toxicity, by rule, with the rules met and the evidence for each.

    `None` while a rule cannot be decided yet, with what would settle it. Severe related events after the window are flagged
    `late_severe`; they are reported and not counted by themselves.
    """
    until = _until(course, cutoff)
    judged = {rule.identifier: _judge(rule, course, definition, until) for rule in definition.rules}
    value = any_known(truth for truth, _ in judged.values())
    met = [reason for truth, reason in judged.values() if truth is True]
    open_ = [reason for truth, reason in judged.values() if truth is None]
    flags = ("late_severe",) if _late_severe(course, definition) else ()
    return Finding(
        "dlt",
        value,
        Status.OK if value is not None else Status.INDETERMINATE,
        components={name: truth for name, (truth, _) in judged.items()},
        missing=() if value is not None else tuple(open_),
        flags=(*flags, "rule_unconfirmed") if definition.unconfirmed else flags,
        reasons=tuple(met or open_ or ["no rule of the definition is met"]),
        rule=f"dlt/{definition_digest(definition)[:8]}",
    )


def _until(course: Course, cutoff: date) -> datetime:
    last = min(cutoff, course.observed_to) if course.observed_to else cutoff
    return datetime.combine(last, time(0)) + timedelta(days=1)


def _judge(rule: DltRule, course: Course, definition: DltDefinition, until: datetime) -> tuple[Truth, str]:
    if rule.by_day is not None:
        return _judge_counts(rule, course, until)
    found = [
        (_applies(rule, toxicity, course, definition, until), toxicity)
        for toxicity in course.toxicities
        if _matches(rule, toxicity) and not toxicity.explained_by & definition.excluded
    ]
    truth = any_known(mark for mark, _ in found)
    return truth, _evidence(rule, [str(toxicity) for mark, toxicity in found if mark is truth], truth)


def _evidence(rule: DltRule, names: Iterable[str], truth: Truth) -> str:
    shown = "; ".join(names)
    word = "met" if truth else "cannot be decided yet" if truth is None else "not met"
    return f"{rule.identifier} {word}: {rule.says}{f': {shown}' if shown else ''}"


def _matches(rule: DltRule, toxicity: Toxicity) -> bool:
    if {toxicity.kind, toxicity.name, toxicity.system_class} & rule.exceptions:
        return False
    match rule.event:
        case "any":
            return True
        case "non_haematological":
            return not toxicity.is_haematological
        case event:
            return event in (toxicity.kind, toxicity.name, toxicity.system_class)


def _applies(rule: DltRule, toxicity: Toxicity, course: Course, definition: DltDefinition, until: datetime) -> Truth:
    reached = None if toxicity.maximum is None else toxicity.maximum >= rule.grade
    linked: Truth = (toxicity.is_related is not False) if rule.related else True
    inside = is_inside(toxicity, course.infusion, course.window_end(definition))
    parts = [reached, linked, inside]
    if rule.lasting and rule.improving_to is not None:
        parts.append(lasted_longer(toxicity, rule.grade, duration(rule.lasting), rule.improving_to, until))
    return all_known(parts)


def _judge_counts(rule: DltRule, course: Course, until: datetime) -> tuple[Truth, str]:
    """A count at the grade in the window must have recovered on or before the day; without a count then it is not known."""
    assert rule.by_day is not None
    assert rule.improving_to is not None
    if rule.event in course.counts_due_to_disease:
        return False, f"{rule.identifier} not met: {rule.event} is due to the disease"
    grades = {day: grade for day, grade in course.count_grades.get(rule.event, {}).items() if 0 <= day <= rule.by_day}
    low = [day for day, grade in grades.items() if grade >= rule.grade]
    observed = (until.date() - course.infusion).days - 1
    if not low:
        reached = observed >= rule.by_day and bool(grades)
        return False if reached else None, _evidence(rule, [f"counts known to day {max(grades, default=-1)}"], None)
    recovered = [day for day, grade in grades.items() if grade <= rule.improving_to and day > max(low)]
    if recovered:
        return False, _evidence(rule, [f"recovered on day {min(recovered)}"], False)
    if max(low) >= rule.by_day:
        return True, _evidence(rule, [f"grade {grades[max(low)]} on day {max(low)}"], True)
    return None, _evidence(
        rule, [f"grade {grades[max(low)]} on day {max(low)}, no later count to day {rule.by_day}"], None
    )


def _late_severe(course: Course, definition: DltDefinition) -> tuple[Toxicity, ...]:
    end = course.window_end(definition)
    return tuple(
        toxicity
        for toxicity in course.toxicities
        if toxicity.is_related is not False
        and (toxicity.maximum or 0) >= 3
        and is_inside(toxicity, course.infusion, end) is not True
        and toxicity.onset is not None
        and toxicity.onset.latest.date() > end
    )


def evaluable(course: Course, definition: DltDefinition, dlt: Truth, cutoff: date) -> Finding:
    """Whether the participant counts for the decision: the window was completed, or a DLT occurred; others are replaced."""
    end = course.window_end(definition)
    last = course.observed_to if course.left and course.observed_to else max(cutoff, course.observed_to or cutoff)
    rule = "dlt_evaluable/1"
    if dlt:
        return Finding(
            "evaluable", True, category="evaluable", reasons=("a dose-limiting toxicity occurred",), rule=rule
        )
    if last >= end and dlt is False:
        return Finding("evaluable", True, category="evaluable", reasons=("the window was completed",), rule=rule)
    if course.left and last < end:
        reason = f"left on day {(last - course.infusion).days} without a dose-limiting toxicity: {course.left}"
        return Finding("evaluable", False, category="replace", reasons=(reason,), rule=rule)
    waits = f"window open until {end}" if last < end else "a rule of the definition cannot be decided"
    return Finding(
        "evaluable", None, Status.INDETERMINATE, category="wait", missing=(waits,), reasons=(waits,), rule=rule
    )
