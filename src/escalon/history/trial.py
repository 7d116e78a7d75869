"""The fold: where a trial stands after its entries, each participant's course, its cohorts, decisions and overrides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any, TypeVar, cast

from escalon.facts import Facts, together
from escalon.history.course import Course
from escalon.history.current import Current, Standing, renumbered
from escalon.history.entry import Author, Entry, Unread
from escalon.history.events import (
    AllocationReleased,
    AmendmentAdopted,
    AnswerPart,
    CasebookOpened,
    CohortClosed,
    CohortOpened,
    DecisionProposed,
    DecisionSigned,
    DltAdjudicated,
    DltProposed,
    EntrySigned,
    Event,
    FactRecorded,
    FolderImported,
    LevelAllocated,
    MarkedSynthetic,
    NothingToReport,
    OverrideGiven,
    OverrideSigned,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    RefusedRow,
    Role,
)
from escalon.history.frame import Frame
from escalon.history.kept_facts import Entries, KeptFacts
from escalon.history.made_once import MadeOnce
from escalon.history.people import People
from escalon.history.support import Support

MAY_LIFT = frozenset({Role.INVESTIGATOR.value, Role.COMMITTEE.value})
"""Whose signature under a correction lets it lift a hold: those who sign overrides."""


@dataclass
class Cohort:
    """A cohort: its level, its places, and who holds which."""

    opened: CohortOpened
    number: int
    places: dict[int, str] = field(default_factory=dict)
    last_place: int = 0
    is_open: bool = True


@dataclass
class Decision:
    """A proposed decision and its signatures: entry number of each, by person; and when each was given, in order."""

    proposed: DecisionProposed
    number: int
    signers: dict[str, int] = field(default_factory=dict)
    signed_at: list[datetime | None] = field(default_factory=list)


@dataclass
class Override:
    """An override, its signatures, and the entry that used it."""

    given: OverrideGiven
    entry: Entry
    signers: dict[str, int] = field(default_factory=dict)
    used_by: int | None = None


@dataclass
class Query:
    """A question, the entry it is about, and how far it got: open, answered or closed."""

    raised: QueryRaised
    number: int
    state: str = "open"


class Trial:
    """Where a trial stands. `until` leaves out what happened after a day; what was left out is in `later`."""

    def __init__(self, frame: Frame | None = None, until: date | None = None) -> None:
        self.frame = frame or Frame()
        self.until = until
        self.number = 0
        self.kept_under: str | None = None
        """The version of the study's text that the record is kept under, whatever day is asked about; None in a data folder."""
        self.levels: tuple[AnswerPart, ...] = ()
        """The dose of each level under that version, by its number; empty where the record does not say."""
        self._texts: dict[int, tuple[AnswerPart, ...]] = {}
        self.support = Support()
        self._standing = Standing()
        self._entries: dict[int, Entry] = {}
        self._kept: list[KeptFacts] = []
        """Facts of a large source whose entries nobody has looked at one by one."""
        self._lifting: dict[int, Entry] = {}
        self._unread: tuple[Unread, ...] = ()
        self._stricter: tuple[tuple[object, ...], Trial] | None = None
        self._known: dict[date, Trial] = {}
        """The trial as it was known on days that were asked of, which goes on as this one does."""
        self._since: list[Entry] = []
        """What came after they were asked of."""
        self.once = MadeOnce()
        self._clear()

    def _clear(self) -> None:
        self.people = People()
        self.courses: dict[str, Course] = {}
        self.cohorts: dict[int, Cohort] = {}
        self.decisions: dict[int, Decision] = {}
        self.overrides: dict[int, Override] = {}
        self.queries: dict[int, Query] = {}
        self.attested: dict[str, Current[Any]] = {}
        """The tables somebody attests there is nothing of, by name."""
        self.imports: dict[int, FolderImported] = {}
        self.signers: dict[int, dict[str, int]] = {}
        """Who signed an entry as such (EntrySigned), by the entry's number: the signature's own entry, by person."""
        self.amendments: dict[int, AmendmentAdopted] = {}
        self.synthetic = False
        self.later: list[Current[Event]] = []

    # -- questions -------------------------------------------------------------------------------------------------

    @property
    def participants(self) -> tuple[str, ...]:
        """The codes of all participants."""
        return tuple(sorted(self.courses))

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What is written and could not be read: by this source, or by an import while nobody has recorded it since.

        A row refused by several imports, perhaps on another line, is one; two of one import are two.
        """
        refused: dict[object, list[Unread]] = {}
        for number, one in self.imports.items():
            if not self._imported_again(number, one):
                refused |= together((row.subject, row) for row in self._still_unread(number, one))
        return tuple(dict.fromkeys(chain(self._unread, *refused.values())))

    @unread.setter
    def unread(self, rows: Iterable[Unread]) -> None:
        self._unread, self._stricter, self._known = tuple(rows), None, {}
        self.once.forget()

    def _imported_again(self, number: int, folder: FolderImported) -> bool:
        """Whether the same folder was read once more, since a later import found rows of it already there."""
        later = [one for at, one in self.imports.items() if at > number]
        return any(one.folder == folder.folder and one.already_there for one in later)

    def _still_unread(self, number: int, folder: FolderImported) -> Iterator[Unread]:
        for row in folder.refused:
            seen = self.course(row.participant).observations if row.about else ()
            is_said = any(one.number > number and self._says(one.event, row) for one in seen)
            if not is_said and (self.until is None or row.day is None or row.day.earliest <= self.until):
                yield Unread(row.table, row.participant, row.day, row.why, row.about)

    def _says(self, event: FactRecorded, row: RefusedRow) -> bool:
        """Whether a fact is what a refused row was about, of that day where the row has one."""
        day = event.happened(self.frame.zone)
        return event.fact.name == row.about and (row.day is None or day is None or day.may_be(row.day))

    def course(self, code: str) -> Course:
        """A participant's course; an empty one for somebody nothing is recorded of."""
        return self.courses.get(code) or Course(code, self.frame)

    def facts_of(self, code: str) -> Facts:
        """The facts of one participant, with each treatment as a fact named for the drug."""
        return self.course(code).facts

    def infused(self) -> list[Course]:
        """Participants who received cells, in the order of their first infusion."""
        some = [one for one in self.courses.values() if one.infusions]
        return sorted(some, key=lambda one: (one.infused.earliest if one.infused else date.max, one.code))

    def open_cohorts(self, stratum: str = "") -> list[Cohort]:
        """Cohorts of a stratum that still take or treat participants; there is never more than one."""
        return [one for one in self.cohorts.values() if one.is_open and self.stratum_of(one) == stratum]

    def stratum_of(self, cohort: Cohort) -> str:
        """The stratum whose decision opened a cohort; empty where the study has none."""
        decision = self.decisions.get(cohort.opened.decision)
        return decision.proposed.stratum if decision else ""

    def unsigned(self) -> list[Entry]:
        """The entries that would lift a hold and lack the signatures for it, oldest first."""
        return [entry for entry in self._lifting.values() if len(self._who_signed(entry)) < entry.event.needs]  # type: ignore[attr-defined]

    def _who_signed(self, entry: Entry) -> set[str]:
        """The people whose signatures count under an entry that lifts a hold; where one is enough, it is not its author's."""
        people = set(self.signers.get(entry.number, ()))
        needs = getattr(entry.event, "needs", 0)
        return people - {entry.author.person} if needs == 1 else people

    @property
    def stricter(self) -> Trial | None:
        """The trial without what would lift a hold and is not signed; None where there is no such entry."""
        left_out = {entry.number for entry in self.unsigned()}
        if not left_out:
            return None
        key = (self.number, len(self.entries), frozenset(left_out))
        if self._stricter is None or self._stricter[0] != key:
            other = self.only(lambda entry: entry.number not in left_out, self.until)
            self._stricter = (key, other)
        return self._stricter[1]

    def only(self, keep: Callable[[Entry], bool] | None, until: date | None) -> Trial:
        """The trial of some of its entries alone (`None`: of all), up to a day where one is given; what is unread stays so."""
        entries = self._parts() if keep is None else (one for _, one in sorted(self.entries.items()) if keep(one))
        other = Trial(self.frame, until).follow(entries)
        other.unread = tuple(
            row for row in self._unread if until is None or row.day is None or row.day.earliest <= until
        )
        return other

    def as_numbered_now(self, entry: Entry) -> Event:
        """What an entry says, with its level as it is numbered since the amendments adopted after it."""
        event = entry.event
        for number, amendment in sorted(self.amendments.items()):
            event = renumbered(event, amendment.numbers) if number > entry.number else event
        return event

    def dose_then(self, number: int) -> str:
        """The dose of the level that an entry names, in the text under which it was recorded; empty where that is not told."""
        text = max((adopted for adopted in self._texts if adopted < number), default=0)
        named = str(getattr(self._entries[number].event, "level", ""))
        return next((part.says for part in self._texts.get(text, ()) if part.name == named), "")

    def uses_level(self, level: int) -> bool:
        """Whether a cohort was opened or somebody dosed at a level."""
        given = (bag.event.level for course in self.courses.values() for bag in course.infusions)
        return level in given or any(one.opened.level == level for one in self.cohorts.values())

    def without(self, number: int) -> Trial:
        """The trial as if an entry had never been made."""
        return self.only(lambda entry: entry.number != number, self.until)

    def with_event(self, event: Event, author: Author, at: datetime) -> Trial:
        """The trial as it would stand after one more entry."""
        other = apart(self)
        other.apply(Entry(self.number + 1, at, author, event))
        return other

    def known_on(self, day: date) -> Trial:
        """The trial with what had happened by a day, whenever it was recorded; it goes on as this one does."""
        if self._since:
            going_on = self._known.get(day)
            self._known = {} if going_on is None else {day: going_on.follow(self._since)}
            self._since = []
        if day not in self._known:
            self._known[day] = self.only(None, day)
        return self._known[day]

    def of(self, participants: Container[str]) -> Trial:
        """The same trial, with some of its participants alone and answers of its own; not to be followed further."""
        other = copy(self)
        other.once, other._stricter, other._known, other._since = MadeOnce(), None, {}, []
        other.courses = {code: one for code, one in self.courses.items() if code in participants}
        return other

    def forget(self) -> None:
        """Drop what was worked out of it and of each participant: whatever is asked again is worked out anew."""
        self.once.forget()
        for course in self.courses.values():
            course.once.forget()

    # -- folding ---------------------------------------------------------------------------------------------------

    def follow(self, entries: Iterable[Entry | KeptFacts]) -> Trial:
        """Take entries into account, in order. Corrections fold anew, once for all of them, with their content in its place."""
        anew = False
        for one in entries.parts if isinstance(entries, Entries) else entries:
            if isinstance(one, KeptFacts):
                self._fold_anew(anew)
                self._keep(one)
                anew = False
            else:
                anew |= self._note(one, anew)
        self._fold_anew(anew)
        return self

    def _keep(self, facts: KeptFacts) -> None:
        """Take the facts of a large source into account as they are kept."""
        later: list[Entry] = []
        if self.until is not None:
            known, others = facts.by(self.until, self.frame.zone)
            later = list(others)
            if any(
                one.event.known_by(self.until, self.frame.zone) for one in later
            ):  # of some the end is not yet known
                self.follow(facts.entries())
                return
            facts = known
        self.once.forget()
        self._known = {}
        self.number = max(self.number, facts.last, *(one.number for one in later))
        self._kept.append(facts)
        for code, which in facts.of.items():
            self._course(code).keep(facts, which)
        self.follow(later)

    def _parts(self) -> Iterator[Entry | KeptFacts]:
        """What was taken, in order."""
        parts: list[Entry | KeptFacts] = [*self._kept, *self._entries.values()]
        yield from sorted(parts, key=lambda one: one.first if isinstance(one, KeptFacts) else one.number)

    @property
    def entries(self) -> dict[int, Entry]:
        """Every entry by its number."""
        self._look()
        return self._entries

    def about(self, codes: Collection[str]) -> list[Entry]:
        """The entries about some participants, and those about nobody, in the order they were written."""
        kept = (facts.entries(facts.of[code]) for facts in self._kept for code in codes if code in facts.of)
        own = (one for one in self._entries.values() if one.participant is None or one.participant in codes)
        return sorted(chain(own, *kept), key=lambda one: one.number)

    @property
    def standing(self) -> Standing:
        """What the entries say together."""
        self._look()
        return self._standing

    def _look(self) -> None:
        """Make the entries of what is kept, as somebody looks at them one by one."""
        if self._kept:
            made = [one for facts in self._kept for one in facts.entries()]
            self._kept = []
            for entry in made:
                self._standing.take(entry)
            self._entries = dict(sorted((self._entries | {one.number: one for one in made}).items()))

    def dated(self) -> Iterator[Current[Event]]:
        """What stands, in order; of facts that are kept, the first of each day: all that the days of a trial rest on."""
        first = [Current(one.event, one, one) for facts in self._kept for one in facts.first_of_each_day()]
        return iter(sorted([*self._standing.in_order(), *first], key=lambda one: one.number))

    def apply(self, entry: Entry) -> None:
        """Take one entry into account."""
        self.follow((entry,))

    def _note(self, entry: Entry, waits: bool) -> bool:
        """Keep an entry and take it, unless all is folded anew anyway; whether it makes that necessary."""
        if entry.event.supersedes is not None:
            self._look()
        self.once.forget()
        if self._known:
            self._since.append(entry)
        self._entries[entry.number] = entry
        if getattr(entry.event, "needs", 0):
            self._lifting[entry.number] = entry
        self.number = max(self.number, entry.number)
        if isinstance(entry.event, CasebookOpened | AmendmentAdopted):
            self.kept_under = entry.event.study_version
            self._texts[entry.number] = self.levels = entry.event.levels
        self.support.note(entry)
        changed = self._standing.take(entry)
        if waits or (isinstance(entry.event, AmendmentAdopted) and entry.event.renumbered):
            return True
        current = self._standing.by_number.get(entry.number if changed is None else changed)
        if changed is not None:
            return not self._is_one_fact(current)
        if current is not None:
            self._take(current)
        return False

    def _fold_anew(self, wanted: bool) -> None:
        if wanted:
            self._clear()
            for current in self._standing.in_order():
                self._take(current)

    def _is_one_fact(self, now: Current[Any] | None) -> bool:
        """Whether a fact took another's place in its participant's course: no step of the trial rests on either."""
        known = None if now is None else self._as_known(now)
        if known is None or type(known.event) is not FactRecorded:
            return False
        return self.course(known.event.participant or "").replace(cast("Current[FactRecorded]", known))

    def _as_known(self, current: Current[Event]) -> Current[Event] | None:
        """What stands as it was known by the day up to which this trial goes; None where it happened later."""
        if self.until is None:
            return current
        event = current.event.known_by(self.until, self.frame.zone)
        if event is None:
            return None
        return current if event is current.event else Current(event, current.entry, current.first)

    def _is_of_later(self, event: Event) -> bool:
        """Whether an event judges what happened after the day up to which this trial goes, and nothing before it."""
        if not (self.until and isinstance(event, DltProposed | DltAdjudicated) and event.rests_on):
            return False
        course = self.course(event.participant or "")
        known = _numbers((*course.adverse_events, *course.rounds))
        return known.isdisjoint(event.rests_on) and not _numbers(self.later).isdisjoint(event.rests_on)

    def _take(self, stands: Current[Event]) -> None:
        current = self._as_known(stands)
        if current is None or self._is_of_later(current.event):
            self.later.append(stands)
            return
        event, number = current.event, current.number
        if type(event) is FactRecorded and event.override is None:  # most of a history, and no step of the trial itself
            self._course(event.participant or "").take(current)
            return
        self.people.apply(current.first)
        if event.override is not None and event.override in self.overrides:
            self.overrides[event.override].used_by = number
        match event:
            case DecisionProposed():
                self.decisions[number] = Decision(event, number)
            case DecisionSigned(decision=signed) if signed in self.decisions:
                self.decisions[signed].signers[current.first.author.person] = number
                self.decisions[signed].signed_at.append(current.first.at)
            case EntrySigned(entry=signed) if current.first.author.role in MAY_LIFT:
                self.signers.setdefault(signed, {})[current.first.author.person] = number
            case OverrideGiven():
                self.overrides[number] = Override(event, current.first)
            case OverrideSigned(given=signed) if signed in self.overrides:
                self.overrides[signed].signers[current.first.author.person] = number
            case CohortOpened(cohort=cohort):
                self.cohorts[cohort] = Cohort(event, number)
            case CohortClosed(cohort=cohort) if cohort in self.cohorts:
                self.cohorts[cohort].is_open = False
            case QueryRaised():
                self.queries[number] = Query(event, number)
            case QueryAnswered(query=query) if query in self.queries:
                self.queries[query].state = "answered"
            case QueryClosed(query=query) if query in self.queries:
                self.queries[query].state = "closed"
            case NothingToReport(table=table):
                self.attested[table] = current
            case MarkedSynthetic():
                self.synthetic = True
            case FolderImported():
                self.imports[number] = event
            case AmendmentAdopted():
                self.amendments[number] = event
        if event.participant is not None and _enters(event):
            self._step(current, event.participant)

    def _course(self, code: str) -> Course:
        if code not in self.courses:
            self.courses[code] = Course(code, self.frame)
        return self.courses[code]

    def _step(self, current: Current[Event], code: str) -> None:
        self._course(code).take(current)
        match current.event:
            case LevelAllocated(cohort=cohort, place=place) if cohort in self.cohorts:
                self.cohorts[cohort].places[place] = code
                self.cohorts[cohort].last_place = max(place, self.cohorts[cohort].last_place)
            case AllocationReleased(cohort=cohort, place=place) if cohort in self.cohorts:
                self.cohorts[cohort].places.pop(place, None)


