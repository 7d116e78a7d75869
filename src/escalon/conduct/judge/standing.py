"""Whether what was signed still stands: the same question asked again with everything recorded since about that time."""

from __future__ import annotations

from datetime import date

from escalon.conduct.judge.answers import decision_answer, screening_answer
from escalon.conduct.judge.committee import COMMITTEE_SIGNERS, is_signed, newest_signed
from escalon.conduct.judge.strata import strata_named
from escalon.history import Course, Decision, Trial
from escalon.history.events import Course as Treatment
from escalon.protocol.study import Study


def changed_screening(study: Study, trial: Trial, course: Course, today: date) -> str:
    """What the criteria say otherwise than when the latest screening was made; empty while they say the same.

    Clauses that the study declares to run on until infusion are asked as of today, the others as of the day of decision.
    """
    screening = course.screening
    if screening is None or screening.event.answer is None or screening.event.as_of is None:
        return ""
    now = screening_answer(study, trial, course.code, screening.event.as_of, today)
    return "; ".join(screening.event.answer.differs_from(now)[:3])


def eligibility(study: Study, trial: Trial, course: Course, today: date) -> str:
    """Why a participant may not be treated as eligible; empty where an investigator's signature under it stands."""
    screening, signed = course.screening, course.eligibility_signed
    if screening is None or signed is None:
        return f"{course.code}'s eligibility is not signed"
    if screening.event.verdict != "eligible":
        return f"the latest screening of {course.code} says {screening.event.verdict}"
    if screening.entry.number > signed:
        return f"the signature on {course.code}'s eligibility is void: entry {screening.entry.number} changed the screening"
    if changed := changed_screening(study, trial, course, today):
        return f"the signature on {course.code}'s eligibility is void: what it rested on has changed ({changed})"
    return ""


def changed_decision(study: Study, trial: Trial, decision: Decision) -> str:
    """What the dose rule says otherwise than when the decision was proposed, or which other dose its level has; else empty."""
    proposed = decision.proposed
    if proposed.course is Treatment.TREAT and (other := _other_dose(trial, decision)):
        return other
    if proposed.answer is None or proposed.as_of is None:
        return ""
    now = decision_answer(study, trial, proposed.as_of, decision.number, proposed.stratum)
    return "; ".join(proposed.answer.differs_from(now)[:3])


def _other_dose(trial: Trial, decision: Decision) -> str:
    """That an amendment gave the level of a decision another dose than was decided on; empty where it did not."""
    then, level = trial.dose_then(decision.number), decision.proposed.level
    now = next((part.says for part in trial.levels if part.name == str(level)), "no level")
    return f"level {level} was {then} then, and is {now} now" if then and trial.levels and now != then else ""


def why_not_effective(study: Study, trial: Trial, decision: Decision) -> str:
    """What a decision lacks to be in force; empty where it lacks nothing."""
    if changed := changed_decision(study, trial, decision):
        return f"what it rested on has changed ({changed}); propose it again"
    if len(decision.signers) < COMMITTEE_SIGNERS:
        return f"{len(decision.signers)} of {COMMITTEE_SIGNERS} signatures"
    if not is_signed(trial, decision):
        return "only those signed who entered the DLTs it rests on"
    return ""


def decision_in_force(study: Study, trial: Trial, stratum: str = "") -> Decision | None:
    """The newest decision of a stratum with its signatures, while it stands; once it is stale, none is in force."""
    newest = newest_signed(trial, stratum, strata_named(study))
    return newest if newest and not changed_decision(study, trial, newest) else None


def in_words(decision: Decision | None) -> str:
    """A decision in a few words."""
    if decision is None:
        return "none is"
    return f"decision {decision.number} says {decision.proposed.decides}"
