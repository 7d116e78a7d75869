"""Answers that people sign: what the study's rules said, part by part, so that the same question can be asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256

from escalon.conduct.judge.dosing import NextDose, by_the_rule, decide_as_recorded
from escalon.conduct.judge.screening import WORDS, Clause, Screening, Verdict, screen_one
from escalon.escalation import EscalationError
from escalon.facts import Day, Fact, grounds
from escalon.history import Course, Current, Trial
from escalon.history.events import Answer, AnswerPart, CellsInfused
from escalon.protocol.names import read_by
from escalon.protocol.study import Study


def screening_answer(study: Study, trial: Trial, participant: str, as_of: date, today: date | None = None) -> Answer:
    """What the criteria say of one participant on the day of decision, clause by clause; today of those that run on."""
    later = None if today is None else Day.of(max(as_of, today))
    screening = screen_one(study, trial, participant, Day.of(as_of), later)
    return _of_screening(study, trial.course(participant), screening, Day.of(as_of), later or Day.of(as_of))


def _of_screening(study: Study, course: Course, screening: Screening, as_of: Day, later: Day) -> Answer:
    parts = []
    for clause in screening.clauses:
        says = clause.verdict.value
        if clause.verdict is Verdict.UNKNOWN:  # whoever signs over it judges by what is at hand: other values void that
            says += _at_hand(study, course, clause, later if clause.criterion.until == "infusion" else as_of)
        parts.append(AnswerPart(name=clause.criterion.id, says=says))
    facts = {f"{fact} [{fact.source}]" for one in screening.clauses for fact in grounds(one.finding)}
    return Answer(says=WORDS[screening.verdict], parts=tuple(parts), rested_on=_digest(facts))


def _at_hand(study: Study, course: Course, clause: Clause, last: Day) -> str:
    """What is recorded of the names an undecided clause reads, in words; empty where nothing is."""
    names = read_by(clause.criterion.tree, study.vocabulary)
    found = (
        fact for name in names for fact in course.facts.named(name) if not (fact.day and fact.day.is_by(last) is False)
    )
    said = sorted({str(fact if _lasted(fact) else replace(fact, day=None)) for fact in found})
    return f" ({', '.join(said)})" if said else ""


def _lasted(fact: Fact) -> bool:
    return fact.until is not None or fact.ongoing or fact.end_unknown


def decision_answer(study: Study, trial: Trial, as_of: date, asked_by: int | None = None, stratum: str = "") -> Answer:
    """What the dose rule says on a day of everybody infused by then, in one stratum where one is named, and each one's outcome.

    `asked_by` is the entry that first asked: whoever was infused on that very day after it was not counted in it.
    """
    asked = ("decision answer", as_of, asked_by, stratum)
    return by_the_rule(study, trial, asked, lambda: _decision_answer(study, trial, as_of, asked_by, stratum))


def _decision_answer(study: Study, trial: Trial, as_of: date, asked_by: int | None, stratum: str) -> Answer:
    known = trial.known_on(as_of) if asked_by is None else _as_asked(trial, as_of, asked_by)
    try:
        found = decide_as_recorded(study, known, Day.of(as_of)).of(stratum)
    except EscalationError as error:
        return Answer(says=f"no answer: {error}")
    return _of_decision(found)


def _as_asked(trial: Trial, as_of: date, asked_by: int) -> Trial:
    def was_there(course: Course, one: Current[CellsInfused]) -> bool:
        return one.number < asked_by or _day(course, one) < as_of

    known = trial.known_on(as_of)
    if all(was_there(course, one) for course in known.courses.values() for one in course.infusions):
        return known
    known = trial.only(None, as_of)  # a trial of its own, which no other question reads
    for course in known.courses.values():
        course.infusions = [one for one in course.infusions if was_there(course, one)]
    return known


def _day(course: Course, bag: Current[CellsInfused]) -> date:
    day = bag.event.happened(course.zone)
    return day.earliest if day else date.min


def _of_decision(found: NextDose) -> Answer:
    parts = tuple(
        AnswerPart(name=one.participant, says=one.outcome.name.lower().replace("_", " ")) for one in found.reviews
    )
    rests = [f"{one.participant} level {one.infusion.level} on {one.infusion.day}: {one.why}" for one in found.reviews]
    return Answer(says=str(found.decision), parts=parts, rested_on=_digest(rests))


def _digest(lines: Iterable[str]) -> str:
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()
