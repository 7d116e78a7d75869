"""The screening worksheet: every clause with its verdict and evidence, what would settle it, and the signature under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from escalon.conduct.judge import standing
from escalon.conduct.judge.screening import WORDS, Clause, Screening
from escalon.conduct.record.proposals import propose_screening
from escalon.history import Course, Entry
from escalon.protocol.prose import short_name
from escalon.protocol.study import FactDefinition, Study
from escalon.reporting import html
from escalon.reporting.reasons import evidence
from escalon.reporting.screening_worksheet import ToScreen, worksheet
from escalon.web.banner import Banner, banner, disease
from escalon.web.desk import Desk
from escalon.web.printed import Printed
from escalon.web.registry import act, page
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown, labelled
from escalon.web.words import day

STATES = {"met": "met", "not met": "not", "unknown": "unk", "not applicable": "na"}
SHOWN = {"open": "unk", "failed": "not", "passed": "met"}


@dataclass(frozen=True)
class AskedFact:
    """A value that would settle a clause: its name, kind, choices and units, as it is typed."""

    name: str
    label: str
    kind: str
    choices: tuple[str, ...]
    units: tuple[str, ...]
    needs_limits: bool
    settle: str


@dataclass(frozen=True)
class ClauseRow:
    """A clause: what must hold, the verdict, what it rests on, what is missing."""

    id: str
    forbids: bool
    """Whether it is an exclusion: what it says must be known to be absent."""
    sentence: str
    says: str
    rule: str
    shown: str
    state: str
    why: tuple[str, ...]
    obtain: tuple[str, ...]
    asks: tuple[AskedFact, ...]


@dataclass(frozen=True)
class ClauseGroup:
    """Clauses of one subject, with how many are unknown, failed and passed."""

    title: str
    clauses: tuple[ClauseRow, ...]
    unknown: int
    failed: int
    passed: int
    is_open: bool


@dataclass(frozen=True)
class ScreeningPage:
    """The worksheet of one participant."""

    banner: Banner
    verdict: str
    state: str
    as_of: str
    groups: tuple[ClauseGroup, ...]
    others: tuple[ClauseRow, ...]
    counts: dict[str, int]
    show: str
    notes: tuple[str, ...]
    latest: EntryShown | None
    screening: int | None
    signed: EntryShown | None
    why_not: tuple[str, ...]
    may_record: bool
    may_screen: bool
    may_sign: bool
    assumptions: tuple[str, ...]
    visit: str
    seen: int


@page("/participants/{code}/screening")
def screening(desk: Desk, code: str, show: str = "") -> ScreeningPage:
    """Every clause of the record for one participant, with what decided it and what would settle it."""
    course = desk.course(code)
    found = desk.screening(code)
    rows = [_row(desk.study, course, one) for one in found.clauses]
    applying = [row for row in rows if row.state != "na"]
    subjects = desk.bench.kept(
        "subjects", desk.study.version, lambda: {one.criterion.id: _subject(desk.study, one) for one in found.clauses}
    )
    latest = course.screening
    site = course.site or None
    acts = desk.person is not None
    return ScreeningPage(
        banner=banner(desk, course),
        verdict=WORDS[found.verdict],
        state=STATES[found.verdict.value],
        as_of=str(found.as_of),
        groups=tuple(_groups(applying, subjects, show)),
        others=tuple(row for row in rows if row.state == "na"),
        counts={name: sum(row.state == state for row in rows) for name, state in SHOWN.items()},
        show=show if show in SHOWN else "",
        notes=tuple(map(day, found.notes)),
        latest=entry_shown(desk, latest.entry) if latest else None,
        screening=latest.number if latest else None,
        signed=_signature(desk, course),
        why_not=tuple(_why_not(desk, course, found)),
        may_record=acts and desk.may("FactRecorded", site),
        may_screen=acts and desk.may("ParticipantScreened", site),
        may_sign=acts and desk.may("EligibilitySigned", site),
        assumptions=desk.study.assumed(*(row.id for row in applying)),
        visit=desk.study.visits[0].id if desk.study.visits else "",
        seen=desk.upto,
    )


@page("/participants/{code}/screening/paper")
def screening_paper(desk: Desk, code: str, blank: bool = False) -> Printed:
    """The worksheet to print: as it reads now, or blank for where the server cannot be reached, to be entered later."""
    course = desk.course(code)
    rows = [_row(desk.study, course, one) for one in desk.screening(code).clauses]
    said = {row.id: ": ".join(filter(None, (row.shown, "; ".join(row.why)))) for row in rows}
    stands = {row.id: "" if blank or row.state == "unk" else said[row.id] for row in rows if row.state != "na"}
    one = ToScreen(code, disease(desk.study, course), stands)
    about = "to fill in by hand" if blank else f"as it reads on {desk.today}"
    return Printed(html.page(worksheet(desk.study, [one], synthetic=desk.trial.synthetic, about=about)))


def _signature(desk: Desk, course: Course) -> EntryShown | None:
    number = course.eligibility_signed
    return entry_shown(desk, desk.trial.entries[number]) if number is not None else None


def _why_not(desk: Desk, course: Course, found: Screening) -> Iterator[str]:
    """Why eligibility cannot be signed now."""
    latest = course.screening
    if found.verdict.value == "unknown":
        yield f"a clause is unknown: {len(found.obtain)} to obtain"
    elif found.verdict.value == "not met":
        yield f"a clause is not met: {', '.join(one.criterion.id for one in found.failed())}"
    elif latest is None or latest.event.verdict != "eligible":
        said = latest and f"the recorded screening says {latest.event.verdict}; record it as it reads now"
        yield said or "the screening is not recorded yet"
    elif changed := standing.changed_screening(desk.study, desk.trial, course, desk.today):
        yield f"what the recorded screening rested on has changed ({changed}); record it again"


def _groups(applying: list[ClauseRow], subjects: Mapping[str, str], show: str) -> Iterator[ClauseGroup]:
    for title in dict.fromkeys(subjects[row.id] for row in applying):
        mine = [row for row in applying if subjects[row.id] == title]
        kept = tuple(row for row in mine if show not in SHOWN or row.state == SHOWN[show])
        unknown, failed, passed = (sum(row.state == state for row in mine) for state in ("unk", "not", "met"))
        if kept:
            yield ClauseGroup(title, kept, unknown, failed, passed, bool(unknown or failed or show in SHOWN))


def _subject(study: Study, clause: Clause) -> str:
    known = (study.vocabulary[name].group for name in clause.criterion.names if name in study.vocabulary)
    return next((group for group in known if group), "Other")


def _row(study: Study, course: Course, one: Clause) -> ClauseRow:
    missing = one.obtain
    return ClauseRow(
        one.criterion.id,
        one.criterion.kind == "exclusion",
        one.sentence,
        str(one.criterion.says),
        " ".join(one.criterion.rule.split()),
        one.shown,
        STATES[one.verdict.value],
        tuple(labelled(study, day(reason), evidence) for reason in one.why()),
        tuple(labelled(study, day(text)) for text in missing),
        _wanted(tuple(_asks(study, course, one)), missing) if missing else (),
    )


def _wanted(asks: tuple[AskedFact, ...], missing: tuple[str, ...]) -> tuple[AskedFact, ...]:
    """Of the values a clause reads, those that would settle it now; all of them where the reason names none."""
    return tuple(one for one in asks if one.settle and any(text.startswith(one.settle) for text in missing)) or asks


def _asks(study: Study, course: Course, one: Clause) -> Iterator[AskedFact]:
    """The values of the clause that can be typed here: those that are facts of their own, not results of an instrument."""
    days = [anchor.fact for name, anchor in study.anchors.items() if f"the day of {name}" in one.finding.missing]
    if days:  # before the day is known, nothing else can settle it
        yield from (asked(study, study.vocabulary[name]) for name in days if name in study.vocabulary)
        return
    for name in one.criterion.names:
        known = study.vocabulary.get(name)
        if known is not None and known.computed:
            yield from _items(study, course, name)
        elif known is not None:
            yield asked(study, known)


def _items(study: Study, course: Course, name: str) -> Iterator[AskedFact]:
    """The items of a small instrument (clearance from creatinine, age, sex, weight) that nothing is known of."""
    from escalon.instruments import catalogue

    instrument = catalogue().get(name)
    if instrument is None or len(instrument.items) > 6:
        return
    for item, about in instrument.items.items():
        fact = study.vocabulary.get(about.fact or f"{name}.{item}")
        if fact is not None and not course.facts.named(fact.name):
            yield asked(study, fact)


def asked(study: Study, known: FactDefinition) -> AskedFact:
    """A fact as it is asked for."""
    label = short_name(known.name, study)
    return AskedFact(known.name, label, known.kind, known.choices, known.units, known.limits, known.settle)


@act("ParticipantScreened")
def screen(desk: Desk, said: Told) -> Entry:
    """Record what the study's criteria say today; a verdict of a person's own is recorded as it was given."""
    if said.text("verdict", ""):
        return desk.conduct.record(desk.author, said.event("ParticipantScreened"), override=said.override)
    return propose_screening(desk.conduct, desk.author, said.text("participant"))
