"""The participants: the list with where each stands, and one participant on one page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from numbers import Number

from escalon.conduct.judge import standing
from escalon.conduct.judge.dose_review import OUTCOMES, deaths_of, review
from escalon.conduct.judge.given import dose_of
from escalon.conduct.judge.screening import WORDS
from escalon.conduct.judge.watched import Watching, watched
from escalon.conduct.permit.authority import ALLOWED
from escalon.facts import Day
from escalon.history import Course, Entry
from escalon.protocol.prose import short_name
from escalon.web.banner import Banner, banner, disease
from escalon.web.desk import Desk
from escalon.web.pages.today import MatterShown, matters_of
from escalon.web.registry import act, page
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown
from escalon.web.told import in_words
from escalon.web.words import rounded

NEWEST = 12
"""How many of the last changes the participant's page shows."""


@dataclass(frozen=True)
class ParticipantRow:
    """A participant in the list."""

    code: str
    site: str
    disease: str
    state: str
    kind: str
    level: int | None
    infused: str
    outcome: str
    waits: int


@dataclass(frozen=True)
class ParticipantsPage:
    """The list, and whether a consent can be recorded here."""

    rows: tuple[ParticipantRow, ...]
    day: date
    may_consent: bool


@page("/participants")
def participants(desk: Desk, disease: str = "", state: str = "") -> ParticipantsPage:
    """Everybody whose record you may read, with where each stands."""
    found = [_row(desk, one) for one in desk.known()]
    kept = tuple(one for one in found if disease in ("", one.disease) and state in ("", one.kind))
    return ParticipantsPage(kept, desk.today, desk.may("ParticipantConsented"))


def _row(desk: Desk, course: Course) -> ParticipantRow:
    state, kind = desk.kept_of("state", (course,), lambda: _state(desk, course))
    first = course.infused
    level = course.infusions[0].event.level if course.infusions else None
    if level is None and course.allocation:
        level = course.allocation.level
    return ParticipantRow(
        course.code,
        course.site,
        disease(desk.study, course),
        state,
        kind,
        level,
        str(first) if first else "",
        _outcome(desk, course) if first else "",
        len(matters_of(desk, course.code)),
    )


def _state(desk: Desk, course: Course) -> tuple[str, str]:
    """Where a participant stands, in a few words, and the kind of state that is."""
    if deaths_of(course):
        return "died", "not"
    if course.is_withdrawn:
        return "left the study", "void"
    if course.infused:
        return f"{desk.infused}, day {(desk.today - course.infused.earliest).days}", "done"
    if course.allocation:
        return f"place in cohort {course.allocation.cohort}", "signed"
    if not course.has_consent:
        return "no consent recorded", "na"
    found = desk.screening(course.code)
    word = WORDS[found.verdict]
    if found.verdict.value == "met":
        lacks = standing.eligibility(desk.study, desk.trial, course, desk.today)
        return ("eligible, to be signed", "pend") if lacks else ("eligible, signed", "met")
    if found.verdict.value == "unknown":
        return f"{word}: {len(found.obtain)} to obtain", "unk"
    return word, "not"


def _outcome(desk: Desk, course: Course) -> str:
    def find() -> str:
        given = dose_of(desk.study, desk.trial, course.code)
        return OUTCOMES[review(desk.study, desk.trial, given, desk.today).outcome] if given else ""

    return desk.kept_of("outcome", (course,), find)


@dataclass(frozen=True)
class ValueShown:
    """The latest value of a score or measurement, where it opens, and on which day it was."""

    name: str
    label: str
    says: str
    day: str


@dataclass(frozen=True)
class WatchShown:
    """What must not happen during the study: its clause, how it stands, and why."""

    id: str
    what: str
    state: str
    kind: str
    why: str


_STANDS = {Watching.BROKEN: "over", Watching.ABSENT: "met", Watching.UNKNOWN: "unk"}


@dataclass(frozen=True)
class ParticipantPage:
    """One participant: the banner, what is open, what changed last, and the latest values."""

    banner: Banner
    state: str
    kind: str
    outcome: str
    why: str
    matters: tuple[MatterShown, ...]
    changes: tuple[EntryShown, ...]
    values: tuple[ValueShown, ...]
    watched: tuple[WatchShown, ...]
    may_leave: tuple[tuple[str, str, str], ...]
    """How this reader may record that the participant leaves: the act, its title, and what it means."""


