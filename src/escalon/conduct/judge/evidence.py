"""How each infused participant counts: the study's definition asked of what is recorded, and what people decided about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from escalon.conduct.judge.given import Given
from escalon.history import Course, Trial
from escalon.history.events import AdverseEventRecorded
from escalon.protocol.design import in_days
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import Study
from escalon.safety.blood_counts import is_count
from escalon.safety.dlt_definition import DltDefinition, definition_of
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.followed import Bedside, Entered, Followed, Judgement, Unreadable, WindowReview


def study_definition(study: Study) -> DltDefinition | None:
    """The definition of the study folder, with its window; `None` where the folder has none."""
    if study.dlt is None:
        return None
    days = in_days(study.dose.dlt_window)
    return definition_of(study.dlt.events, days, study.dlt.excluded, confirmed=study.dlt.confirmed)


def evidence(study: Study, trial: Trial, given: Given, as_of: date) -> DltEvidence:
    """The evidence of one infused participant as of a day, read by dosing, the report, the casebook and the pages alike.

    A study without a definition has no clause: every event of grade 3 or more that nobody judged then asks.
    """
    definition = study_definition(study) or DltDefinition((), in_days(study.dose.dlt_window))
    window = dlt_window(study, given.last.earliest)
    horizon = Horizon(given.day.earliest, window.last, as_of)
    found = followed(trial, trial.course(given.participant), as_of)
    if not found.is_reported and _attested_since(trial, given):
        found = replace(found, is_reported=True)
    if found.left is None and (since := trial.course(given.participant).left_and_not_back_by(window.last)):
        found = replace(found, left=since)  # given anew later, consent does not fill the window
    return dlt_evidence(definition, found, horizon, review_required=study.dose.window_review == "required")


def followed(trial: Trial, course: Course, as_of: date) -> Followed:
    """One infused participant as the definition sees them: events, counts, judgements, reviews, leaving."""
    return trial.once(("followed", course.code, as_of), course, lambda: _followed(trial, course, as_of))


def _followed(trial: Trial, course: Course, as_of: date) -> Followed:
    left = course.left_and_not_back_by(as_of)
    now = {one.number: one.entry.number for one in course.adverse_events if one.entry.at}
    judged = [
        Judgement(one.event.is_dlt, one.number, frozenset(now.get(n, n) for n in one.event.rests_on), one.event.because)
        for one in course.dlt_judgements
    ]
    return Followed(
        participant=course.code,
        events=[Entered(one.event, one.entry.number if one.entry.at else 0) for one in course.adverse_events],
        counts=[
            Entered(fact, number) for fact, number in course.numbered_facts([*filter(is_count, course.facts.names())])
        ],
        unreadable=[
            Unreadable(row.about, row.day, row.why, row.table == "adverse_events")
            for row in (*course.unread, *trial.unread)
            if row.table in ("facts", "adverse_events") and row.participant == course.code
        ],
        rounds=[
            Bedside(one.event.syndrome, one.event.grade, seen, one.number)
            for one in course.rounds
            if (seen := one.event.happened(course.zone)) is not None
        ],
        judgements=judged,
        reviews=[*_reviews(course)],
        evaluable=course.judged_evaluable,
        begun=min(course.conditioned_on, key=lambda day: day.earliest, default=None),
        left=left if left is not None and left.earliest <= as_of else None,
        died=course.died,
        is_reported=_is_reported(trial),
    )


def _is_reported(trial: Trial) -> bool:
    """Whether somebody keeps the table of adverse events: a row in it, of whatever day."""
    here = any(one.adverse_events for one in trial.courses.values())
    return here or any(isinstance(one.event, AdverseEventRecorded) for one in trial.later)


def _attested_since(trial: Trial, given: Given) -> bool:
    """Whether somebody said, since the infusion was recorded, that there was none; a folder's empty table has no day."""
    said = trial.attested.get("adverse_events")
    if said is None or said.entry.at is None:
        return said is not None
    recorded = [one.entry.at for one in trial.course(given.participant).infusions if one.number in given.numbers]
    return all(at is None or at <= said.entry.at for at in recorded)


def _reviews(course: Course) -> list[WindowReview]:
    found = [WindowReview(one.event.through, one.number) for one in course.window_reviews]
    return found + [WindowReview(day.earliest, number) for day, number in course.days_of("dlt_review")]
