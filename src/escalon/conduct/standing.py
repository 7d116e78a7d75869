"""Where the trial stands, folded from its entries: each participant's steps, cohorts and places, decisions, clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from escalon.casebook.entry import Entry
from escalon.conduct.people import People
from escalon.conduct.support import Support
from escalon.history.events import (
    AllocationReleased,
    ApheresisDone,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    DecisionProposed,
    DecisionSigned,
    DltAdjudicated,
    DltProposed,
    EligibilitySigned,
    EntryAnnulled,
    EntryCorrected,
    Event,
    LevelAllocated,
    LymphodepletionGiven,
    OverrideGiven,
    OverrideSigned,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantWithdrawn,
    ProductReleased,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    RowReported,
    VisitLocked,
    VisitUnlocked,
)

YES = frozenset({"yes", "y", "true", "1"})
"""How a data folder writes yes."""

COMMITTEE_SIGNERS = 2
"""A committee decision needs two different signers."""


@dataclass
class Participant:
    """One participant's way through the trial; a number is that of the entry that says so."""

    site: str
    has_consent: bool = True
    is_withdrawn: bool = False
    screening: tuple[int, ParticipantScreened] | None = None
    eligibility_signed: int | None = None
    apheresis: ApheresisDone | None = None
    lymphodepletion: LymphodepletionGiven | None = None
    products: dict[str, ProductReleased] = field(default_factory=dict)
    allocation: LevelAllocated | None = None
    infused_at: datetime | None = None
    infusion_number: int = 0
    has_reported_dlt: bool = False
    dlts: dict[int, DltAdjudicated] = field(default_factory=dict)
    proposed_dlts: dict[int, DltProposed] = field(default_factory=dict)
    locked_visits: set[str] = field(default_factory=set)
    is_replaced: bool = False

    @property
    def has_dlt(self) -> bool:
        """Whether an event was adjudicated dose-limiting."""
        return self.has_reported_dlt or any(dlt.is_dlt for dlt in self.dlts.values())

    @property
    def awaits_adjudication(self) -> bool:
        """Whether a DLT was proposed that no later adjudication considered."""
        considered = {number for dlt in self.dlts.values() for number in dlt.rests_on}
        return any(dlt.is_dlt and number not in considered for number, dlt in self.proposed_dlts.items())


@dataclass
class Cohort:
    """A cohort: its level, its places, and who holds which."""

    opened: CohortOpened
    number: int
    places: dict[int, str] = field(default_factory=dict)
    infusions: list[datetime] = field(default_factory=list)
    last_place: int = 0
    is_open: bool = True


@dataclass
class Decision:
    """A proposed decision and its signatures: entry number of each, by person."""

    proposed: DecisionProposed
    number: int
    signers: dict[str, int] = field(default_factory=dict)


@dataclass
class Override:
    """An override, its signatures, and the entry that used it."""

    given: OverrideGiven
    number: int
    signers: dict[str, int] = field(default_factory=dict)
    used_by: int | None = None


