"""Departures: what was done that the study's rules would have held, found by replaying a history day by day.

A source that never keeps a kind of event (a data folder has no places, releases or signatures) says so in one line; what it
does keep is held against the rules: consent before treatment, eligibility by the criteria, clocks, doubts, the dose rule,
the window of the level, the size of cohorts and of the trial.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from escalon.conduct.judge.dosing import NextDose, decide_as_recorded
from escalon.conduct.judge.given import Given, deviation, doses_of, first_doses
from escalon.conduct.judge.screening import Verdict, screened
from escalon.conduct.judge.strata import UNSAID, stratum_of
from escalon.escalation import Decision, EscalationError, Stop, Treat, Wait, next_dose
from escalon.escalation.calendar_guards import Sentinel, Stagger
from escalon.facts import Day, together
from escalon.history import Current, Entry, Trial
from escalon.history.events import AdverseEventRecorded, Event
from escalon.history.frame import Frame
from escalon.protocol.design import calendar_guards, cohort_size, dose_rule, in_days
from escalon.protocol.silence import Undecided, as_if_decided
from escalon.protocol.study import Study

EVERYBODY = "everybody infused"


@dataclass(frozen=True, slots=True)
class ActDeparture:
    """One act and the rule that would have held it."""

    participant: str
    day: date
    rule: str
    says: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.day} {self.participant}: {self.says} [{self.rule}]"

    def as_json(self) -> dict[str, Any]:
        """The departure for scripts."""
        return {
            "participant": self.participant, "day": self.day.isoformat(), "rule": self.rule, "says": self.says,
            "source": self.source,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What is recorded of each infused participant, and of nobody in particular; and every adverse event that stands.

    Events of people infused later say that the table was kept, so that silence about the earlier ones is an answer.
    """

    of_each: Mapping[str | None, Sequence[Entry]]
    events: Sequence[Current[Event]]

    @classmethod
    def of(cls, trial: Trial, infused: Collection[str]) -> Written:
        """The entries of a trial, sorted out once."""
        found = together((entry.participant, entry) for entry in trial.about(infused))
        return cls(found, [one for one in trial.dated() if isinstance(one.event, AdverseEventRecorded)])

    def about(self, codes: Iterable[str]) -> list[Entry]:
        """The entries about some participants, and those about nobody, in the order they were written."""
        some = (entry for code in (None, *codes) for entry in self.of_each.get(code, ()))
        return sorted(some, key=lambda entry: entry.number)


def departures(study: Study, trial: Trial) -> list[ActDeparture]:
    """Every infusion that the rules would have held on its day, in the order of the infusions.

    Beyond the study's size no level is open to anybody: such an infusion is held for that alone.
    """
    frame = replace(trial.frame, read=cache(trial.frame.read))  # a row is read once, and not for each infusion again
    doses = first_doses(study, trial)
    written = Written.of(trial, {given.participant for given in doses})
    found = [*_of_silence(study, doses)]
    study = trial.once(("as if decided", id(study)), study, lambda: as_if_decided(study))
    for place, given in enumerate(doses):
        found += _of_person(study, trial, given)
        if place < study.most:
            found += _of_dosing(study, trial, written, given, doses[:place], frame)
        else:
            found.append(_one(given, "trial size", f"the study treats {study.most} participants at most"))
    for course in trial.infused():
        found += [
            _one(later, "once", "infused again; the study plans no retreatment")
            for later in doses_of(study, course)[1:]
            if study.dose.retreatment == "not planned"
        ]
    return _said_once(found, {given.participant for given in doses})


def _of_silence(study: Study, doses: list[Given]) -> Iterator[ActDeparture]:
    """What the protocol leaves open holds everybody alike, and is said once; the rest of the rule is asked of each."""
    for silence in (one for one in calendar_guards(study) if isinstance(one, Undecided)):
        if doses:
            yield replace(_one(doses[0], "rule", f"infused while {silence.says}"), participant=EVERYBODY)


def _said_once(found: list[ActDeparture], infused: set[str]) -> list[ActDeparture]:
    """What a record never says of anybody is one line and not one for each: a folder without consents, or without eligibility."""
    people: dict[tuple[str, str], set[str]] = {}
    for one in found:
        if one.rule in ("consent", "eligibility"):
            people.setdefault((one.rule, one.says), set()).add(one.participant)
    of_all = {key for key, who in people.items() if len(infused) > 1 and who == infused}
    once: dict[object, ActDeparture] = {}
    for number, one in enumerate(found):
        key = (one.rule, one.says)
        once.setdefault(key if key in of_all else number, replace(one, participant=EVERYBODY) if key in of_all else one)
    return list(once.values())


