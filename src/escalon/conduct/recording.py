"""The one way in: an event is checked for authority and sequence, and recorded, while nobody else can record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from escalon.casebook.casebook import Casebook, Writer
from escalon.casebook.entry import Author, Entry
from escalon.conduct.authority import acts_of, authorise
from escalon.conduct.refusal import Broken, Refused, refuse
from escalon.conduct.sequence import Act, Plan, broken_rules
from escalon.conduct.standing import Standing
from escalon.history.events import Event, FactRecorded, LevelAllocated, ParticipantConsented, Signed

Build = Callable[[Standing], Event]


class Conduct:
    """A casebook, the study's plan, and where the trial stands; safe to share between threads."""

    def __init__(self, casebook: Casebook, plan: Plan) -> None:
        self.casebook = casebook
        self.plan = plan
        self._standing = Standing()
        self._folding = threading.RLock()

    @property
    def standing(self) -> Standing:
        """Where the trial stands after the last entry."""
        with self._folding:
            upto = self.casebook.head.number
            found = self.casebook.entries(after=self._standing.number, upto=upto, facts=False)
            return self._follow(found, upto)

    def record(self, author: Author, event: Event, *, override: int | None = None) -> Entry:
        """Record an event, or refuse it with every rule it breaks. `override` is the number of a signed override."""
        _refuse_its_own_way(event)
        return self.record_built(author, lambda standing: event, override=override)

    def record_built(self, author: Author, build: Build, *, override: int | None = None) -> Entry:
        """Record an event that depends on where the trial stands at the very moment of recording."""
        with self._folding, self.casebook.writing() as writer:
            standing = self.caught_up(writer)
            event = build(standing)
            authorise_event(standing, author, event, writer.entry)
            event = self._check_sequence(standing, author, event, writer, override)
            entry = writer.append(author, event)
        self._remember(entry)
        return entry

    def record_all(self, author: Author, events: Sequence[Event]) -> list[Entry]:
        """Record several events as one act (the facts of a form): each is checked after the ones before; all, or nothing."""
        with self._folding:
            try:
                return self._record_all(author, events)
            except BaseException:
                self._standing = Standing()  # it had begun to follow what was not kept; it is folded anew when asked
                raise

    def _record_all(self, author: Author, events: Sequence[Event]) -> list[Entry]:
        made = []
        with self.casebook.writing() as writer:
            standing = self.caught_up(writer)
            for event in events:
                _refuse_its_own_way(event)
                authorise_event(standing, author, event, writer.entry)
                made.append(writer.append(author, self._check_sequence(standing, author, event, writer, None)))
                self._remember(made[-1])
        return made

    def _remember(self, entry: Entry) -> None:
        # What was just committed need not be read back, unless someone else recorded in between.
        with self._folding:
            if self._standing.number == entry.number - 1:
                self._follow([] if isinstance(entry.event, FactRecorded) else [entry], entry.number)

    def allocate(self, author: Author, participant: str, cohort: int) -> Entry:
        """Give the participant the next place of a cohort: of two who ask for the last one, exactly one gets it."""

        def next_place(standing: Standing) -> Event:
            known = standing.cohorts.get(cohort)
            if known is None:
                raise refuse("slot", f"cohort {cohort} is not open")
            level, place = known.opened.level, known.last_place + 1
            return LevelAllocated(participant=participant, cohort=cohort, level=level, place=place)

        return self.record_built(author, next_place)

    def what_forbids(self, author: Author, event: Event) -> tuple[Broken, ...]:
        """Every rule that would refuse this event now, without recording anything."""
        with self._folding:
            standing = self.standing
            now = self.casebook.clock.now()
            try:
                authorise_event(standing, author, event, self.casebook.entry)
            except Refused as refused:
                return refused.broken
            return tuple(broken_rules(Act(event, author, standing, self.plan, now, self.casebook.entry)))

    def caught_up(self, writer: Writer) -> Standing:
        """Where the trial stands at the start of an act."""
        return self._follow(writer.entries(after=self._standing.number, facts=False), writer.number)

    def _follow(self, found: Iterable[Entry], upto: int) -> Standing:
        self._standing.follow(found)
        self._standing.number = upto  # facts since then need not be looked at again
        return self._standing

    def _check_sequence(
        self, standing: Standing, author: Author, event: Event, writer: Writer, override: int | None
    ) -> Event:
        act = Act(event, author, standing, self.plan, writer.now, writer.entry)
        broken = tuple(broken_rules(act))
        if not broken:
            return event
        if override is None:
            raise Refused(*broken)
        check_override(standing, event, override, broken)
        return replace(event, override=override)


def _refuse_its_own_way(event: Event) -> None:
    """Refuse what is not recorded as it is, but by signing or by a command that checks more than the event says."""
    for one in (event, getattr(event, "now", None)):
        if isinstance(one, Event) and one.own_command:
            raise refuse("command", f"{one.kind} is recorded by its own command only: {one.own_command}")
    if isinstance(event, Signed):
        raise refuse("signature", "a signature is made by signing, with the password entered again")


def authorise_event(standing: Standing, author: Author, event: Event, entry: Callable[[int], Entry]) -> None:
    """Refuse an event its author may not record, at the site it concerns."""
    site = site_of(standing, event)
    person = standing.people.get(author.person)
    for act in acts_of(event):
        authorise(person, author, act, site)
    if event.supersedes is not None:  # to change an entry one must also be allowed to have made it
        wrong = entry(event.supersedes).event
        if wrong.own_command:
            raise refuse("correction", f"{wrong.kind} is never corrected or annulled; see {wrong.own_command}")
        authorise(person, author, wrong.kind, site)


def site_of(standing: Standing, event: Event) -> str | None:
    """The site an event concerns: the participant's, or None for what concerns the whole trial."""
    if event.participant in standing.participants:
        return standing.participants[event.participant].site
    return event.site if isinstance(event, ParticipantConsented) else None


def check_override(standing: Standing, event: Event, number: int, broken: tuple[Broken, ...]) -> None:
    """Refuse an override that does not cover what the act would break, is not signed as it must be, or was used."""
    given = standing.overrides.get(number)
    if given is None:
        raise refuse("override", f"entry {number} is not an override")
    if given.used_by is not None:
        raise refuse("override", f"override {number} was used by entry {given.used_by}")
    if (given.given.act, given.given.participant) != (event.kind, event.participant):
        raise refuse("override", f"override {number} is for {given.given.act} of {given.given.participant}")
    uncovered = [one for one in broken if not one.signatures or one.rule not in given.given.rules]
    if uncovered:
        raise Refused(*uncovered)
    needed = max(one.signatures for one in broken)
    if len(given.signers) < needed:
        raise refuse("override", f"override {number} has {len(given.signers)} of the {needed} signatures it needs")
