"""Entries that the study's own rules write: a screening, a proposal about a DLT, a decision laid before the committee."""

from __future__ import annotations

from datetime import date

from escalon.casebook.entry import Entry
from escalon.conduct.judge.dose_review import review
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.given import dose_of
from escalon.conduct.judge.screening import Verdict as Found
from escalon.conduct.judge.screening import screen_one
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct
from escalon.escalation import EscalationError, Outcome, Stop, Treat
from escalon.facts import Day
from escalon.history import Author, Trial
from escalon.history.events import Course, DecisionProposed, DltProposed, Event, ParticipantScreened, Verdict

_VERDICTS = {Found.MET: Verdict.ELIGIBLE, Found.NOT_MET: Verdict.NOT_ELIGIBLE}


def propose_screening(conduct: Conduct, author: Author, participant: str) -> Entry:
    """Record what the study's criteria say of a participant today, for an investigator to sign."""

    def build(trial: Trial) -> Event:
        if participant not in trial.courses:
            raise refuse("consent", f"participant {participant} has no consent recorded")
        conduct.know((participant,))
        found = screen_one(conduct.study, trial, participant, Day.of(_today(conduct)))
        verdict = _VERDICTS.get(found.verdict, Verdict.UNKNOWN)
        why = tuple(f"{one.criterion.id} not met" for one in found.failed())
        obtain = tuple(f"obtain: {text}" for text in found.obtain)
        return ParticipantScreened(participant=participant, verdict=verdict, findings=(*why, *obtain))

    return conduct.record_built(author, build)


def propose_dlt(conduct: Conduct, author: Author, participant: str) -> Entry:
    """Record what the study's definition says of a participant's DLT window, with its evidence, for a person to judge."""

    def build(trial: Trial) -> Event:
        given = dose_of(conduct.study, trial, participant)
        if given is None:
            raise refuse("infused", f"{participant} was not infused")
        conduct.know((participant,))
        found = review(conduct.study, trial, given, _today(conduct))
        if found.outcome is Outcome.PENDING and not found.in_doubt:
            raise refuse("dlt", f"there is nothing to judge yet: {found.why}")
        rests_on = tuple(one.number for one in trial.course(participant).adverse_events)
        is_dlt = found.outcome is Outcome.DLT or found.in_doubt
        return DltProposed(participant=participant, is_dlt=is_dlt, because=found.why, rests_on=rests_on)

    return conduct.record_built(author, build)


def propose_decision(conduct: Conduct, author: Author, stratum: str = "") -> Entry:
    """Lay the decision of the study's rule before the committee, of one stratum where each escalates by itself."""

    def build(trial: Trial) -> Event:
        conduct.know(tuple(one.code for one in trial.infused()))
        try:
            found = decide_next_dose(conduct.study, trial, Day.of(_today(conduct))).of(stratum)
        except EscalationError as error:
            raise refuse("rule", str(error)) from None
        if found.strata:
            raise refuse("stratum", f"each stratum has its own decision: name one of {', '.join(dict(found.strata))}")
        because = found.decision.reason
        match found.decision:
            case Treat(level=level):
                return DecisionProposed(course=Course.TREAT, level=level, because=because, stratum=stratum)
            case Stop(mtd=mtd):
                return DecisionProposed(course=Course.STOP, level=mtd or 0, because=because, stratum=stratum)
        raise refuse("rule", f"there is no decision yet: {found.headline} ({found.decision.reason})")

    return conduct.record_built(author, build)


def _today(conduct: Conduct) -> date:
    return conduct.casebook.clock.now().astimezone(conduct.trial.frame.zone).date()
