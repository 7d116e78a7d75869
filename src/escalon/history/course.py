"""A participant's course: consent, screenings, cells collected, conditioning, infusion, and everything seen since."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from operator import attrgetter
from typing import Any

from escalon.facts import Day, Fact, Facts
from escalon.history.current import Current
from escalon.history.entry import Unread
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    ApheresisDone,
    CellsInfused,
    ConsentWithdrawn,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    DoseChecked,
    DosePrepared,
    EligibilitySigned,
    EvaluabilityJudged,
    Event,
    FactRecorded,
    LevelAllocated,
    LymphodepletionGiven,
    Observation,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantTransferred,
    ParticipantWithdrawn,
    ProductReleased,
    SafetyReportSent,
    SampleMeasured,
    ToxicityObserved,
    TreatmentGiven,
    VisitLocked,
    VisitUnlocked,
)
from escalon.history.frame import Frame
from escalon.history.kept_facts import FactsByName, KeptFacts
from escalon.history.made_once import MadeOnce

_KEPT: dict[type[Event], str] = {
    FactRecorded: "observations",
    TreatmentGiven: "treatments",
    AdverseEventRecorded: "adverse_events",
    SampleMeasured: "samples",
    CellsInfused: "infusions",
    ParticipantConsented: "consents",
    ConsentWithdrawn: "consent_withdrawals",
    ParticipantWithdrawn: "withdrawals",
    ParticipantScreened: "screenings",
    ApheresisDone: "collections",
    LymphodepletionGiven: "conditionings",
    ProductReleased: "products",
    DosePrepared: "preparations",
    DoseChecked: "checks",
    SafetyReportSent: "reports",
    ToxicityObserved: "rounds",
    DltProposed: "dlt_proposals",
    DltAdjudicated: "dlt_judgements",
    DltWindowReviewed: "window_reviews",
    EvaluabilityJudged: "evaluability",
}
"""The list of a course that each kind of event goes into, in the order things were first said."""


@dataclass(repr=False)
class Course:
    """One participant's way through the trial. Every list holds events as they stand now, each knowing its entry."""

    code: str
    frame: Frame
    site: str = ""
    treatments: list[Current[TreatmentGiven]] = field(default_factory=list)
    adverse_events: list[Current[AdverseEventRecorded]] = field(default_factory=list)
    samples: list[Current[SampleMeasured]] = field(default_factory=list)
    infusions: list[Current[CellsInfused]] = field(default_factory=list)
    consents: list[Current[ParticipantConsented]] = field(default_factory=list)
    consent_withdrawals: list[Current[ConsentWithdrawn]] = field(default_factory=list)
    withdrawals: list[Current[ParticipantWithdrawn]] = field(default_factory=list)
    screenings: list[Current[ParticipantScreened]] = field(default_factory=list)
    collections: list[Current[ApheresisDone]] = field(default_factory=list)
    conditionings: list[Current[LymphodepletionGiven]] = field(default_factory=list)
    products: list[Current[ProductReleased]] = field(default_factory=list)
    preparations: list[Current[DosePrepared]] = field(default_factory=list)
    checks: list[Current[DoseChecked]] = field(default_factory=list)
    reports: list[Current[SafetyReportSent]] = field(default_factory=list)
    rounds: list[Current[ToxicityObserved]] = field(default_factory=list)
    dlt_proposals: list[Current[DltProposed]] = field(default_factory=list)
    dlt_judgements: list[Current[DltAdjudicated]] = field(default_factory=list)
    window_reviews: list[Current[DltWindowReviewed]] = field(default_factory=list)
    evaluability: list[Current[EvaluabilityJudged]] = field(default_factory=list)
    eligibility_signatures: dict[int, int] = field(default_factory=dict)
    """The entry of the signature under each screening, by the screening's number."""
    allocation: LevelAllocated | None = None
    locked_visits: set[str] = field(default_factory=set)
    _observations: list[Current[FactRecorded]] = field(default_factory=list, init=False)
    _kept: list[tuple[KeptFacts, Any]] = field(default_factory=list, init=False)
    """Facts of a large source, and which of them are this participant's: made when somebody looks at them."""
    _made: list[Current[FactRecorded]] | None = field(default=None, init=False)
    _facts: Facts | None = field(default=None, init=False)
    once: MadeOnce = field(default_factory=MadeOnce, init=False, repr=False, compare=False)
    _unread: tuple[Unread, ...] = field(default=(), init=False)

    def __repr__(self) -> str:
        """A line: whose course, and how much of what is recorded in it."""
        kept = {name: len(getattr(self, name)) for name in dict.fromkeys(_KEPT.values())}
        return f"Course({self.code}: {', '.join(f'{number} {name}' for name, number in kept.items() if number)})"

    # -- folding ---------------------------------------------------------------------------------------------------

    def take(self, current: Current[Any]) -> None:
        """Take one event of this participant into account."""
        self._forget()
        event = current.event
        if type(event) is FactRecorded:  # most of a history, and nothing more to note
            self._observations.append(current)
            return
        if (kept := _KEPT.get(type(event))) is not None:
            getattr(self, kept).append(current)
        match event:
            case ParticipantConsented(site=site):
                self.site = site
            case ParticipantTransferred(to_site=site):
                self.site = site
            case EligibilitySigned(screening=number):
                self.eligibility_signatures[number] = current.number
            case LevelAllocated():
                self.allocation = event
            case AllocationReleased():
                self.allocation = None
            case VisitLocked(visit=visit):
                self.locked_visits.add(visit)
            case VisitUnlocked(visit=visit):
                self.locked_visits -= {one for one in self.locked_visits if _as_one(one) == _as_one(visit)}

    def replace(self, now: Current[FactRecorded]) -> bool:
        """Put a fact where the one that it corrects stood; False, and nothing done, if none stood there that used no override."""
        at = bisect_left(self._observations, now.number, key=attrgetter("number"))
        stood = next(iter(self._observations[at : at + 1]), None)
        if stood is None or stood.number != now.number or (stood.event.override, now.event.override) != (None, None):
            return False
        self._forget()
        self._observations[at] = now
        return True

    def keep(self, facts: KeptFacts, which: Any) -> None:
        """Take some of a large source's facts into account, as they are kept."""
        self._forget()
        self._kept.append((facts, which))

    def _forget(self) -> None:
        self._facts = self._made = None
        self.once.forget()

    def is_locked(self, visit: str | None) -> bool:
        """Whether a visit is locked, however its name is written."""
        return bool(visit) and _as_one(visit or "") in map(_as_one, self.locked_visits)

    @property
    def is_observed(self) -> bool:
        """Whether anything was observed."""
        return bool(self._observations or self._kept)

    @property
    def observations(self) -> list[Current[FactRecorded]]:
        """What was observed."""
        if not self._kept:
            return self._observations
        if self._made is None:
            self._made = [*self._observations, *(one for facts, at in self._kept for one in facts.as_they_stand(at))]
        return self._made

    def put_back(self) -> None:
        """Forget what was made of a large source's facts: it is made again when somebody looks."""
        if self._kept:
            self._forget()

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """A look by one who passes: what was made for it is put back, and what somebody made before stays."""
        was_made = self._facts is not None
        yield
        if not was_made:
            self.put_back()

    # -- the dose prepared ---------------------------------------------------------------------------------------------

    @property
    def prepared(self) -> Current[DosePrepared] | None:
        """The dose prepared last."""
        return self.preparations[-1] if self.preparations else None

    def checks_of(self, prepared: Current[DosePrepared]) -> list[Current[DoseChecked]]:
        """What second persons found of a prepared dose as it stands, in order; the last one holds."""
        return [
            one for one in self.checks if one.event.prepared == prepared.number and one.number > prepared.entry.number
        ]

    def is_checked(self, prepared: Current[DosePrepared]) -> bool:
        """Whether the second person who looked last found the same."""
        checks = self.checks_of(prepared)
        return bool(checks) and checks[-1].event.agrees

    # -- what happened when ------------------------------------------------------------------------------------------

    @property
    def zone(self) -> tzinfo:
        """The zone its days are counted in."""
        return self.frame.zone

    @property
    def infused(self) -> Day | None:
        """The day of the first infusion."""
        days = [day for one in self.infusions if (day := one.event.happened(self.zone))]
        return min(days, key=lambda day: (day.earliest, day.latest), default=None)

    @property
    def consented(self) -> Day | None:
        """The day of the first consent that was given, by an act or by the fact that stands for it."""
        days = [Day.of(one.event.signed_on) for one in self.consents]
        return min([*days, *self._days_of("consent")], key=lambda day: (day.earliest, day.latest), default=None)

    @property
    def has_consent(self) -> bool:
        """Whether consent stands: given, and given anew after each withdrawal, on its day or later."""
        if not self.consents and not self._days_of("consent"):
            return False
        return not self.consents_gone

    @property
    def consents_gone(self) -> list[Current[ConsentWithdrawn]]:
        """The withdrawals of consent after which it was not given anew, on that day or later."""
        return self.consents_gone_by(date.max)

    def consents_gone_by(self, day: date) -> list[Current[ConsentWithdrawn]]:
        """The withdrawals after which consent was not given anew by the end of a day."""
        back = ((taken, self.given_anew(taken)) for taken in self.consent_withdrawals)
        return [taken for taken, anew in back if anew is None or anew > day]

    def given_anew(self, taken: Current[ConsentWithdrawn]) -> date | None:
        """The first day on which consent was given anew after a withdrawal; None where it was not."""
        days = [one.event.signed_on for one in self.consents if self._is_anew(one, taken)]
        return min(days, default=None)

    def _is_anew(self, consent: Current[ParticipantConsented], taken: Current[ConsentWithdrawn]) -> bool:
        """Whether a consent was given after a withdrawal; one recorded before it is dated later, and is not the first."""
        given, gone = consent.event.signed_on, taken.event.on
        if consent.number > taken.number:
            return gone <= given
        return gone < given and any(one.event.signed_on <= gone for one in self.consents)

    @property
    def left(self) -> Day | None:
        """The first day on which the participant left the study or withdrew consent for good, by an act or by a fact."""
        return self.left_and_not_back_by(date.max)

    def left_and_not_back_by(self, day: date) -> Day | None:
        """The first day of leaving, or of withdrawing consent, after which nothing says by a day that they were back."""
        gone = [Day.of(one.event.on) for one in self.consents_gone_by(day)]
        return min([*self.left_on(day), *gone], key=lambda one: (one.earliest, one.latest), default=None)

    @property
    def absences(self) -> list[tuple[date, date]]:
        """From which day on somebody had left or taken back consent, and the day on which they were surely back."""
        consents = ((one.event.on, self.given_anew(one)) for one in self.consent_withdrawals)
        facts = ((left.earliest, back) for left, back in self._left())
        return [(gone, back) for gone, back in (*consents, *facts) if back is not None]

    def left_on(self, day: date) -> list[Day]:
        """The days of leaving the treatment or the study, by an act or by a fact, not surely over by the end of a day."""
        facts = (left for left, back in self._left() if back is None or back > day)
        return [*(Day.of(one.event.on) for one in self.withdrawals), *facts]

    def _left(self) -> Iterator[tuple[Day, date | None]]:
        """What facts say of leaving: the day, and the one after its last, on which the participant was surely back."""
        name = self.frame.roles.get("left")
        for fact, _ in self._read((name,)) if name else ():
            if (day := stated_day(fact)) is not None:
                yield day, fact.until.latest + timedelta(days=1) if fact.until else None

    @property
    def judged_evaluable(self) -> bool | None:
        """Whether a person judged that the participant counts; «yes» answers for leaving or death recorded before it alone."""
        if not self.evaluability:
            return None
        judged, ends = self.evaluability[-1], [*self.withdrawals, *self.consent_withdrawals]
        numbers = [one.number for one in ends] + [at for role in ("left", "death") for _, at in self.days_of(role)]
        late = judged.event.is_evaluable and judged.entry.at is not None and any(at > judged.number for at in numbers)
        return None if late else judged.event.is_evaluable

    @property
    def is_withdrawn(self) -> bool:
        """Whether the participant left the treatment or the study."""
        return bool(self.left_on(date.max))

    @property
    def conditioning_days(self) -> list[Day]:
        """Every day on which conditioning is recorded to have begun."""
        return [Day.of(one.event.started_on) for one in self.conditionings]

    @property
    def conditioned_on(self) -> list[Day]:
        """The same, and every day that a fact names."""
        return [*self.conditioning_days, *self._days_of("conditioning")]

    @property
    def screening(self) -> Current[ParticipantScreened] | None:
        """The latest screening."""
        return max(self.screenings, key=lambda one: one.entry.number, default=None)

    @property
    def eligibility_signed(self) -> int | None:
        """The entry of the signature under the latest screening; None while nobody signed it."""
        latest = self.screening
        return None if latest is None else self.eligibility_signatures.get(latest.number)

    @property
    def died(self) -> Day | None:
        """The first day of death recorded as a fact; a fatal adverse event is read from the events."""
        return min(self._days_of("death"), key=lambda day: (day.earliest, day.latest), default=None)

    def days_of(self, role: str) -> list[tuple[Day, int]]:
        """The days that facts of a role name, each with the number of its entry (0 where nobody recorded it).

        The day stands in the fact where that is a date, else it is its own day where it says yes.
        """
        name = self.frame.roles.get(role)
        found = self._read((name,)) if name else ()
        return [(day, number) for fact, number in found if (day := stated_day(fact)) is not None]

    def _days_of(self, role: str) -> list[Day]:
        return [day for day, _ in self.days_of(role)]

    def _read(self, names: Sequence[str] | None = None) -> Iterator[tuple[Fact, int]]:
        """Every observation, or those of some names, that can be read, with its entry; the others are among the unread."""
        facts = self.facts if names is not None and self._kept else None
        for one in self._observations if isinstance(facts, FactsByName) else self.observations:
            if names is not None and one.event.fact.name not in names:
                continue
            try:
                yield self.frame.read(self.code, one.event.fact, one.place), one.entry.number if one.entry.at else 0
            except ValueError:
                continue
        if isinstance(facts, FactsByName) and names is not None:
            yield from ((fact, 0) for name in names for fact in facts.kept(name))

    def numbered_facts(self, names: Sequence[str] | None = None) -> list[tuple[Fact, int]]:
        """Every fact, or those of some names, with the number of its entry; 0 in a data folder, whose rows have no order."""
        return list(self._read(names))

    # -- facts -------------------------------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        """Everything known in the study's terms: facts, treatments by the drug's name, and the steps that roles name."""
        if self._facts is None:
            self._facts = self._gathered()
        return self._facts

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What is recorded and cannot be read by the study's dictionary."""
        return self._unread if self._facts is not None else (self.facts, self._unread)[1]

    def _gathered(self) -> Facts:
        found: list[Fact] = []
        unread: list[Unread] = []
        is_one = len(self._kept) == 1
        for one in self._observations if is_one else self.observations:
            try:
                found.append(self.frame.read(self.code, one.event.fact, one.place))
            except ValueError as error:
                day = one.event.happened(self.zone)
                why = f"{one.place}: {error}"
                unread.append(Unread("facts", self.code, day, why, one.event.fact.name))
        found += [treatment_fact(one) for one in self.treatments]
        self._unread = tuple(unread)
        kept = self._kept[0] if is_one else None
        facts = Facts(found) if kept is None else FactsByName(*kept, found)
        known = facts.told()
        if more := [fact for fact in self._steps() if fact.name not in known]:
            return Facts([*found, *more]) if kept is None else FactsByName(*kept, [*found, *more])
        return facts

    def _steps(self) -> Iterator[Fact]:
        for one, said in self.acts_as_facts():
            yield self.frame.read(self.code, said, one.place)

    def acts_as_facts(self) -> Iterator[tuple[Current[Any], Observation]]:
        """The acts that the study's own facts also name, in the study's words, for where only the act is recorded."""
        for role, list_, last in _STEPS:
            for one in getattr(self, list_):
                day = one.event.happened(self.zone)
                end = getattr(one.event, last, None)
                said = self.frame.state(role, day, Day.of(end) if end else None) if day else None
                if said is not None:
                    yield one, said


_STEPS = (
    ("consent", "consents", ""),
    ("apheresis", "collections", ""),
    ("conditioning", "conditionings", "ended_on"),
    ("infusion", "infusions", ""),
    ("left", "withdrawals", ""),
    ("left", "consents_gone", ""),
)
"""The roles whose facts an act stands for, the list it is kept in, and the field of its last day."""


def _as_one(visit: str) -> str:
    return visit.strip().casefold()


def stated_day(fact: Fact) -> Day | None:
    """The day a fact of a role stands for: the one in it, for a date; its own, where it says yes."""
    if not isinstance(fact.value, str):
        return fact.day if fact.value is True else None
    try:
        return Day.parse(fact.value)
    except ValueError:
        return fact.day


def treatment_fact(one: Current[TreatmentGiven]) -> Fact:
    """A treatment course as a fact: its dose where one is recorded, else simply that it was given."""
    given = one.event
    source = f"{one.place} ({given.source})" if given.source else one.place
    return Fact(
        given.treatment,
        True if given.dose is None else given.dose,
        given.start,
        given.unit or None,
        source,
        given.participant or "",
        until=given.end,
        ongoing=given.ongoing,
        end_unknown=given.end is None and not given.ongoing,
    )