def _one(given: Given, rule: str, says: str) -> ActDeparture:
    return ActDeparture(given.participant, given.day.earliest, rule, says, given.source)


def _of_person(study: Study, trial: Trial, given: Given) -> Iterator[ActDeparture]:
    course = trial.course(given.participant)
    if course.consented is None:
        yield _one(given, "consent", "infused without a recorded consent")
    elif course.consented.earliest > given.day.latest:
        yield _one(given, "consent", f"infused before the consent of {course.consented}")
    left = course.left_and_not_back_by(given.day.earliest)
    if left is not None and left.latest < given.day.earliest:
        yield _one(given, "withdrawn", f"infused after leaving the study on {left}")
    screening = screened(study, trial, given.participant, given.day, given.day)
    if screening.verdict is Verdict.NOT_MET:
        failed = ", ".join(clause.criterion.id for clause in screening.failed())
        yield _one(given, "eligibility", f"infused, and not eligible by what is recorded before treatment ({failed})")
    elif screening.verdict is Verdict.UNKNOWN:
        yield _one(given, "eligibility", "infused, and eligibility is undecided by what is recorded before treatment")
    if given.amount is not None and (off := deviation(study.dose, given)):
        yield _one(given, "dose", off)


def _of_dosing(
    study: Study, trial: Trial, written: Written, given: Given, earlier: list[Given], frame: Frame
) -> Iterator[ActDeparture]:
    """What the rule and its clocks said on the day of an infusion, with what had happened before it.

    Before an amendment inserted a level the rule was that of another text; the clocks between participants ran all the same.
    """
    day = given.day.earliest
    other_levels = study.dose.before_insertion(day)
    own = stratum_of(study, trial.course(given.participant))
    codes = {one.participant for one in earlier if stratum_of(study, trial.course(one.participant)) in (own, UNSAID)}
    before = Trial(frame, day).follow(written.about(codes))
    before.later += [one for one in written.events if one.event.participant not in codes]
    before.unread = tuple(row for row in trial.unread if row.day is None or row.day.earliest <= day)
    try:
        whole = decide_as_recorded(study, before, Day.of(day))
        found = dict(whole.strata).get(own, whole)
    except EscalationError as error:
        if not other_levels:
            yield _one(given, "rule", f"infused at level {given.level} while no dose could be decided: {error}")
        return
    if other_levels:
        yield from _of_clocks(study, found, given)
        return
    told = found.decision
    if _allows(told, given) or (not whole.wants_a_stratum and _allows(_before_judgement(study, found), given)):
        return
    wait = "" if isinstance(told, Treat | Stop) or told.until is None else f", before {told.until}"
    yield _one(given, "rule", f"infused at level {given.level}{wait}, where the rule said: {told} ({told.reason})")


def _of_clocks(study: Study, found: NextDose, given: Given) -> Iterator[ActDeparture]:
    """The sentinel's interval and the stagger, of whoever was infused at the same level before."""
    size = cohort_size(study)
    cohort = found.conduct.in_open_cohort(size) if size else ()
    same = cohort if cohort and cohort[0].level == given.level else ()
    for clock in calendar_guards(study):
        if isinstance(clock, Sentinel | Stagger):
            told = clock.hold(Treat(given.level, 1, ""), found.conduct, same, given.day.earliest)
            if isinstance(told, Wait):
                before = "" if told.until is None else f", before {told.until}"
                yield _one(given, "rule", f"infused at level {given.level}{before}: {told.reason}")


def _allows(told: Decision | None, given: Given) -> bool:
    return isinstance(told, Treat) and told.level == given.level and (told.now or 0) > 0


def _before_judgement(study: Study, found: NextDose) -> Decision | None:
    """What the rule said while the DLTs of open windows were not yet known as such; None where another doubt held everybody.

    A data folder says that an event was a DLT and not when that was decided; a casebook says from when it told of it.
    """
    if any(one.in_doubt for one in found.reviews):
        return None
    window = timedelta(days=in_days(study.dose.dlt_window) + 1)
    conduct = found.conduct.as_of(found.today, window, dlts_unknown=True)
    return next_dose(dose_rule(study), conduct, calendar_guards(study), found.today)


def grouped(found: list[ActDeparture]) -> list[str]:
    """Departures for reading: the same rule and the same words stand once, with everybody they are about."""
    people = together(((one.rule, one.says), f"{one.participant} on {one.day}") for one in found)
    return [f"{', '.join(who)}: {says} [{rule}]" for (rule, says), who in people.items()]


def digest_of_departures(found: list[ActDeparture]) -> str:
    """What two people sign once: the SHA-256 of the list, a line each; empty where there is nothing to sign."""
    return sha256("\n".join(map(str, found)).encode()).hexdigest() if found else ""
