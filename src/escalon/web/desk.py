"""A page's or act's surroundings: what is served, who reads or acts in which role, where the trial stands, which language."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlencode

from escalon.casebook.encoding import plain
from escalon.conduct.judge.screening import Screening, screen_one
from escalon.conduct.judge.waiting import Waiting, in_order, waiting_of_dosing, waiting_of_person, waiting_of_record
from escalon.conduct.permit.authority import may
from escalon.conduct.permit.refusal import Broken, refuse
from escalon.conduct.permit.rules.of_the_record import CONTENT
from escalon.conduct.record.recording import Conduct
from escalon.facts import Day
from escalon.history import Author, Course, Entry, Override, Trial
from escalon.history.events import Event, FactRecorded, Role
from escalon.history.people import Person
from escalon.protocol import Study
from escalon.web.overriding import waits_for_its_act
from escalon.web.said import whole
from escalon.web.workbench import Workbench

T = TypeVar("T")


class NoSuchPage(LookupError):
    """There is nothing at this address that this reader may see; `near` are addresses of what may have been meant, by name."""

    def __init__(self, says: str, near: Mapping[str, str] | None = None) -> None:
        super().__init__(says)
        self.near = dict(near or {})


OFFERED = 12
"""How many names a page offers where there is none of the name asked for."""


def near(name: str, there: Iterable[str]) -> list[str]:
    """The names that hold it, are held by it, or are written much like it."""
    word = name.casefold()
    keys = {one.casefold(): one for one in there}
    close = [one for one in keys if len(word) > 2 and (word in one or one in word)]
    return [keys[one] for one in dict.fromkeys([*close, *get_close_matches(word, keys, 5, 0.55)])][:OFFERED]


def none_such(says: str, name: str, there: Mapping[str, str]) -> NoSuchPage:
    """There is nothing of this name: the names that come near, else the first of those there are; `there` gives addresses."""
    return NoSuchPage(says, {one: there[one] for one in near(name, there) or list(there)[:OFFERED]})


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
    def upto(self) -> int:
        """The last entry that this reader has seen; 0 over a data folder."""
        return self.conduct.upto if self.bench.is_casebook else 0

    @property
    def infused(self) -> str:
        """What is said of who was given a dose: infused, where it is cells."""
        return self.study.said("infused")

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
            there = {one.code: f"/participants/{one.code}" for one in self.courses()}
            raise none_such(f"there is no participant {code} that you may read", code, there)
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
        """Why this event would be refused now: the reasons beside a greyed button; those a signed override covers apart."""
        given = self.overriding(event.kind, event.participant)
        found = self.conduct.what_forbids(self.author, event)
        return tuple(one for one in found if given is None or not one.signatures or one.rule not in given.given.rules)

    @property
    def named_override(self) -> Override | None:
        """The override the address names, if there is one."""
        return self.trial.overrides.get(whole(self.asked.get("override")) or 0)

    def overriding(self, kind: str, participant: str | None) -> Override | None:
        """The override the address names, where it was asked for such an act, is signed and still holds."""
        found = self.named_override
        about = found and (found.given.act, found.given.participant) == (kind, participant)
        return found if about and found and waits_for_its_act(found, self.study, self.bench.now()) else None

    def asks_override(self, event: Event) -> str:
        """Where an override of what forbids this event is asked for; empty where none can be, or not by this reader."""
        broken = self.forbids(event) if self.person and self.may("OverrideGiven") else ()
        return override_address(event, broken)

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
            for one in self.bench.entries(self.trial, participant)
            if one.number > after and (kinds is None or one.kind in kinds)
        ]

    # -- what was found before -----------------------------------------------------------------------------------------

    def kept(self, name: Hashable, find: Callable[[], T]) -> T:
        """What was found since the last entry and the day began; else it is found now."""
        return self.bench.kept(name, (self.bench.mark(self.trial), self.today), find)

    def kept_of(self, name: str, courses: Iterable[Course], find: Callable[[], T]) -> T:
        """What was found of some participants since anything more was recorded of them, or bears on all, and the day began."""
        some = tuple(courses)
        folder = None if self.bench.is_casebook else self.bench.mark(self.trial)
        shared = self.trial.once("bears on all", self.study, lambda: _bears_on_all(self.trial))
        mark = (self.today, folder, shared, *((mark_of(one), _asked_of(self.trial, one.code)) for one in some))
        return self.bench.kept((name, *(one.code for one in some)), mark, find)

    def kept_of_dosing(self, name: str, find: Callable[[], T]) -> T:
        """What was found of the next dose since anything but a fact of somebody not infused was recorded."""
        acts = self.trial.once("acts", (), lambda: _acts(self.trial))
        mark = (self.today, acts, *map(mark_of, self.trial.infused()))
        return self.bench.kept(name, mark if self.bench.is_casebook else self.bench.mark(self.trial), find)

    @cached_property
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


def _acts(trial: Trial) -> int:
    return sum(not isinstance(entry.event, FactRecorded) for entry in trial.entries.values())


def override_address(event: Event, broken: tuple[Broken, ...]) -> str:
    """Where an override is asked for, with what the event says; empty where a rule is broken that nothing sets aside."""
    if not broken or not all(one.signatures for one in broken):
        return ""
    says = {"act": event.kind, "participant": event.participant or "", "rules": ",".join(one.rule for one in broken)}
    says |= {f"content.{name}": str(plain(getattr(event, name) or "")) for name in CONTENT.get(type(event), ())}
    said = urlencode({name: text for name, text in says.items() if text not in ("", "…")})
    return f"/overrides?{said}#ask"


def mark_of(course: Course) -> tuple[object, ...]:
    """What changes whenever more is recorded of a participant: the entries by which each event stands as it does.

    A correction leaves an event its place and its first number; only the entry that says it last is another.
    """
    found: tuple[object, ...] = course.once("mark", (), lambda: _mark_of(course))
    return found


def _mark_of(course: Course) -> tuple[object, ...]:
    aside = ("_kept", "_made")  # facts of a large folder, which the folder's own mark stands for
    kept = [one for name, one in vars(course).items() if isinstance(one, list) and name not in aside]
    stand = hash(tuple(tuple(current.entry.number for current in one) for one in kept))
    return (
        stand,
        course.site,
        course.allocation,
        tuple(course.eligibility_signatures.items()),
        frozenset(course.locked_visits),
    )


def _bears_on_all(trial: Trial) -> tuple[object, ...]:
    """What is recorded of nobody alone and yet bears on everybody: rows nobody could read, and which tables are kept."""
    attested = [(table, one.entry.number) for table, one in trial.attested.items()]
    return (tuple(trial.imports.items()), tuple(attested), any(one.adverse_events for one in trial.courses.values()))


def _asked_of(trial: Trial, code: str) -> tuple[object, ...]:
    """The questions raised about a participant, as they stand."""
    return tuple(
        (one.number, one.raised, one.state) for one in trial.queries.values() if one.raised.participant == code
    )
