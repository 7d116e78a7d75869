"""A page's or act's surroundings: what is served, who reads or acts in which role, where the trial stands, which language."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from escalon.conduct.judge.screening import Screening, screen_one
from escalon.conduct.judge.waiting import Waiting, in_order, waiting_of_dosing, waiting_of_person, waiting_of_record
from escalon.conduct.permit.authority import may
from escalon.conduct.permit.refusal import Broken, refuse
from escalon.conduct.record.recording import Conduct
from escalon.facts import Day
from escalon.history import Author, Course, Entry, Trial
from escalon.history.events import Event, FactRecorded, Role
from escalon.history.people import Person
from escalon.protocol import Study
from escalon.web.workbench import Workbench

T = TypeVar("T")


class NoSuchPage(LookupError):
    """There is nothing at this address that this reader may see."""


@dataclass(frozen=True)
class Desk:
    """One reader at one moment. Over a data folder nobody signs in: `person` is None, and everything is for reading."""

    bench: Workbench
    trial: Trial
    today: date
    person: Person | None = None
    role: Role | None = None
    site: str = ""
    token: str = field(default="", repr=False)
    language: str = "en"
    asked: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The fields that stand in the address."""

    @property
    def study(self) -> Study:
        """The study."""
        return self.bench.study

    @property
    def conduct(self) -> Conduct:
        """The one way in; only where there is a casebook."""
        return self.bench.opened

    @property
    def account(self) -> str | None:
        """The account that reads; None where nobody signs in."""
        return self.person.account if self.person else None

    @property
    def author(self) -> Author:
        """Who acts, for the record."""
        if self.person is None or self.role is None:
            raise refuse("session", "sign in first")
        return Author(self.person.account, str(self.role), self.site, "web")

    # -- what may be seen --------------------------------------------------------------------------------------------

    def may(self, act: str, site: str | None = None) -> bool:
        """Whether this reader, in the role chosen, may do this at a site (None: for the whole trial)."""
        if self.role is None:
            return not self.bench.is_casebook and act == "read record"
        return may(self.role, act, self.site, site)

    def sees(self, course: Course) -> bool:
        """Whether a participant's record is open to this reader: those of the sites the role was granted for."""
        return self.may("read record", course.site or None)

    def course(self, code: str) -> Course:
        """A participant with every fact recorded; refused to whom it is not open, in the same words as for nobody."""
        found = self.trial.courses.get(code)
        if found is None or not self.sees(found):
            raise NoSuchPage(f"there is no participant {code} that you may read")
        self.bench.know(self.trial, (code,))
        return self.trial.courses[code]

    def courses(self) -> list[Course]:
        """Everybody whose record is open to this reader, by code; facts as far as they were read."""
        return [one for code in self.trial.participants if self.sees(one := self.trial.courses[code])]

    def known(self) -> list[Course]:
        """Everybody whose record is open to this reader, with every fact recorded."""
        self.bench.know(self.trial, tuple(one.code for one in self.courses()))
        return self.courses()

    def forbids(self, event: Event) -> tuple[Broken, ...]:
        """Why this event would be refused now: the reasons beside a greyed button."""
        return self.conduct.what_forbids(self.author, event)

    @property
    def names(self) -> dict[str, str]:
        """The printed name of every account."""
        return {one.account: one.printed_name for one in self.trial.people.by_account.values()}

    def entries(
        self, *, participant: str | None = None, kinds: Sequence[str] | None = None, after: int = 0
    ) -> list[Entry]:
        """Entries in their order: of a participant, of some kinds."""
        return [
            one
            for one in self.bench.entries(self.trial)
            if participant in (None, one.participant) and (kinds is None or one.kind in kinds) and one.number > after
        ]

    # -- what was found before -----------------------------------------------------------------------------------------

    def kept(self, name: Hashable, find: Callable[[], T]) -> T:
        """What was found since the last entry and the day began; else it is found now."""
        return self.bench.kept(name, (self.bench.mark(self.trial), self.today), find)

    def kept_of(self, name: str, courses: Iterable[Course], find: Callable[[], T]) -> T:
        """What was found of some participants since anything more was recorded of them, and the day began."""
        some = tuple(courses)
        folder = None if self.bench.is_casebook else self.bench.mark(self.trial)
        return self.bench.kept((name, *(one.code for one in some)), (self.today, folder, *map(mark_of, some)), find)

    def kept_of_dosing(self, name: str, find: Callable[[], T]) -> T:
        """What was found of the next dose since anything but a fact of somebody not infused was recorded."""
        acts = sum(not isinstance(entry.event, FactRecorded) for entry in self.trial.entries.values())
        mark = (self.today, acts, *map(mark_of, self.trial.infused()))
        return self.bench.kept(name, mark if self.bench.is_casebook else self.bench.mark(self.trial), find)

    def waiting(self) -> tuple[Waiting, ...]:
        """Everything that waits; of each participant it is found anew only when more is recorded of them."""
        self.bench.know(self.trial, self.trial.participants)
        study, trial, today = self.study, self.trial, self.today
        found = list(self.kept_of_dosing("dosing", lambda: tuple(waiting_of_dosing(study, trial, today))))
        found += waiting_of_record(trial)
        for one in trial.courses.values():
            found += self.kept_of("waits", (one,), lambda one=one: tuple(waiting_of_person(study, trial, one, today)))  # type: ignore[misc]
        return in_order(found)

    def screening(self, code: str) -> Screening:
        """What the study's criteria say of a participant today."""
        self.bench.know(self.trial, (code,))
        find = lambda: screen_one(self.study, self.trial, code, Day.of(self.today))  # noqa: E731
        return self.kept_of("screening", (self.trial.course(code),), find)


def mark_of(course: Course) -> tuple[int, ...]:
    """What changes whenever more is recorded of a participant: the entries by which each event stands as it does.

    A correction leaves an event its place and its first number; only the entry that says it last is another.
    """
    kept = [one for one in vars(course).values() if isinstance(one, list)]
    stand = hash(tuple(tuple(current.entry.number for current in one) for one in kept))
    return (stand, len(course.eligibility_signatures), len(course.locked_visits))
