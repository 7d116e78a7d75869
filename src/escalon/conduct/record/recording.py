"""The one way in: an event is checked for authority, sequence and holds, and recorded, while nobody else can record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import chain
from types import NoneType
from typing import Any, get_args, get_type_hints

from sqlalchemy import Connection

from escalon import history
from escalon.casebook.casebook import Casebook
from escalon.casebook.encoding import plain, reader
from escalon.casebook.entry import Entry
from escalon.casebook.keys import Signer
from escalon.casebook.writer import Writer
from escalon.conduct.permit.act import Act, broken_rules
from escalon.conduct.permit.authority import acts_of, authorise
from escalon.conduct.permit.corrections import LIFTING, would_lift
from escalon.conduct.permit.overrides import check_override
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.conduct.record.answered import answered
from escalon.facts import Day
from escalon.history import Author, Trial
from escalon.history.events import (
    AnswerPart,
    Event,
    FactRecorded,
    LevelAllocated,
    NothingToReport,
    Observation,
    ParticipantConsented,
    ParticipantTransferred,
    Signed,
)
from escalon.protocol.design import in_days
from escalon.protocol.study import Study
from escalon.sources.frame import frame_of
from escalon.sources.observed import Dictionary, RowError
from escalon.sources.rows import check_event

Build = Callable[[Trial], Event]


class Conduct:
    """A casebook, the study it serves, and where the trial stands; safe to share between threads."""

    def __init__(self, casebook: Casebook, study: Study) -> None:
        self.casebook = casebook
        self.study = study
        self.dictionary = Dictionary(study)
        self._trial = Trial(frame_of(study))
        self._upto = 0
        self._facts_upto: dict[str, int] = {}
        self._connection: Connection | None = None
        self._folding = threading.RLock()
        self._stands_still = False

    @property
    def trial(self) -> Trial:
        """Where the trial stands after the last entry; recorded facts are read when a rule asks for them."""
        with self._folding:
            if self._stands_still and self._upto:
                return self._trial
            upto = self.casebook.last
            if upto == self._upto:
                return self._trial
            return self._follow(self.casebook.entries(after=self._upto, upto=upto, facts=False), upto)

    @property
    def upto(self) -> int:
        """The number of the last entry that the trial was followed to."""
        return self._upto

    @contextmanager
    def standing(self) -> Iterator[Trial]:
        """Where the trial stands, held still while somebody reads it: what others record meanwhile is seen by the next."""
        with self._folding:
            trial, before = self.trial, self._stands_still
            self._stands_still = True
            try:
                yield trial
            finally:
                self._stands_still = before

    def informed(self) -> Trial:
        """Where the trial stands, with the facts of everybody infused, as the dose rule reads it."""
        with self._folding:
            trial = self.trial
            self.know(tuple(one.code for one in trial.infused()))
            return trial

    def record(self, author: Author, event: Event, *, override: int | None = None) -> Entry:
        """Record an event, or refuse it with every rule it breaks. `override` is the number of a signed override."""
        _refuse_its_own_way(event)
        if not isinstance(event, FactRecorded):
            return self.record_built(author, lambda trial: event, override=override)
        with self._folding:  # where the trial stands is not changed by a fact, so nothing is to be taken back

            def checked(event: Event, writer: Writer) -> Event:
                return self._allowed(self.caught_up(writer), author, event, writer, override)

            entry = self.casebook.append(author, event, checked)
            self._fold(entry)
        return entry

    def record_built(
        self, author: Author, build: Build, *, override: int | None = None, key: Signer | None = None
    ) -> Entry:
        """Record an event that depends on where the trial stands at the very moment of recording; `key` signs the entry."""
        with self._recording() as (trial, writer):
            entry = self._append(trial, author, build(trial), writer, override, key)
            self._fold(entry)
        return entry

    def record_all(self, author: Author, events: Sequence[Event]) -> list[Entry]:
        """Record several events as one act (the facts of a form): each is checked after the ones before; all, or nothing."""
        return self.record_all_built(author, lambda trial: events)

    def record_all_built(
        self, author: Author, build: Callable[[Trial], Sequence[Event]], about: str | None = None
    ) -> list[Entry]:
        """Record several events that depend on where the trial, and all that is known `about` somebody, then stands."""
        made = []
        with self._recording() as (trial, writer):
            with self._reading_through(writer):
                self.know((about,) if about else ())
            for event in build(trial):
                _refuse_its_own_way(event)
                made.append(self._append(trial, author, event, writer, None))
                self._fold(made[-1])
        return made

    @contextmanager
    def _recording(self) -> Iterator[tuple[Trial, Writer]]:
        """Alone with the casebook and where the trial stands. What is recorded is folded before any of it is kept."""
        with self._folding:
            stood = None
            try:
                with self.casebook.writing() as writer:
                    trial = self.caught_up(writer)
                    stood = self._upto
                    yield trial, writer
            except BaseException:
                if self._upto != stood:
                    self._forget()  # it had begun to follow what was not kept; it is folded anew when asked
                raise

    @contextmanager
    def _reading_through(self, writer: Writer) -> Iterator[None]:
        """What is read meanwhile is read inside the act."""
        self._connection = writer.connection
        try:
            yield
        finally:
            self._connection = None

    def _append(
        self,
        trial: Trial,
        author: Author,
        event: Event,
        writer: Writer,
        override: int | None,
        key: Signer | None = None,
    ) -> Entry:
        return writer.append(author, self._allowed(trial, author, event, writer, override), key)

    def _allowed(self, trial: Trial, author: Author, event: Event, writer: Writer, override: int | None) -> Event:
        """The event as it may be recorded: by its author, readable, allowed, with what it would lift written into it."""
        check_types(event)
        authorise_event(trial, author, event, writer.entry)
        check_days(event)
        with self._reading_through(writer):
            act = Act(event, author, trial, self.study, writer.now, writer.entry, self.know)
            return self._checked(_saying(act, answered(act)), override)

    def _checked(self, act: Act, override: int | None) -> Event:
        check_readable(self.dictionary, act.event)
        act = _saying(act, self._with_lifts(act))
        event: Event = act.event
        broken = tuple(broken_rules(act))
        if not broken:
            return event
        if override is None:
            raise Refused(*broken)
        check_override(
            act.trial, event, override, broken, now=act.now, valid=override_valid(self.study),
            tolerance=self.study.dose.tolerance,
        )  # fmt: skip
        return replace(event, override=override)

    def _with_lifts(self, act: Act) -> Event:
        event: Event = act.event
        if not isinstance(event, LIFTING):
            return event
        if event.lifts or event.needs:
            raise refuse("correction", "what a correction would lift is found by the software, never written")
        if act.event.supersedes is not None and act.entry(act.event.supersedes).participant != act.event.participant:
            return event  # it is refused for that, in its own words
        held = would_lift(act)
        lifts = tuple(AnswerPart(name=f"{one.rule} ({one.about})", says=one.says) for one in held)
        written: Event = replace(event, lifts=lifts, needs=max((one.signatures for one in held), default=0))
        return written

    def _fold(self, entry: Entry) -> None:
        """Follow an entry that is about to be kept. Raises Refused where no trial can hold what it says."""
        try:
            self._follow([] if isinstance(entry.event, FactRecorded) else [entry], entry.number)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as wrong:
            raise refuse(
                "fold", f"{entry.event.kind} says what no trial can hold ({type(wrong).__name__}: {wrong})"
            ) from wrong

    def _forget(self) -> None:
        self._trial, self._upto, self._facts_upto = Trial(frame_of(self.study)), 0, {}

    def allocate(self, author: Author, participant: str, cohort: int) -> Entry:
        """Give the participant the next place of a cohort: of two who ask for the last one, exactly one gets it."""

        def next_place(trial: Trial) -> Event:
            known = trial.cohorts.get(cohort)
            if known is None:
                raise refuse("slot", f"cohort {cohort} is not open")
            level, place = known.opened.level, known.last_place + 1
            return LevelAllocated(participant=participant, cohort=cohort, level=level, place=place)

        return self.record_built(author, next_place)

    def what_forbids(self, author: Author, event: Event, *, whoever: bool = False) -> tuple[Broken, ...]:
        """Every rule that would refuse this event now, without recording anything.

        `whoever` leaves out who may do it: what the rules say of the event itself, for people who only read.
        """
        with self._folding:
            trial = self.trial
            try:
                check_types(event)
                if not whoever:
                    authorise_event(trial, author, event, self.casebook.entry)
                check_days(event)
                check_readable(self.dictionary, event)
            except Refused as refused:
                return refused.broken
            now = self.casebook.clock.now()
            act = Act(event, author, trial, self.study, now, self.casebook.entry, self.know)
            return tuple(broken_rules(replace(act, event=answered(act))))

    def caught_up(self, writer: Writer) -> Trial:
        """Where the trial stands at the start of an act; what it was followed to already is not followed again."""
        return self._follow(writer.entries(after=self._upto, facts=False), max(writer.number, self._upto))

    def know(self, codes: tuple[str, ...]) -> None:
        """Read the recorded facts of some participants that have not been read yet."""
        behind = [code for code in dict.fromkeys(codes) if self._facts_upto.get(code, 0) < self._upto]
        if behind:
            self._take(chain.from_iterable(map(self._unknown_facts, behind)))
            self._facts_upto |= dict.fromkeys(behind, self._upto)

    def _unknown_facts(self, code: str) -> Iterator[Entry]:
        return self.casebook.entries(
            participant=code,
            kinds=["FactRecorded"],
            after=self._facts_upto.get(code, 0),
            upto=self._upto,
            connection=self._connection,
        )

    def _follow(self, found: Iterable[Entry], upto: int) -> Trial:
        self._take(found)
        self._upto = upto  # facts since then are read when a rule asks for them
        return self._trial

    def _take(self, found: Iterable[Entry]) -> None:
        """Follow all of some entries; where one cannot be read or followed, none of them counts as followed."""
        try:
            self._trial.follow(found)
        except BaseException:
            self._forget()
            raise


def _saying(act: Act, event: Event) -> Act:
    """The act with what the software found written into its event."""
    return act if event is act.event else replace(act, event=event)


def override_valid(study: Study) -> timedelta | None:
    """How long an override may wait for its act; None where the study names no end."""
    valid = study.dose.override_valid
    return None if valid is None else timedelta(days=in_days(valid))


def _refuse_its_own_way(event: Event) -> None:
    """Refuse what is not recorded as it is, but by signing or by a command that checks more than the event says."""
    for one in (event, getattr(event, "now", None)):
        if isinstance(one, Event) and one.own_command:
            raise refuse("command", f"{one.kind} is recorded by its own command only: {one.own_command}")
    if isinstance(event, Signed):
        raise refuse("signature", "a signature is made by signing, with the password entered again")


_SIMPLE = frozenset({str, int, bool, Day, date, datetime, Event, NoneType})


@cache
def _simple(kind: type) -> dict[str, tuple[type, ...]]:
    """The fields of an event, or of what was observed, that hold text, a number, a day or an event; and what may stand there."""
    if not is_dataclass(kind):
        return {}
    hints = get_type_hints(kind)
    every = {one.name: get_args(hints[one.name]) or (hints[one.name],) for one in fields(kind)}
    return {name: types for name, types in every.items() if _SIMPLE.issuperset(types)}


def check_types(event: Event) -> None:
    """Refuse a day where text belongs, text where a number does, in whatever field it stands."""
    for told in (event, getattr(event, "now", None), getattr(event, "fact", None)):
        kind: Any = type(told)
        for name, types in _simple(kind).items():
            if not isinstance(getattr(told, name), types):
                raise refuse("dictionary", f"{event.kind}: {_mistyped(told)}")


def check_days(event: Event) -> None:
    """Refuse a day in no year that a trial has, in whatever field it stands."""
    for told in (event, getattr(event, "now", None)):
        for name, when in vars(told).items() if isinstance(told, Event) else ():
            for day in (when.earliest, when.latest) if isinstance(when, Day) else (when,):
                if isinstance(day, datetime) and day.tzinfo is None:
                    raise refuse("time", f"{name}: {day} has no time zone; write it, such as {day}+08:00")
                if isinstance(day, date):
                    _check_day(name, day)


def _check_day(field: str, day: date) -> None:
    try:
        Day.parse(date(day.year, day.month, day.day).isoformat())
    except ValueError as error:
        raise refuse("time", f"{field}: {error}") from None


def check_readable(dictionary: Dictionary, event: Event) -> None:
    """Refuse what the study's dictionary cannot read, as the row of a folder would be: a name, value, unit or day."""
    for told in (event, getattr(event, "now", None)):
        if not isinstance(told, Event) or not dictionary.study.vocabulary:
            continue
        seen = getattr(told, "fact", None)
        try:
            check_event(dictionary, told)
        except (TypeError, AttributeError):  # such as yes where a day belongs
            raise refuse("dictionary", f"{told.kind}: {_mistyped(told)}") from None
        except RowError as error:
            field = error.column if seen is None else _FIELDS.get(error.column, error.column)
            raise refuse("dictionary", f"{field}: {error}") from None
        if seen is not None:
            _ask_again(dictionary, seen)


