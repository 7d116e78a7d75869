"""What the committee signed: which decisions have their signatures, and the newest of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from escalon.history import Decision, Trial
from escalon.history.events import Course as Act
from escalon.history.trial import MAY_LIFT
from escalon.protocol.study import Study
from escalon.sources.frame import another_text

COMMITTEE_SIGNERS = 2
"""A committee decision needs two different signers."""


def is_signed(trial: Trial, decision: Decision) -> bool:
    """Whether enough different people signed, and not only those who entered the dose-limiting events it counts."""
    signers = set(decision.signers)
    return len(signers) >= COMMITTEE_SIGNERS and bool(signers - who_entered_dlts(trial, decision))


def who_entered_dlts(trial: Trial, decision: Decision) -> set[str]:
    """The people who recorded a dose-limiting event before a decision was proposed."""
    return {
        one.first.author.person
        for course in trial.courses.values()
        for one in (*course.dlt_judgements, *course.dlt_proposals)
        if one.number < decision.number
    }


def newest_signed(trial: Trial, stratum: str, strata: Collection[str]) -> Decision | None:
    """The newest decision of a stratum, or of all, with its signatures, whether or not it still stands.

    The stop of one that is none of the study's `strata` any more, as after an amendment, stops all until one is newer.
    """
    newest = {one.proposed.stratum: one for _, one in sorted(trial.decisions.items()) if is_signed(trial, one)}
    about = (
        one
        for name, one in newest.items()
        if name in ("", stratum) or (name not in strata and one.proposed.course is Act.STOP)
    )
    return max(about, key=lambda one: one.number, default=None)


class Stopped(NamedTuple):
    """That the committee stopped dosing: in words, and whether it had by the day of asking."""

    says: str
    by_then: bool


def stopped(trial: Trial, asked: date, stratum: str, strata: Collection[str]) -> Stopped | None:
    """The committee's stop, where its newest signed decision is one; signed after the day of asking, it is said as later."""
    newest = newest_signed(trial, stratum, strata)
    if newest is None or newest.proposed.course is not Act.STOP:
        return None
    why = newest.proposed.reason or newest.proposed.because
    by = " and ".join(sorted(newest.signers))
    at = newest.signed_at[COMMITTEE_SIGNERS - 1]
    signed = at.astimezone(trial.frame.zone).date() if at else asked
    later = f" on {signed}, after this day" if signed > asked else ""
    says = f"the committee decided to stop ({why}), signed by {by}{later} [entry {newest.number}]: nobody is dosed under it"
    return Stopped(says, not later)


def unsigned_amendment(trial: Trial) -> tuple[int, str] | None:
    """The first amendment that two of those who may have not signed: its entry, and that in words; None where all are."""
    for number, one in trial.amendments.items():
        if (signed := len(trial.signers.get(number, ()))) < COMMITTEE_SIGNERS:
            changes = f" ({one.changes})" if one.changes else ""
            who = " or ".join(sorted(MAY_LIFT))
            return number, f"amendment {number}{changes} has {signed} of {COMMITTEE_SIGNERS} signatures ({who})"
    return None


def unagreed_text(study: Study, trial: Trial) -> str:
    """Why nobody is dosed under this text of the study: another is adopted, or too few signed it; empty where nothing is."""
    return another_text(study, trial) or (unsigned_amendment(trial) or (0, ""))[1]
