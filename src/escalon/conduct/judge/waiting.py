"""What waits: everything that a person still has to do, found from where the trial stands, with its reason and its day.

Each matter names the act that settles it; who may do that is `permit.authority`'s to say, so that nobody sees what is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain

from escalon.conduct.judge import standing
from escalon.conduct.judge.committee import unsigned_amendment
from escalon.conduct.judge.dose_review import awaiting
from escalon.conduct.judge.dosing import NextDose, decide_as_recorded
from escalon.conduct.judge.member import Member, member
from escalon.conduct.judge.safety_reports import reports
from escalon.conduct.judge.screening import Verdict, screen_one
from escalon.conduct.judge.watched import broken
from escalon.escalation import EscalationError, Outcome, Stop, Treat
from escalon.facts import Day
from escalon.facts.words import counted
from escalon.history import Course as Person
from escalon.history import Trial
from escalon.history.events import Course, spaced
from escalon.protocol.dlt_window import window_stands
from escalon.protocol.prose import short_name
from escalon.protocol.schedule import Visit
from escalon.protocol.study import Study
from escalon.safety.occurrence import occurrences

AHEAD = timedelta(days=7)
"""How far ahead a day is named; our choice: a week's work."""


class Urgency(StrEnum):
    """How long a matter can wait."""

    NOW = "cannot wait"
    TODAY = "today"
    WEEK = "this week"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One matter: the act that settles it, whom or what it is about, why, and by when."""

    act: str
    participant: str
    what: str
    why: str
    urgency: Urgency
    state: str
    """Where it stands, in two or three words."""
    by: date | None = None
    about: int | None = None
    """The entry it is about, where it is about one."""
    visit: str = ""


def waiting(study: Study, trial: Trial, today: date) -> tuple[Waiting, ...]:
    """Everything that waits, the most urgent first. The facts of everybody must have been read."""
    found = [*waiting_of_dosing(study, trial, today), *waiting_of_record(trial)]
    for course in trial.courses.values():
        found += waiting_of_person(study, trial, course, today)
    return in_order(found)


def in_order(found: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """The most urgent first, then by their day."""
    order = list(Urgency)
    return tuple(
        sorted(found, key=lambda one: (order.index(one.urgency), one.by or date.max, one.participant, one.act))
    )


# -- the dose ----------------------------------------------------------------------------------------------------------


def waiting_of_dosing(study: Study, trial: Trial, today: date) -> Iterator[Waiting]:
    """What the next dose waits for: judgements, windows, the committee. Rests on everybody infused."""
    if not trial.infused():
        return
    try:
        found = decide_as_recorded(study, trial, Day.of(today))
    except EscalationError as error:
        yield Waiting("DecisionProposed", "", "The dose rule gives no answer", str(error), Urgency.NOW, "blocks dosing")
        return
    for one in found.reviews:
        if one.in_doubt:
            what = "Adjudicate whether this was a DLT"
            yield Waiting("DltAdjudicated", one.participant, what, one.why, Urgency.NOW, "blocks dosing")
        elif one.outcome is Outcome.DLT:
            yield from _proposed(trial.course(one.participant))
        elif one.outcome is Outcome.PENDING:
            left = (one.window_ends - today).days
            state = window_stands(one.window_ends, today)
            urgency = Urgency.TODAY if left <= 0 else Urgency.WEEK
            what = "Review the DLT window" if left <= 0 else "The DLT window runs"
            yield Waiting("DltWindowReviewed", one.participant, what, one.window, urgency, state, one.window_ends)
    of_each = (_of_decision(study, trial, part, stratum) for stratum, part in found.parts)
    yield from dict.fromkeys(chain.from_iterable(of_each))  # a stop of all strata is one matter


def _proposed(course: Person) -> Iterator[Waiting]:
    """The proposals of a DLT that nobody has judged since, of somebody whose outcome does not wait for that."""
    for one in awaiting(course):
        if not any(judged.number > one.number for judged in course.dlt_judgements):
            why, state = one.event.because, "proposed"
            yield Waiting("DltAdjudicated", course.code, "Adjudicate", why, Urgency.NOW, state, about=one.number)


def _of_decision(study: Study, trial: Trial, found: NextDose, stratum: str) -> Iterator[Waiting]:
    """The newest decision that no cohort was opened by yet; where there is none, what the rule says to propose."""
    used = {one.opened.decision for one in trial.cohorts.values()}
    about = [one for one in trial.decisions.values() if one.proposed.stratum in ("", stratum)]
    newest = max(about, key=lambda one: one.number, default=None)
    of, is_open = f"{stratum}: " if stratum else "", bool(trial.open_cohorts(stratum))
    if newest is None or newest.number in used:
        if isinstance(found.decision, Treat | Stop) and not is_open:
            what = f"Propose: {of}{found.by_the_rule}"
            yield Waiting("DecisionProposed", "", what, found.decision.reason, Urgency.TODAY, "the rule says")
        return
    lacks, number = standing.why_not_effective(study, trial, newest), newest.number
    says = newest.proposed.decides
    if "changed" in lacks:
        yield Waiting("DecisionProposed", "", f"{says}: propose again", lacks, Urgency.NOW, "stale", about=number)
    elif lacks:
        yield Waiting("DecisionSigned", "", f"Decision: {says}", lacks, Urgency.NOW, "waits for you", about=number)
    elif newest.proposed.course is Course.TREAT and not is_open:
        what = f"{of}Open the cohort at level {newest.proposed.level}"
        yield Waiting("CohortOpened", "", what, f"decided: {says}", Urgency.TODAY, "decided", about=number)


# -- the trial ------------------------------------------------------------------------------------------------------------


def waiting_of_record(trial: Trial) -> Iterator[Waiting]:
    """Queries, overrides and corrections that wait for an answer or a signature."""
    for number, query in trial.queries.items():
        code, text = query.raised.participant or "", query.raised.text
        if query.state == "open":
            yield Waiting("QueryAnswered", code, "Answer a query", text, Urgency.TODAY, "open", about=number)
        elif query.state == "answered":
            yield Waiting(
                "QueryClosed", code, "Read the answer to a query", text, Urgency.TODAY, "answered", about=number
            )
    for number, override in trial.overrides.items():
        if override.used_by is None and len(override.signers) < 2:
            given = override.given
            what = f"Override of {', '.join(given.rules)}: {spaced(given.act)}"
            yield Waiting(
                "OverrideSigned", given.participant or "", what, given.reason or "", Urgency.NOW, "asks to sign",
                about=number,
            )  # fmt: skip
    if unsigned := unsigned_amendment(trial):
        number, lacks = unsigned
        yield Waiting("EntrySigned", "", "Sign the amendment", lacks, Urgency.NOW, "blocks dosing", about=number)
    for entry in trial.unsigned():
        yield Waiting(
            "EntrySigned", entry.participant or "", "A correction would lift a hold", entry.event.what, Urgency.NOW,
            "asks to sign", about=entry.number,
        )  # fmt: skip


GRAVE = 3
"""From this grade on an event whose seriousness nobody has assessed waits for that."""


def _of_reports(course: Person, today: date) -> Iterator[Waiting]:
    """Reports of serious events that are not recorded as sent: those due within two weeks, and every late one."""
    for one in reports(course, occurrences(course.code, [line.event for line in course.adverse_events])):
        left = (one.by - today).days if one.by else 0
        if one.waits and one.is_open_question and (one.event.grade or 0) >= GRAVE:
            what = f"Say whether it was serious: {one.event.term.name}, grade {one.event.grade}"
            why = "whether a report is due, and by when, hangs on that and on the day the sponsor learned of it"
            yield Waiting("AdverseEventRecorded", course.code, what, why, Urgency.NOW, "not assessed", about=one.entry)
        if one.waits and not one.is_open_question and left <= AHEAD.days * 2:
            urgency = Urgency.NOW if left <= 2 else Urgency.WEEK
            what, name = f"Send the report: {one.what}", f"{one.event.term.name}, grade {one.event.grade or '?'}"
            yield Waiting(
                "SafetyReportSent", course.code, what, name, urgency, one.state(today), one.by, about=one.entry
            )


# -- each participant ---------------------------------------------------------------------------------------------------


def waiting_of_person(study: Study, trial: Trial, course: Person, today: date) -> Iterator[Waiting]:
    """What waits of one participant, from their own record alone."""
    yield from _of_reports(course, today)
    yield from _of_watched(study, trial, course, today)
    if course.is_withdrawn or not (course.has_consent or course.infusions):
        return
    if not course.infusions:
        yield from _of_screening(study, trial, course, today)
        if course.collections and not course.products:
            yield Waiting(
                "ProductReleased",
                course.code,
                "Release the product",
                "cells were collected",
                Urgency.WEEK,
                "in the laboratory",
            )
    if not course.infusions:
        yield from _proposed(course)
    yield from _of_visits(study, course, member(study, trial, course.code), today)


def _of_watched(study: Study, trial: Trial, course: Person, today: date) -> Iterator[Waiting]:
    """What must not have happened during the study, until somebody asked about it in a query that names its clause."""
    asked = [one.raised.text for one in trial.queries.values() if one.raised.participant == course.code]
    for one in broken(study, trial, course.code, Day.of(today)):
        if not any(one.rule in text for text in asked):
            what = f"Departure during the study, {one.rule}"
            yield Waiting("QueryRaised", course.code, what, one.says, Urgency.NOW, f"on {one.day}", visit=one.rule)


def _of_screening(study: Study, trial: Trial, course: Person, today: date) -> Iterator[Waiting]:
    code, found = course.code, screen_one(study, trial, course.code, Day.of(today))
    if found.verdict is Verdict.NOT_MET:
        return
    if found.verdict is Verdict.UNKNOWN:
        missing = len(found.obtain)
        state = f"{counted(missing, 'value')} missing"
        yield Waiting("FactRecorded", code, "Finish screening", "; ".join(found.obtain[:3]), Urgency.TODAY, state)
        return
    latest = course.screening
    if latest is None or latest.event.verdict != "eligible":
        yield Waiting(
            "ParticipantScreened",
            code,
            "Record the screening",
            "every clause that applies is met",
            Urgency.TODAY,
            "complete",
        )
    elif why := standing.eligibility(study, trial, course, today):
        void = course.eligibility_signed is not None
        act = "ParticipantScreened" if void else "EligibilitySigned"
        what = "The signature is void: screen again" if void else "Sign eligibility"
        yield Waiting(act, code, what, why, Urgency.TODAY, "void" if void else "ready to sign", about=latest.number)


def _of_visits(study: Study, course: Person, who: Member, today: date) -> Iterator[Waiting]:
    """Visits of which nothing is recorded: those open, due within a week or just over, and in one line those long over."""
    if who.infused is None:
        return
    facts = [fact for fact, _ in course.numbered_facts()]
    seen = {fact.visit for fact in facts}
    days = {fact.day.earliest for fact in facts if fact.day} | {
        day.earliest for one in course.samples if (day := one.event.happened(course.zone))
    }
    missed: list[Visit] = []
    for visit in study.visits:
        first, last = (who.infused.earliest + timedelta(days) for days in (visit.earliest, visit.latest))
        gone = who.ended is not None and who.ended.day.earliest <= last
        if visit.day <= 0 or visit.id in seen or gone or any(first <= day <= last for day in days):
            continue
        if today > last + AHEAD:
            missed.append(visit)
        elif first - AHEAD <= today:
            yield _visit(study, course.code, visit, first, last, today)
    if missed:
        names = ", ".join(visit.name for visit in missed)
        what, state = "Visits of which nothing is recorded", f"{len(missed)} over"
        yield Waiting("FactRecorded", course.code, what, names, Urgency.WEEK, state, visit=missed[0].id)


def _visit(study: Study, code: str, visit: Visit, first: date, last: date, today: date) -> Waiting:
    if today < first:
        left, urgency = (first - today).days, Urgency.WEEK
        state = "opens tomorrow" if left == 1 else f"opens in {left} days"
    elif today <= last:
        urgency, state = Urgency.TODAY, "last day" if today == last else "open"
    else:
        urgency, state = Urgency.NOW, f"{counted((today - last).days, 'day')} late"
    why = ", ".join(short_name(name, study) for name in visit.measures[:6])
    return Waiting("FactRecorded", code, f"Visit {visit.name}", why, urgency, state, last, visit=visit.id)