def _mistyped(told: Any) -> str:
    """Which field of an event, or of what was observed, holds what cannot stand there, and what to write."""
    hints = get_type_hints(type(told))
    for name in (one.name for one in fields(told)):
        held, hint = getattr(told, name), hints[name]
        try:
            if reader(hint)(plain(held)) == held:
                continue
            why = "it is not written as what it is"
        except (ValueError, TypeError, AttributeError) as wrong:
            why = str(wrong) if isinstance(wrong, ValueError) else f"it is of the type {type(held).__name__}"
        kind = " or ".join(one.__name__ for one in get_args(hint) or (hint,) if one is not NoneType)
        return f"{name} is {held!r:.60}, and takes {kind}: {why}"
    return "a field holds what no row of a table can say"


def _ask_again(dictionary: Dictionary, seen: Observation) -> None:
    """Refuse a value outside what a body has, until it is confirmed with a reason."""
    if asked := dictionary.value(seen).question:
        write = f"(fact.confirmed=yes fact.confirmed_why=…, if {seen.value} {seen.unit or ''} is right)"
        raise refuse("confirm", f"fact.value: {asked.replace(f'(confirm={seen.name})', write)}")
    if seen.confirmed and not seen.confirmed_why.strip():
        raise refuse("confirm", f"fact.confirmed_why: say why {seen.value} {seen.unit or ''} stands")


