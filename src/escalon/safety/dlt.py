"""Dose-limiting toxicity: proposed by the study's rules, with the evidence for each, and whether a participant counts.

The rule only proposes; a person adjudicates (`adjudication`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from escalon.facts import Finding, Status, Truth, all_known, any_known
from escalon.safety.dlt_definition import TERMS, DltDefinition, DltRule, definition_digest
from escalon.safety.toxicity_course import Toxicity, is_inside, lasted_longer


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
    judged = {rule.id: _judge(rule, course, definition, until) for rule in definition.rules}
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
        flags=flags if definition.confirmed else (*flags, "rule_unconfirmed"),
        reasons=tuple(met or open_ or ["no rule of the definition is met"]),
        rule=f"dlt/{definition_digest(definition)[:8]}",
    )


def _until(course: Course, cutoff: date) -> datetime:
    last = min(cutoff, course.observed_to) if course.observed_to else cutoff
    return datetime.combine(last, time(0)) + timedelta(days=1)


def _judge(rule: DltRule, course: Course, definition: DltDefinition, until: datetime) -> tuple[Truth, str]:
    if rule.not_recovered_by_day is not None:
        return _judge_counts(rule, rule.not_recovered_by_day, course, until)
    found = [
        (_applies(rule, toxicity, course, definition, until), toxicity)
        for toxicity in course.toxicities
        if _matches(rule, toxicity) and not toxicity.explained_by & definition.marks
    ]
    truth = any_known(mark for mark, _ in found)
    return truth, _evidence(rule, [str(toxicity) for mark, toxicity in found if mark is truth], truth)


def _evidence(rule: DltRule, names: Iterable[str], truth: Truth) -> str:
    shown = "; ".join(names)
    word = "met" if truth else "cannot be decided yet" if truth is None else "not met"
    return f"{rule.id} {word}: {rule.text}{f': {shown}' if shown else ''}"


def _matches(rule: DltRule, toxicity: Toxicity) -> bool:
    names = {toxicity.kind, toxicity.name, toxicity.system_class}
    if (names | toxicity.explained_by) & rule.marks:
        return False
    wanted = {TERMS.get(term, term) for term in rule.term}
    return (
        bool(names & wanted) or "any" in wanted or ("non_haematological" in wanted and not toxicity.is_haematological)
    )


def _applies(rule: DltRule, toxicity: Toxicity, course: Course, definition: DltDefinition, until: datetime) -> Truth:
    highest = toxicity.maximum
    reached = None if highest is None else rule.grade <= highest <= (rule.at_most_grade or 5)
    linked: Truth = (toxicity.is_related is not False) if rule.related else True
    parts = [reached, linked, is_inside(toxicity, course.infusion, course.window_end(definition))]
    for limit in (rule.within_hours and timedelta(hours=rule.within_hours), _days(rule.longer_than_days)):
        if limit:
            parts.append(lasted_longer(toxicity, rule.grade, limit, rule.must_improve_to, until))
    return all_known(parts)


def _days(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)


def _judge_counts(rule: DltRule, by_day: int, course: Course, until: datetime) -> tuple[Truth, str]:
    terms = [TERMS.get(term, term) for term in rule.term]
    judged = [_judge_count(rule, term, by_day, course, until) for term in terms]
    truth = any_known(mark for mark, _ in judged)
    return truth, _evidence(rule, [reason for mark, reason in judged if mark is truth], truth)


def _judge_count(rule: DltRule, term: str, by_day: int, course: Course, until: datetime) -> tuple[Truth, str]:
    """A count at the grade in the window must have recovered on or before the day; without a count then it is not known."""
    if term in course.counts_due_to_disease and "due_to_disease" in rule.marks:
        return False, f"{term}: due to the disease"
    events = [event for event in course.toxicities if event.name == term]
    grades = {day: grade for day, grade in course.count_grades.get(term, {}).items() if 0 <= day <= by_day}
    if not grades and events:
        end = course.infusion + timedelta(days=by_day)
        truth = any_known(_not_recovered(event, rule.grade, end) for event in events)
        return truth, f"{term}: no count recorded; by the event recorded, {events[0].span()}"
    low = [day for day, grade in grades.items() if grade >= rule.grade]
    if not low:
        complete = bool(grades) and (until.date() - course.infusion).days > by_day
        known = f"known to day {max(grades)}" if grades else "not known"
        return False if complete else None, f"{term}: counts {known}"
    recovered = [day for day, grade in grades.items() if grade <= rule.must_improve_to and day > max(low)]
    if recovered:
        return False, f"{term}: recovered on day {min(recovered)}"
    last = f"{term}: grade {grades[max(low)]} on day {max(low)}"
    return (True, last) if max(low) >= by_day else (None, f"{last}, no later count to day {by_day}")


def _not_recovered(event: Toxicity, grade: int, by: date) -> Truth:
    """What an event alone settles: its highest grade was below, or it had ended by the day; otherwise it is not known."""
    if event.maximum is not None and event.maximum < grade:
        return False
    ended = event.grades[-1] if event.grades and event.grades[-1][1] == 0 else None
    return False if ended and ended[0].latest <= datetime.combine(by, time(0)) + timedelta(days=1) else None


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