@dataclass(repr=False)
class Standing:
    """The state of the whole trial after some entry."""

    number: int = 0
    people: People = field(default_factory=People)
    participants: dict[str, Participant] = field(default_factory=dict)
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    overrides: dict[int, Override] = field(default_factory=dict)
    queries: dict[int, str] = field(default_factory=dict)
    support: Support = field(default_factory=Support)
    entries: dict[int, Entry] = field(default_factory=dict)
    replaced: dict[int, Event | None] = field(default_factory=dict)

    # -- questions -------------------------------------------------------------------------------------------------

    def open_cohorts(self) -> list[Cohort]:
        """Cohorts that still take or treat participants; there is never more than one."""
        return [cohort for cohort in self.cohorts.values() if cohort.is_open]

    def infused(self) -> list[Participant]:
        """Participants who received cells."""
        return [one for one in self.participants.values() if one.infused_at is not None]

    def is_eligible(self, participant: Participant) -> bool:
        """Whether the latest screening says eligible and carries a signature made after anything beneath it changed."""
        screening, signed = participant.screening, participant.eligibility_signed
        if screening is None or signed is None or screening[1].verdict != "eligible":
            return False
        return self.support.stands(screening[0], signed)

    def is_effective(self, decision: Decision) -> bool:
        """Whether two committee members signed, nothing beneath it changed, and not only those who entered the DLTs."""
        return self.is_signed(decision) and not self.support.disturbed.get(decision.number)

    def is_signed(self, decision: Decision) -> bool:
        """Whether enough different people signed, and not only those who entered the DLTs."""
        signers = set(decision.signers)
        return len(signers) >= COMMITTEE_SIGNERS and bool(signers - self.who_entered_dlts(decision))

    def who_entered_dlts(self, decision: Decision) -> set[str]:
        """The people who recorded the dose-limiting events a decision rests on."""
        beneath = (self.entries.get(number) for number in self.support.closure(decision.number))
        return {
            entry.author.person for entry in beneath if entry and isinstance(entry.event, DltAdjudicated | DltProposed)
        }

    def decision_in_force(self) -> Decision | None:
        """The newest decision with its signatures, while it stands; once it is stale, none is in force."""
        signed = [one for one in self.decisions.values() if self.is_signed(one)]
        newest = max(signed, key=lambda one: one.number, default=None)
        return newest if newest and self.is_effective(newest) else None

    # -- folding ---------------------------------------------------------------------------------------------------

    def follow(self, entries: Iterable[Entry]) -> None:
        """Take entries into account, in order."""
        for entry in entries:
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Take one entry into account. A correction replays the trial with the corrected content in its place."""
        self.entries[entry.number] = entry
        self.number = entry.number
        self.support.note(entry)
        match entry.event:
            case EntryCorrected(corrects=number, now=now):
                self._replay(number, now)
            case EntryAnnulled(annuls=number):
                self._replay(number, None)
            case event:
                self._take(entry, event)

    def _replay(self, number: int, now: Event | None) -> None:
        self.replaced[number] = now
        fresh = Standing(replaced=self.replaced, support=self.support, entries=self.entries)
        for entry in self.entries.values():
            event = fresh.replaced.get(entry.number, entry.event)
            if event is not None and not isinstance(event, EntryCorrected | EntryAnnulled):
                fresh._take(entry, event)
        for name in ("people", "participants", "cohorts", "decisions", "overrides", "queries"):
            setattr(self, name, getattr(fresh, name))

    def _take(self, entry: Entry, event: Event) -> None:
        self.people.apply(entry)
        if event.override is not None and event.override in self.overrides:
            self.overrides[event.override].used_by = entry.number
        match event:
            case ParticipantConsented(participant=str(code), site=site):
                self._consent(code, site)
            case DecisionProposed():
                self.decisions[entry.number] = Decision(event, entry.number)
            case DecisionSigned(decision=number) if number in self.decisions:
                self.decisions[number].signers[entry.author.person] = entry.number
            case OverrideGiven():
                self.overrides[entry.number] = Override(event, entry.number)
            case OverrideSigned(given=number) if number in self.overrides:
                self.overrides[number].signers[entry.author.person] = entry.number
            case CohortOpened(cohort=cohort):
                self.cohorts[cohort] = Cohort(event, entry.number)
            case CohortClosed(cohort=cohort) if cohort in self.cohorts:
                self.cohorts[cohort].is_open = False
            case QueryRaised():
                self.queries[entry.number] = "open"
            case QueryAnswered(query=number):
                self.queries[number] = "answered"
            case QueryClosed(query=number):
                self.queries[number] = "closed"
            case RowReported(participant=str(code)):
                # Reported treatment counts for the clocks even where no consent has been recorded here yet.
                one = self.participants.setdefault(code, Participant("", has_consent=False))
                self._step(entry, event, one)
            case _ if event.participant in self.participants:
                self._step(entry, event, self.participants[event.participant])

    def _consent(self, code: str, site: str) -> None:
        known = self.participants.setdefault(code, Participant(site))
        known.site, known.has_consent = site, True

    def _step(self, entry: Entry, event: Event, one: Participant) -> None:
        match event:
            case ConsentWithdrawn():
                one.has_consent = False
            case ParticipantWithdrawn():
                one.is_withdrawn = True
            case ParticipantScreened():
                one.screening = (entry.number, event)
                one.eligibility_signed = None  # a new verdict needs a new signature
            case EligibilitySigned(screening=number) if one.screening and one.screening[0] == number:
                one.eligibility_signed = entry.number
            case ApheresisDone():
                one.apheresis = event
            case LymphodepletionGiven():
                one.lymphodepletion = event
            case ProductReleased(product=product):
                one.products[product] = event
            case LevelAllocated(cohort=cohort, place=place):
                one.allocation = event
                if cohort in self.cohorts:
                    self.cohorts[cohort].places[place] = event.participant or ""
                    self.cohorts[cohort].last_place = place
            case AllocationReleased(cohort=cohort, place=place):
                one.is_replaced = one.infused_at is not None
                one.allocation = None
                if cohort in self.cohorts:
                    self.cohorts[cohort].places.pop(place, None)
            case CellsInfused(at=at):
                self._infused(entry, one, at)
            case RowReported(table="doses", cells=cells):
                # Reported with its day only: the clocks run from that day's end, the later of what it may have been.
                day = date.fromisoformat(next(cell.text for cell in cells if cell.column == "date"))
                self._infused(entry, one, datetime.combine(day, time.max, UTC))
            case RowReported(table="adverse_events", cells=cells):
                one.has_reported_dlt |= any(cell.column == "dlt" and cell.text.lower() in YES for cell in cells)
            case DltAdjudicated():
                one.dlts[entry.number] = event
                self._unsettle_decisions(entry, one)
            case DltProposed():
                one.proposed_dlts[entry.number] = event
            case VisitLocked(visit=visit):
                one.locked_visits.add(visit)
            case VisitUnlocked(visit=visit):
                one.locked_visits.discard(visit)

    def _infused(self, entry: Entry, one: Participant, at: datetime) -> None:
        one.infused_at, one.infusion_number = at, entry.number
        if one.allocation and one.allocation.cohort in self.cohorts:
            self.cohorts[one.allocation.cohort].infusions.append(at)

    def _unsettle_decisions(self, entry: Entry, one: Participant) -> None:
        # A DLT that comes to light after a decision was proposed was not counted in it; whoever was infused before
        # the proposal was among those it judged.
        if one.infused_at is None:
            return
        for decision in self.decisions.values():
            if one.infusion_number < decision.number < entry.number:
                self.support.disturb(decision.number, entry.number)