_FIELDS = {"fact": "fact.name", "value": "fact.value", "unit": "fact.unit", "date": "fact.day", "until": "fact.until"}
"""The fields of an observation, by the column of a data folder that says the same."""


def authorise_event(trial: Trial, author: Author, event: Event, entry: Callable[[int], history.Entry]) -> None:
    """Refuse an event its author may not record, at the site it concerns."""
    site = site_of(trial, event)
    person = trial.people.get(author.person)
    for act in acts_of(event, trial.frame.roles):
        authorise(person, author, act, site)
        if isinstance(event, ParticipantTransferred):
            authorise(person, author, act, event.to_site)
        if isinstance(event, NothingToReport):  # it speaks of everybody
            for each in sorted({course.site for course in trial.courses.values()} - {"", None}):
                authorise(person, author, act, each)
    if event.supersedes is not None:  # to change an entry one must also be allowed to have made it
        wrong = entry(event.supersedes).event
        if wrong.own_command:
            raise refuse("correction", f"{wrong.kind} is never corrected or annulled; see {wrong.own_command}")
        authorise(person, author, wrong.kind, site)


def site_of(trial: Trial, event: Event) -> str | None:
    """The site an event concerns: the participant's, or None for what concerns the whole trial."""
    if event.participant in trial.courses:
        return trial.courses[event.participant].site or None
    return event.site if isinstance(event, ParticipantConsented) else None