LEAVING = (
    ("ConsentWithdrawn", "Consent withdrawn", "nothing more is done to them for the study"),
    ("ParticipantWithdrawn", "Left the study", "an investigator or the participant ended taking part"),
)


@page("/participants/{code}")
def participant(desk: Desk, code: str) -> ParticipantPage:
    """One participant on one page."""
    course = desk.course(code)
    state, kind = _state(desk, course)
    given = dose_of(desk.study, desk.trial, code)
    found = review(desk.study, desk.trial, given, desk.today) if given else None
    return ParticipantPage(
        banner(desk, course),
        state,
        kind,
        OUTCOMES[found.outcome] if found else "",
        found.why.removeprefix("DLT: ") if found else "",
        matters_of(desk, code),
        tuple(entry_shown(desk, one) for one in reversed(desk.entries(participant=code)[-NEWEST:])),
        desk.kept_of("values", (course,), lambda: tuple(_values(desk, course))),
        tuple(
            WatchShown(one.clause.id, one.name, one.state.value, _STANDS[one.state], one.why)
            for one in watched(desk.study, desk.trial, code, Day.of(desk.today))
        ),
        tuple(_may_leave(desk, course)),
    )


def _may_leave(desk: Desk, course: Course) -> Iterator[tuple[str, str, str]]:
    for one in LEAVING:
        still = course.has_consent if one[0] == "ConsentWithdrawn" else not course.is_withdrawn
        if still and desk.person and desk.may(one[0], course.site or None):
            yield one


def _values(desk: Desk, course: Course) -> list[ValueShown]:
    """The latest value of everything the study's outcomes and visits measure."""
    from escalon.conduct.judge.scores import scored

    facts = scored(desk.study, desk.trial, course.code)
    names = dict.fromkeys(name for one in desk.study.visits for name in one.measures)
    found = []
    for name in names:
        known = [fact for fact in facts.named(name) if fact.value is not None and fact.day is not None]
        if known:
            last = max(known, key=lambda fact: fact.day.earliest if fact.day else date.min)
            value = last.value
            is_number = isinstance(value, Number) and not isinstance(value, bool)
            says = f"{rounded(value) if is_number else in_words(value)} {last.unit or ''}".strip()
            found.append(ValueShown(name, short_name(name, desk.study), says, str(last.day)))
    return found


@act("LevelAllocated")
def allocate(desk: Desk, said: Told) -> Entry:
    """Give a participant the next place of a cohort."""
    return desk.conduct.allocate(desk.author, said.text("participant"), said.number("cohort"))


@dataclass(frozen=True)
class IdentityPage:
    """Who a participant is: sealed, and opened for an instant only."""

    banner: Banner
    is_kept: bool
    opened: tuple[EntryShown, ...]
    name: str
    contact: str


@page("/participants/{code}/identity", ALLOWED["IdentityOpened"], over_folder=False)
def identity(desk: Desk, code: str) -> IdentityPage:
    """Whether a name is kept, and who opened it when; the name itself is shown by opening it, which is recorded."""
    course = desk.course(code)
    kept = desk.entries(participant=code, kinds=["IdentifierSealed"])
    looked = desk.entries(participant=code, kinds=["IdentityOpened"])
    shown = tuple(entry_shown(desk, one) for one in reversed([*kept, *looked]))
    opened = desk.bench.once.pop((desk.token, code), None)
    return IdentityPage(banner(desk, course), bool(kept), shown, *(opened or ("", "")))


@act("IdentifierSealed")
def seal(desk: Desk, said: Told) -> Entry:
    """Seal a participant's name and contact."""
    from escalon.casebook.identifiers import Identity
    from escalon.conduct.record.identities import keep_identity

    who = Identity(said.text("name"), said.text("contact", ""))
    return keep_identity(desk.conduct, desk.bench.named, desk.author, said.text("participant"), who)


@act("IdentityOpened")
def open_name(desk: Desk, said: Told) -> str:
    """Open who a participant is; that it was opened is recorded, and the page shows the name once."""
    from escalon.conduct.record.identities import open_identity

    code = said.text("participant")
    found = open_identity(desk.conduct, desk.bench.named, desk.author, code)
    desk.bench.once[desk.token, code] = (found.name, found.contact)
    return f"opened: {code}"
