"""Safety: the daily round with its grade, adverse events with their term, the DLT review, and the clocks of reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from escalon.casebook.words import correction
from escalon.conduct.judge.evidence import followed
from escalon.conduct.judge.given import dose_of
from escalon.conduct.permit.refusal import refuse
from escalon.facts import Day, Finding, Truth
from escalon.history import Course, Entry, Trial
from escalon.history.events import (
    AdverseEventRecorded,
    AnswerPart,
    Event,
    ToxicityObserved,
)
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.catalogue import find
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory, laboratory_terms, tests_named
from escalon.instruments.safety.ctcae.terms import question_about, terms
from escalon.reporting.figures.evidence import DayLanes
from escalon.reporting.windows_drawn import SYNDROMES, evidence_windows
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import MEANING
from escalon.safety.words import Criterion, Outcome
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk
from escalon.web.pages.dlt_window import DltShown, dlt_shown, reviewed
from escalon.web.pages.safety_reports import ReportRow, not_assessed, reports_of
from escalon.web.registry import act, page
from escalon.web.said import Told, read_or_refused
from escalon.web.words import unit_shown

ROUND = {
    "CRS": "temp_c hypotension vasopressors oxygen flow_l_min crs_active antipyretic_or_anticytokine".split(),
    "ICANS": "ice ice_unavailable consciousness seizure motor_weakness oedema raised_icp".split(),
}
"""What a round asks for, by the items of the ASTCT 2019 tables (Lee 2019, doi:10.1016/j.bbmt.2018.12.758)."""
_CRITERIA = tuple((str(one), MEANING[one]) for one in Criterion)
_OUTCOMES = tuple((str(one), str(one)) for one in Outcome)
FOUND = 12
"""How many terms a search shows."""


@dataclass(frozen=True)
class ItemShown:
    """One question of the round: its name, words, the choices it has, its unit, and what stands in the address."""

    name: str
    label: str
    choices: tuple[str, ...]
    unit: str
    said: str


@dataclass(frozen=True)
class RoundShown:
    """The round of one syndrome: the questions, the grade of what was answered, or what is still missing."""

    syndrome: str
    source: str
    items: tuple[ItemShown, ...]
    grade: int | None
    bounds: str
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    asked: bool
    """Whether anything was answered."""


@dataclass(frozen=True)
class ObservedRow:
    """A round that was recorded."""

    entry: int
    at: datetime
    day: int | None
    syndrome: str
    grade: int
    seen: str


@dataclass(frozen=True)
class EventRow:
    """An adverse event over all its lines."""

    entry: int
    term: str
    grade: int | None
    start: str
    end: str
    serious: str
    related: str
    dlt: str
    open: bool
    lines: int
    doubt: str
    """What to look at again: a term or a grade that CTCAE v5.0 does not have."""


@dataclass(frozen=True)
class TermFound:
    """A CTCAE term that the search found, with what each grade says, and the grade its latest value gives."""

    name: str
    system_class: str
    grades: tuple[tuple[int, str], ...]
    proposed: int | None
    because: str


@dataclass(frozen=True)
class SafetyPage:
    """The safety of one participant."""

    banner: Banner
    day: date
    study_day: int | None
    rounds: tuple[RoundShown, ...]
    observed: tuple[ObservedRow, ...]
    unreported: tuple[str, ...]
    """Rounds whose grade no adverse event carries."""
    windows: tuple[DayLanes, ...]
    days: int
    events: tuple[EventRow, ...]
    search: str
    found: tuple[TermFound, ...]
    term: TermFound | None
    """The term chosen, whose form stands on the page."""
    ending: EventRow | None
    """The event whose end is to be recorded."""
    dlt: DltShown | None
    reports: tuple[ReportRow, ...]
    not_assessed: tuple[str, ...]
    """Events of which nobody can tell whether a report is due."""
    criteria: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]
    may_record: bool


@page("/participants/{code}/safety")
def safety(desk: Desk, code: str, find: str = "", term: str = "", end: int = 0) -> SafetyPage:
    """Safety of one participant."""
    course = desk.course(code)
    given = dose_of(desk.study, desk.trial, code)
    found = reviewed(desk, course)
    lanes, days = evidence_windows(desk.study, desk.trial, [found] if found else [])
    events = followed(desk.trial, course, desk.today).occurrences
    rows = tuple(_event(course, one) for one in events)
    return SafetyPage(
        banner(desk, course), desk.today, (desk.today - given.day.earliest).days if given else None,
        tuple(_round(name, desk.asked, course) for name in ROUND), tuple(_observed(course)), tuple(_unreported(desk, course)),
        lanes, days, rows, find, tuple(_terms(find, course)),
        _term(term, course) if term in terms() else None, next((one for one in rows if end and one.entry == end), None),
        dlt_shown(desk, course, found) if found else None, tuple(reports_of(desk, course, events)),
        not_assessed(course, events), _CRITERIA, _OUTCOMES,
        desk.may("AdverseEventRecorded", course.site),
    )  # fmt: skip


# -- the daily round ---------------------------------------------------------------------------------------------------


def _round(syndrome: str, asked: Mapping[str, str], course: Course) -> RoundShown:
    it = find(syndrome.lower())
    said = {name: asked.get(f"{syndrome}.{name}", "") for name in ROUND[syndrome]}
    items = tuple(
        ItemShown(name, it.items[name].about, _choices(it.items[name]), it.items[name].unit or "", said[name])
        for name in ROUND[syndrome]
    )
    answered = any(said.values())
    finding = _graded(syndrome, said) if answered else None
    value = finding.value if finding else None
    bounds = finding.bounds if finding else None
    return RoundShown(
        syndrome, it.source, items, int(value) if isinstance(value, int | float) else None,
        f"{bounds[0]} to {bounds[1]}" if bounds and value is None else "",
        tuple(_label(syndrome, name) for name in finding.missing) if finding else (),
        finding.reasons if finding else (), answered,
    )  # fmt: skip


def _choices(item: object) -> tuple[str, ...]:
    found = getattr(item, "choices", None) or ()
    return tuple(str(one) for one in found) or (("yes", "no") if getattr(item, "kind", "") == "truth" else ())


def _label(syndrome: str, name: str) -> str:
    items = find(syndrome.lower()).items
    return items[name].about if name in items else name


def _seen(syndrome: str, seen: Sequence[AnswerPart]) -> str:
    """The answers of a round: what was asked, and each value with its unit."""
    items = find(syndrome.lower()).items
    units = {name: f" {unit_shown(item.unit)}" for name, item in items.items() if item.unit and item.unit != "1"}
    return "; ".join(f"{_label(syndrome, part.name)}: {part.says}{units.get(part.name, '')}" for part in seen)


def _graded(syndrome: str, said: Mapping[str, str]) -> Finding:
    """The grade of what was answered; nothing left open is taken for «no»."""
    return assess_with(find(syndrome.lower()), {name: text for name, text in said.items() if text})


def _observed(course: Course) -> Iterator[ObservedRow]:
    first = course.infused
    for one in reversed(course.rounds):
        event = one.event
        day = (event.at.astimezone(course.zone).date() - first.earliest).days if first else None
        yield ObservedRow(one.number, event.at, day, event.syndrome, event.grade, _seen(event.syndrome, event.seen))


def _unreported(desk: Desk, course: Course) -> Iterator[str]:
    """Rounds with a grade that no adverse event of that syndrome reaches: the DLT rule reads the events."""
    for one in course.rounds:
        event, day = one.event, one.event.at.astimezone(course.zone).date()
        lines = [line.event for line in course.adverse_events if short_term(line.event.term) == event.syndrome]
        if event.grade and not any((line.grade or 0) >= event.grade and _covers(line, day) for line in lines):
            yield f"{event.syndrome} grade {event.grade} was observed on {day}, and no adverse event of that grade is recorded"


def short_term(term: str) -> str:
    """CRS and ICANS by the letters they are known by, any other term whole."""
    return SYNDROMES.get(term, term)


def _covers(line: AdverseEventRecorded, day: date) -> bool:
    begun = line.start is not None and line.start.earliest <= day
    return begun and (line.end is None or line.end.latest >= day)


@act("observe")
def observe(desk: Desk, said: Told) -> Sequence[Entry]:
    """A round: the observation, and, where its grade is new, a line of the adverse event it belongs to; both, or neither."""
    code, syndrome = said.text("participant"), said.text("syndrome")
    if syndrome not in ROUND:
        raise refuse("form", f"syndrome: {syndrome} is not looked for; {' or '.join(ROUND)}")
    desk.course(code)
    answers = {name: said.text(f"{syndrome}.{name}", "") for name in ROUND[syndrome]}
    finding = _graded(syndrome, answers)
    if not isinstance(finding.value, int | float):
        lacking = ", ".join(_label(syndrome, name) for name in finding.missing) or "; ".join(finding.reasons)
        raise refuse("form", f"the grade is not settled; still asked: {lacking}")
    grade, at = int(finding.value), desk.bench.now()
    seen = tuple(AnswerPart(name=name, says=text) for name, text in answers.items() if text)
    event = ToxicityObserved(participant=code, syndrome=syndrome, grade=grade, at=at, seen=seen)

    def events(trial: Trial) -> list[Event]:
        line = _line_of(trial.course(code), syndrome, grade, at.astimezone(trial.frame.zone).date(), seen)
        return [event, line] if line else [event]

    return desk.conduct.record_all_built(desk.author, events, about=code)


def _line_of(
    course: Course, syndrome: str, grade: int, day: date, seen: tuple[AnswerPart, ...]
) -> AdverseEventRecorded | None:
    """A line of the open episode, or of a new one; none for grade 0, or where the open episode has this grade."""
    lines = [one.event for one in course.adverse_events if short_term(one.event.term) == syndrome]
    last = lines[-1] if lines else None
    is_open = last is not None and last.end is None
    if grade == 0 or (is_open and last is not None and last.grade == grade):
        return None
    episodes = len({line.id for line in lines if line.id})
    id = last.id if is_open and last is not None and last.id else f"{syndrome}-{episodes + 1}"
    said = _seen(syndrome, seen)
    return AdverseEventRecorded(
        participant=course.code, term=syndrome, grade=grade, start=Day.of(day), ongoing=True, id=id, description=said,
        source="ward round",
    )  # fmt: skip


# -- adverse events ------------------------------------------------------------------------------------------------------


def _event(course: Course, one: Occurrence) -> EventRow:
    numbers = {id(line.event): line.number for line in course.adverse_events}
    return EventRow(
        numbers.get(id(one.lines[-1]), 0), one.term.name, one.grade, str(one.start or ""),
        str(one.end) if one.end else "goes on" if one.ongoing else "not recorded", _said(one.serious), _said(one.related),
        "", one.end is None, len(one.lines), question_about(one.lines[-1].term, one.lines[-1].grade),
    )  # fmt: skip


def _said(truth: Truth) -> str:
    return "not recorded" if truth is None else "yes" if truth else "no"


def _terms(words: str, course: Course) -> Iterator[TermFound]:
    """The terms whose name holds the words, those that begin with them first."""
    wanted = words.strip().casefold()
    if not wanted:
        return
    hits = [one for name, one in terms().items() if wanted in name.casefold()]
    for one in sorted(hits, key=lambda one: (not one.name.casefold().startswith(wanted), one.name))[:FOUND]:
        yield _term(one.name, course)


def _term(name: str, course: Course) -> TermFound:
    one = terms()[name]
    return TermFound(one.name, one.system_class, tuple(sorted(one.grades.items())), *_proposed(name, course))


def _proposed(term: str, course: Course) -> tuple[int | None, str]:
    """The grade that the latest value of a laboratory term gives, and from what; never recorded by itself."""
    labs = [lab for lab, _ in laboratory_terms().values() if lab.term.name == term]
    names = {lab.quantity.name for lab in labs}
    facts = [
        fact for fact in course.facts if fact.value is not None and fact.day and names & set(tests_named(fact.name))
    ]
    if not facts:
        return None, ""
    latest = max(facts, key=lambda fact: fact.day.latest if fact.day else date.min)
    for found in grade_laboratory(latest.name, value=latest):
        if laboratory_terms()[found.name][0].term.name == term:
            value = found.components.get("grade_value")
            return (None if value is None else int(value)), str(latest)
    return None, ""


@act("end-event")
def end_event(desk: Desk, said: Told) -> Entry:
    """An adverse event ended: its last line says so, with a reason, and what it said before stays."""
    number, participant, reason = said.number("entry"), said.text("participant"), said.text("reason", "it ended")
    now = [f"end={said.text('end')}", "ongoing=no", f"outcome={said.text('outcome')}"]

    def build(trial: Trial) -> Event:
        course = trial.courses.get(participant)
        last = next((one.entry for one in course.adverse_events if one.number == number), None) if course else None
        if last is None:
            raise refuse("form", f"entry: {number} is no adverse event of this participant")
        return read_or_refused(lambda: correction(last.number, last.event, now, reason))

    return desk.conduct.record_built(desk.author, build)
