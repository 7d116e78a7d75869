"""Answers that people sign: what the study's rules said, part by part, so that the same question can be asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256

from escalon.conduct.judge.dosing import NextDose, decide_as_recorded
from escalon.conduct.judge.screening import WORDS, Screening, screen_one
from escalon.escalation import EscalationError
from escalon.facts import Day, grounds
from escalon.history import Course, Current, Trial
from escalon.history.events import Answer, AnswerPart, CellsInfused
from escalon.protocol.study import Study


def screening_answer(study: Study, trial: Trial, participant: str, as_of: date, today: date | None = None) -> Answer:
    """What the criteria say of one participant on the day of decision, clause by clause; today of those that run on."""
    later = None if today is None else Day.of(max(as_of, today))
    return answer_of(screen_one(study, trial, participant, Day.of(as_of), later))


def answer_of(screening: Screening) -> Answer:
    """A screening as an answer that can be signed."""
    parts = tuple(AnswerPart(name=one.criterion.id, says=one.verdict.value) for one in screening.clauses)
    facts = {f"{fact} [{fact.source}]" for one in screening.clauses for fact in grounds(one.finding)}
    return Answer(says=WORDS[screening.verdict], parts=parts, rested_on=_digest(facts))


def decision_answer(study: Study, trial: Trial, as_of: date, asked_by: int | None = None) -> Answer:
    """What the dose rule says on a day of everybody infused by then, and each one's outcome.

    `asked_by` is the entry that first asked: whoever was infused on that very day after it was not counted in it.
    """
    known = trial.known_on(as_of)
    if asked_by is not None:
        _as_asked(known, as_of, asked_by)
    try:
        found = decide_as_recorded(study, known, Day.of(as_of))
    except EscalationError as error:
        return Answer(says=f"no answer: {error}")
    return _of_decision(found)


def _as_asked(known: Trial, as_of: date, asked_by: int) -> None:
    for code, course in known.courses.items():
        kept = [one for one in course.infusions if one.number < asked_by or _day(course, one) < as_of]
        if len(kept) < len(course.infusions):
            known.courses[code] = replace(course, infusions=kept)


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
