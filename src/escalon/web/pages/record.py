"""The record: an entry and what rests on it, the audit trail and its verification, queries and signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from escalon.casebook.chain import Fault
from escalon.casebook.entry import Entry as Written
from escalon.casebook.proof import prove
from escalon.casebook.telling import told
from escalon.conduct.judge import standing
from escalon.conduct.permit.authority import ALLOWED
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.signing import signatures
from escalon.facts import Day
from escalon.history import Entry
from escalon.history.events import DecisionSigned, EligibilitySigned, Signed, spaced
from escalon.reporting.sheet import csv_text
from escalon.sources.delimited import quiet
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.pages.corrections import FieldAsked, changeable
from escalon.web.printed import Saved
from escalon.web.registry import READERS, act, page
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown, hides
from escalon.web.words import day as written_day

T = TypeVar("T")
A_PAGE = 50
CORRECTIONS = "EntryCorrected,FactCorrected"
"""What a monitor reads first: every entry that changed another."""
OF_ACCOUNTS = ("AccountOpened", "RoleGranted", "RoleWithdrawn", "AccountRevoked", "AccountLocked", "SecretSet")


def paged(rows: list[T], page: int) -> tuple[list[T], int, int]:
    """The rows of a page, which page it is, and of how many."""
    pages = max(1, -(-len(rows) // A_PAGE))
    at = min(max(page, 1), pages)
    return rows[(at - 1) * A_PAGE : at * A_PAGE], at, pages


def may_read(desk: Desk, entry: Entry) -> bool:
    """Whether an entry is open to this reader: of a participant by their site, of accounts to whoever reads accounts."""
    if entry.kind in OF_ACCOUNTS:
        return desk.may("read accounts") or not desk.bench.is_casebook
    course = desk.trial.courses.get(entry.participant or "")
    return desk.sees(course) if course else desk.may("read record")


# -- one entry ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldShown:
    """One field of an entry."""

    name: str
    says: str


@dataclass(frozen=True)
class EntryPage:
    """An entry: its content and hash, what it changed, what changed it, what rests on it, and the questions about it."""

    entry: EntryShown
    content: tuple[FieldShown, ...]
    hash: str
    previous: str
    changes: str
    changed_by: tuple[EntryShown, ...]
    rests_on_it: tuple[EntryShown, ...]
    signed: tuple[EntryShown, ...]
    queries: tuple[EntryShown, ...]
    may_ask: bool
    may_sign: bool
    correctable: tuple[FieldAsked, ...]
    """Its fields as a correction may say them anew; empty where it is not corrected, or not by this reader."""
    forbids_correcting: tuple[str, ...]
    forbids_annulling: tuple[str, ...]


@page("/entries/{number}")
def entry(desk: Desk, number: int) -> EntryPage:
    """One entry: who, when, before, why, its hash, what rests on it, and a query about it."""
    found = _entry(desk, number)
    later = (
        desk.entries(participant=found.participant, after=number) if found.participant else desk.entries(after=number)
    )
    show = [one for one in later if _names(one, number)]
    queries = desk.entries(kinds=["QueryRaised", "QueryAnswered", "QueryClosed"])
    body = json.loads(found.body) if isinstance(found, Written) else {}
    hidden = hides(desk, found)
    changes = told(body) if body.get("old") is not None and not hidden else ""
    return EntryPage(
        entry_shown(desk, found),
        () if hidden else tuple(_fields(found)),
        found.hash if isinstance(found, Written) else "",
        found.previous if isinstance(found, Written) else "",
        written_day(changes),
        tuple(entry_shown(desk, one) for one in show if one.event.supersedes == number),
        tuple(entry_shown(desk, one) for one in show if number in getattr(one.event, "rests_on", ())),
        tuple(entry_shown(desk, one) for one in show if isinstance(one.event, Signed)),
        tuple(entry_shown(desk, one) for one in queries if getattr(one.event, "about", None) == number),
        desk.may("QueryRaised"),
        desk.may("EntrySigned"),
        *changeable(desk, found, hidden=hidden),
    )


def _entry(desk: Desk, number: int) -> Entry:
    found = next((one for one in desk.entries(after=number - 1) if one.number == number), None)
    if found is None or not may_read(desk, found):
        raise NoSuchPage(f"there is no entry {number} that you may read")
    return found


def _names(one: Entry, number: int) -> bool:
    event = one.event
    signed = isinstance(event, Signed) and event.subject == number
    return event.supersedes == number or number in getattr(event, "rests_on", ()) or signed


def _fields(one: Entry, event: Any = None, within: str = "") -> Iterator[FieldShown]:
    event = one.event if event is None else event
    for field in fields(event):
        value = getattr(event, field.name)
        if value in (None, "", (), False) or field.name in ("digest", "participant", "answer", "name"):
            continue
        if hasattr(value, "__dataclass_fields__"):
            yield from _fields(one, value)
        else:
            says = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            says = {"True": "yes", "False": "no"}.get(says, says)
            yield FieldShown(field.name.replace("_", " "), written_day(says))


# -- the audit trail -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditPage:
    """The trail as it was asked for, the newest first, and what can be asked for; of one participant, with the banner."""

    banner: Banner | None
    entries: tuple[EntryShown, ...]
    count: int
    all: int
    page: int
    pages: int
    people: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    participants: tuple[str, ...]
    asked: dict[str, str]


@page("/audit")
def audit(
    desk: Desk, person: str = "", kind: str = "", participant: str = "", day: str = "", page: int = 1
) -> AuditPage:
    """Who recorded what and when, by person, kind, participant and day of recording."""
    open_to, kept = _filtered(desk, person, kind, participant, day)
    newest, at, pages = paged(kept[::-1], page)
    names, recorded = desk.names, {one.kind for one in desk.trial.entries.values()}
    return AuditPage(
        banner(desk, desk.course(participant)) if participant in desk.trial.courses else None,
        tuple(entry_shown(desk, one) for one in newest),
        len(kept),
        len(open_to),
        at,
        pages,
        tuple(sorted((account, name) for account, name in names.items())),
        ((CORRECTIONS, "corrections"), *((name, spaced(name)) for name in sorted(recorded))),
        tuple(one.code for one in desk.courses()),
        {"person": person, "kind": kind, "participant": participant, "day": day},
    )


def _filtered(desk: Desk, person: str, kind: str, participant: str, day: str) -> tuple[list[Entry], list[Entry]]:
    """The entries of a kind and participant that this reader may read; and those of a person and day among them."""
    every = desk.entries(participant=participant or None, kinds=kind.split(",") if kind else None)
    open_to = [one for one in every if may_read(desk, one)]
    try:
        on = Day.parse(day) if day else None
    except ValueError as wrong:
        raise refuse("form", f"day: {wrong}") from None
    return open_to, [one for one in open_to if person in ("", one.author.person) and (on is None or _on(desk, one, on))]


@page("/audit/export")
def audit_export(desk: Desk, person: str = "", kind: str = "", participant: str = "", day: str = "") -> Saved:
    """The entries as filtered, all of them in their order, as a table that opens in any spreadsheet."""
    columns = ("entry", "recorded at", "person", "role", "site", "participant", "kind", "what", "because", "hash")
    rows = []
    for one in _filtered(desk, person, kind, participant, day)[1]:
        shown = entry_shown(desk, one)
        at = shown.at.isoformat(timespec="seconds") if shown.at else ""
        said = (one.author.site, shown.participant, shown.kind, shown.what, shown.why, getattr(one, "hash", ""))
        rows.append([str(one.number), at, shown.person, shown.role, *map(quiet, said)])
    return Saved("audit.csv", csv_text(columns, rows))


def _on(desk: Desk, one: Entry, day: Day) -> bool:
    return one.at is not None and day.earliest <= one.at.astimezone(desk.trial.frame.zone).date() <= day.latest


@dataclass(frozen=True)
class VerifyPage:
    """Whether the record is whole, where it ends, and, if it is not, the first entry that is wrong."""

    is_whole: bool
    entries: int
    checkpoints: int
    ends_in: str
    problem: str
    problem_entry: int | None
    public_key: str


@page("/audit/verify", ALLOWED["verify"], over_folder=False)
def verify(desk: Desk) -> VerifyPage:
    """The whole chain checked now: every hash, every signed checkpoint, and the guards of the database."""
    casebook = desk.conduct.casebook
    found = prove(desk.bench.place, [], None)  # now, whatever was found before
    problem: Fault | None = found.problem
    return VerifyPage(
        found.is_whole,
        found.entries,
        found.checkpoints,
        f"{found.entries}:{found.ends_in}",
        problem.says if problem else "",
        problem.number if problem else None,
        casebook.public_key,
    )


# -- queries and signatures -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueryShown:
    """A question, the entry it is about, its answers, and what the reader may do."""

    number: int
    participant: str
    text: str
    about: EntryShown | None
    state: str
    asked: EntryShown
    replies: tuple[EntryShown, ...]
    may_answer: bool
    may_close: bool


@dataclass(frozen=True)
class QueriesPage:
    """The queries, those that are open first."""

    queries: tuple[QueryShown, ...]
    may_ask: bool
    participants: tuple[str, ...]
    state: str


@page("/queries", over_folder=False)
def queries(desk: Desk, state: str = "") -> QueriesPage:
    """Questions put to the site, and their answers."""
    known = {one.number: one for one in desk.entries(kinds=["QueryRaised", "QueryAnswered", "QueryClosed"])}
    found = [_query(desk, number, known) for number in desk.trial.queries if may_read(desk, known[number])]
    order = ["open", "answered", "closed"]
    kept = sorted(
        (one for one in found if state in ("", one.state)), key=lambda one: (order.index(one.state), -one.number)
    )
    return QueriesPage(tuple(kept), desk.may("QueryRaised"), tuple(one.code for one in desk.courses()), state)


def _query(desk: Desk, number: int, known: dict[int, Entry]) -> QueryShown:
    it = desk.trial.queries[number]
    course = desk.trial.courses.get(it.raised.participant or "")
    site = course.site or None if course else None
    about = desk.conduct.casebook.entry(it.raised.about) if it.raised.about else None
    replies = tuple(entry_shown(desk, one) for one in known.values() if getattr(one.event, "query", None) == number)
    return QueryShown(
        number,
        it.raised.participant or "",
        it.raised.text,
        entry_shown(desk, about) if about and may_read(desk, about) else None,
        it.state,
        entry_shown(desk, known[number]),
        replies,
        it.state == "open" and desk.may("QueryAnswered", site),
        it.state == "answered" and desk.may("QueryClosed", site),
    )


@dataclass(frozen=True)
class SignatureShown:
    """A signature: who, in which meaning, under what, and whether it still stands."""

    entry: EntryShown
    subject: int | None
    void_by: int | None
    void_because: str
    """What it was given under has changed since, where no single entry took it away; empty while it stands."""


@dataclass(frozen=True)
class SignaturesPage:
    """Every signature, the newest first; those that became void say by which entry."""

    signatures: tuple[SignatureShown, ...]
    void: int


@page("/signatures", READERS, over_folder=False)
def all_signatures(desk: Desk) -> SignaturesPage:
    """Every signature of the trial, valid or void."""
    found = desk.kept("signatures", lambda: signatures(desk.conduct))
    shown = tuple(
        SignatureShown(
            entry_shown(desk, one.entry),
            getattr(one.entry.event, "subject", None),
            one.void_by,
            _void_because(desk, one.entry),
        )
        for one in reversed(found)
        if may_read(desk, one.entry)
    )
    return SignaturesPage(shown, sum(bool(one.void_by or one.void_because) for one in shown))


def _void_because(desk: Desk, entry: Entry) -> str:
    """Why a signature under a verdict or a decision no longer stands: what that rested on reads otherwise now."""
    event, trial = entry.event, desk.trial
    if isinstance(event, EligibilitySigned) and event.participant:
        course = trial.course(event.participant)
        if course.eligibility_signed != entry.number:
            return "screened again since"
        desk.bench.know(trial, (course.code,))
        return standing.changed_screening(desk.study, trial, course, desk.today)
    if isinstance(event, DecisionSigned) and event.decision in trial.decisions:
        lacks = standing.why_not_effective(desk.study, trial, trial.decisions[event.decision])
        return lacks if "changed" in lacks else ""
    return ""


@act("QueryRaised")
def ask(desk: Desk, said: Told) -> Entry:
    """Put a question about an entry to the site; it is about whomever the entry is about."""
    from escalon.history.events import QueryRaised

    about = _entry(desk, said.number("about")) if said.text("about", "") else None
    person = said.text("participant", "") or (about.participant if about else None) or None
    if about and about.participant != person:
        raise refuse(
            "form", f"about: entry {about.number} is about {about.participant or 'nobody'}, not about {person}"
        )
    number = about.number if about else None
    return desk.conduct.record(desk.author, QueryRaised(participant=person, text=said.text("text"), about=number))