_FOLLOWED = (Trial, Course, Cohort, Decision, Override, Query, Standing, Support, People)
"""What changes while a trial is followed; entries, events and facts never do."""

Whole = TypeVar("Whole")


def apart(one: Whole) -> Whole:
    """A copy that is followed by itself. What never changes is shared, and no answer is taken along."""
    made: Any = one
    if isinstance(one, dict):
        holds = isinstance(next(iter(one.values()), None), (*_FOLLOWED, dict, list))
        made = {key: apart(value) for key, value in one.items()} if holds else one.copy()
    elif isinstance(one, list | set):
        made = one.copy()
    elif isinstance(one, MadeOnce):
        made = MadeOnce()
    elif isinstance(one, _FOLLOWED):
        made = copy(one)
        vars(made).update({name: apart(value) for name, value in vars(one).items()})
    return cast(Whole, made)


def _numbers(some: Iterable[Current[Any]]) -> set[int]:
    """By which numbers other entries rest on some events: of the entry that said it first, and of the one that says it now."""
    return {number for one in some for number in (one.number, one.entry.number)}


def _enters(event: Event) -> bool:
    """Whether an event makes somebody a participant of this trial, or is of one."""
    return not isinstance(event, OverrideGiven | OverrideSigned | QueryRaised | QueryAnswered | QueryClosed)


def fold(entries: Iterable[Entry | KeptFacts], frame: Frame | None = None) -> Trial:
    """Where a trial stands after its entries."""
    return Trial(frame).follow(entries)
