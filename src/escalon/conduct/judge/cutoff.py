"""The data cut-off: nothing after it is read, so that the same cut-off always gives the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from escalon.facts import Day, read_day
from escalon.history import Current, Trial
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    DltAdjudicated,
    DltProposed,
    Event,
    FactRecorded,
    ParticipantConsented,
)

NAMED = 10
"""How many of what lies after the cut-off are named in words, the gravest first."""


class CutoffError(ValueError):
    """A cut-off that cannot be used; says what to write."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something recorded of a day after the cut-off: of whom, what, on which day, and where it is written."""

    participant: str
    what: str
    day: str
    place: str
    weight: int = 0
    """How grave it would be: a DLT before a severe event, that before an infusion, that before the rest."""

    def __str__(self) -> str:
        return f"{self.participant}: {self.what}, {self.day} [{self.place}]".lstrip(": ")

    def as_json(self) -> dict[str, Any]:
        """What was left out, for scripts."""
        return {"participant": self.participant, "what": self.what, "day": self.day, "place": self.place}


def left_out(trial: Trial) -> tuple[LeftOut, ...]:
    """What is recorded of days after the cut-off the trial was read to, the gravest first."""
    judged = {
        n: one.event.is_dlt for one in trial.later if isinstance(one.event, DltAdjudicated) for n in one.event.rests_on
    }
    happened = (one for one in trial.later if not isinstance(one.event, DltProposed | DltAdjudicated))
    found = [_left(one, trial, judged.get(one.number, judged.get(one.entry.number))) for one in happened]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.day, one.participant, one.place)))


def _left(one: Current[Event], trial: Trial, judged: bool | None) -> LeftOut:
    event, weight = one.event, 0
    what = event.what
    if isinstance(event, AdverseEventRecorded):
        is_dlt = event.dlt if judged is None else judged
        weight = 3 if is_dlt else 2 if event.grade is None or event.grade >= 3 else 0
        what += ", judged a DLT" if is_dlt else ""
    elif isinstance(event, CellsInfused):
        weight = 1
    day = event.happened(trial.frame.zone)
    return LeftOut(event.participant or "", what, str(day or ""), one.place, weight)


def left_out_sentence(left: Sequence[LeftOut], cutoff: date | Day) -> str:
    """How many entries lie after the cut-off, and the gravest of them by name; empty where there is none."""
    if not left:
        return ""
    more = f"; and {len(left) - NAMED} more" if len(left) > NAMED else ""
    number, are = ("1 entry lies", "is") if len(left) == 1 else (f"{len(left)} entries lie", "are")
    return f"{number} after the cut-off {cutoff} and {are} not read: {'; '.join(map(str, left[:NAMED]))}{more}"


def last_day(trial: Trial, today: date | None = None) -> Day:
    """The last day on which anything was recorded, so that by default nothing is left out. Raises CutoffError for none.

    A partial date counts with the first day it may be. A day after `today` is a slip of the pen, and would close windows
    that are still open: it is refused. Where nothing has happened yet the last day is `today`.
    """
    found: dict[Day, Current[Event]] = {}
    for one in trial.dated():
        for day in _days(one, trial):
            if day is not None:
                found.setdefault(day, one)
    if not found and today is not None:
        return Day.of(today)
    if all(day.is_partial for day in found):
        raise CutoffError(
            "nothing recorded has a full date, so there is no data cut-off. Write one: --cutoff 2025-03-14"
        )
    last, said = max(((day.earliest, one) for day, one in found.items()), key=lambda each: each[0])
    if today is not None and last > today:
        raise CutoffError(
            f"something is dated {last} ({said.place}), which is yet to come. Correct it, or write the cut-off: --cutoff {today}"
        )
    return Day.of(last)


def _days(one: Current[Event], trial: Trial) -> tuple[Day | None, ...]:
    end = getattr(one.event, "end", None)
    until = getattr(getattr(one.event, "fact", None), "until", None)
    return one.event.happened(trial.frame.zone), end, Day.parse(until) if until else None


def checked(cutoff: Day | date) -> Day:
    """A cut-off, once it is known to be one day: a month would close windows that are still open. Raises CutoffError."""
    day = read_day(cutoff)
    if day.is_partial:
        raise CutoffError(f"the cut-off {day} is no full day. Write one: --cutoff {day.latest}")
    return day


def as_of(trial: Trial, cutoff: Day | date) -> Trial:
    """The trial as it stood on a day: later happenings left out, later ends not yet known. Raises CutoffError for a month.

    A person who had not yet consented is left out whole: their history, though older, was not in the study's hands.
    """
    last = checked(cutoff).latest
    return trial.once(("as of", last), (), lambda: _as_of(trial, last))


def _as_of(trial: Trial, last: date) -> Trial:
    known = trial.known_on(last)
    absent = _yet_to_come(known)
    if not absent:
        return known
    then = known.of(known.courses.keys() - set(absent))
    then.later = [*known.later, *(one for code in absent for one in known.courses[code].observations)]
    then.unread = tuple(row for row in known.unread if row.participant not in absent)
    return then


def _yet_to_come(trial: Trial) -> list[str]:
    """The participants whose consent and screening are all dated after the day, and who had not been infused by then."""
    names = {trial.frame.roles.get("consent"), trial.frame.roles.get("screening")}
    later = {
        one.event.participant
        for one in trial.later
        if isinstance(one.event, ParticipantConsented)
        or (isinstance(one.event, FactRecorded) and one.event.fact.name in names)
    }
    here = [trial.courses[code] for code in later if code in trial.courses]
    return [
        one.code
        for one in here
        if not one.infusions
        and one.consented is None
        and not any(seen.event.fact.name in names for seen in one.observations)
    ]
