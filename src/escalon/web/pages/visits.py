"""A participant's visits: what is due when, the forms with their drafts, and how their answers become the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from escalon.conduct.judge.scores import taken_at
from escalon.conduct.judge.visits import (
    ELSEWHERE,
    FormState,
    VisitAt,
    VisitForm,
    form_at,
    forms_of,
    recorded_at,
    visit_at,
    visits,
)
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record import drafts
from escalon.conduct.record.visit_forms import told as told_of
from escalon.facts import Interval, plain
from escalon.history import Course, Current
from escalon.history.events import FactRecorded, VisitLocked, VisitSigned
from escalon.protocol.prose import short_name
from escalon.protocol.study import TABLES
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk, none_such
from escalon.web.pages.calculator import scored, wrong_at
from escalon.web.registry import act, page, service
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown
from escalon.web.told import scale_of, told

STATES = {
    "later": "later", "open": "now", "overdue": "over", "done": "done", "locked": "signed", "no infusion yet": "na",
    "no form": "na",
}  # fmt: skip
"""How a visit's state is drawn."""


@dataclass(frozen=True)
class FormShown:
    """A form of a visit, with how much of it is answered."""

    name: str
    title: str
    answered: int
    of: int
    draft: bool


@dataclass(frozen=True)
class VisitShown:
    """A visit: its day, window and state, and its forms."""

    id: str
    name: str
    day: int
    due: date | None
    first: date | None
    last: date | None
    state: str
    drawn: str
    held: tuple[str, ...]
    forms: tuple[FormShown, ...]
    others: tuple[FormShown, ...]


@dataclass(frozen=True)
class VisitsPage:
    """Every visit of a participant."""

    banner: Banner
    visits: tuple[VisitShown, ...]


@page("/participants/{code}/visits")
def visits_page(desk: Desk, code: str) -> VisitsPage:
    """The visits of a participant: due, held, and what is still asked."""
    course = desk.course(code)
    mine = _places(desk)
    shown = tuple(_shown(code, one, mine) for one in visits(desk.study, course, desk.today))
    return VisitsPage(banner(desk, course), shown)


def _shown(code: str, at: VisitAt, drafted: set[str]) -> VisitShown:
    first, last = at.window or (None, None)

    def forms(some: tuple[FormState, ...]) -> tuple[FormShown, ...]:
        return tuple(
            FormShown(one.form.name, one.form.title, one.answered, one.of, place_of(code, at.visit.id, one.form.name) in drafted)
            for one in some
        )  # fmt: skip

    return VisitShown(
        at.visit.id, at.visit.name, at.visit.day, at.due, first, last, at.state, STATES[at.state],
        tuple(map(str, at.held)), forms(at.forms), forms(at.others),
    )  # fmt: skip


def _places(desk: Desk) -> set[str]:
    return drafts.places(desk.conduct, desk.person.account) if desk.person else set()


def _draft(desk: Desk, place: str) -> drafts.Draft | None:
    return drafts.kept(desk.conduct, desk.person.account, place) if desk.person else None


def place_of(code: str, visit: str, form: str) -> str:
    """The address of a form, under which its draft is kept."""
    return f"/participants/{code}/visits/{visit}/{form}"


@dataclass(frozen=True)
class VisitPage:
    """One visit: its forms, what is signed and locked, and why something may not be done now."""

    banner: Banner
    at: VisitShown
    signed: tuple[EntryShown, ...]
    locked: bool
    forbids_lock: tuple[str, ...]
    may_sign: bool
    may_lock: bool
    elsewhere: tuple[tuple[str, str], ...]
    """What the visit asks beside its forms, and the page on which it is recorded."""


@page("/participants/{code}/visits/{visit}")
def visit(desk: Desk, code: str, visit: str) -> VisitPage:
    """A visit of a participant: its forms, its signature, its lock."""
    course, at = _at(desk, code, visit)
    locked = course.is_locked(visit)
    may_sign, may_lock = (desk.may(act, course.site or None) for act in ("VisitSigned", "VisitLocked"))
    forbids = desk.forbids(VisitLocked(participant=code, visit=visit)) if desk.person and may_lock else ()
    signed = tuple(
        entry_shown(desk, one)
        for one in desk.entries(participant=code, kinds=["VisitSigned"])
        if isinstance(one.event, VisitSigned) and one.event.visit == visit
    )
    says = tuple(one.says for one in forbids)
    shown = _shown(code, at, _places(desk))
    elsewhere = tuple(_elsewhere(desk, code, at))
    return VisitPage(banner(desk, course), shown, signed, locked, says, may_sign, may_lock, elsewhere)


def _elsewhere(desk: Desk, code: str, at: VisitAt) -> Iterator[tuple[str, str]]:
    for name in at.visit.measures:
        known = desk.study.vocabulary.get(name)
        if known and known.group in ELSEWHERE:
            yield short_name(name, desk.study), f"/participants/{code}/samples?visit={at.visit.id}#measured"
        elif name in TABLES:
            yield short_name(name, desk.study), f"/participants/{code}/safety#events"


def _at(desk: Desk, code: str, visit: str) -> tuple[Course, VisitAt]:
    course = desk.course(code)
    planned = next((one for one in desk.study.visits if one.id == visit), None)
    if planned is None:
        there = {one.id: f"/participants/{code}/visits/{one.id}" for one in desk.study.visits}
        raise none_such(f"the schedule has no visit {visit}", visit, there)
    return course, visit_at(desk.study, course, planned, desk.today)


@dataclass(frozen=True)
class WorksheetPage:
    """Every form of a visit on paper, blank or with what is recorded."""

    banner: Banner
    at: VisitShown
    blank: bool
    recorded: dict[str, dict[str, RecordedShown]]

    def forms(self, desk: Desk) -> list[VisitForm]:
        """The forms, for the template."""
        names = {one.name for one in self.at.forms}
        return [one for one in forms_of(desk.study, self.at.id) if one.name in names]


@page("/participants/{code}/visits/{visit}/paper")
def worksheet(desk: Desk, code: str, visit: str, blank: str = "") -> WorksheetPage:
    """The forms of a visit to print: to be filled in on paper where the server cannot be reached, or as they are recorded."""
    course, at = _at(desk, code, visit)
    facts = {} if blank else recorded_at(desk.study, course, at.visit)
    recorded = {one.form.name: _recorded(desk, one.form, facts) for one in at.forms}
    return WorksheetPage(banner(desk, course), _shown(code, at, _places(desk)), bool(blank), recorded)


@dataclass(frozen=True)
class RecordedShown:
    """A recorded answer: what it says, the entry that says it, by whom and when."""

    fact: str
    value: str
    unit: str
    says: str
    state: str
    entry: int
    who: str
    at: str
    attested: bool


@dataclass(frozen=True)
class VisitFormPage:
    """A form of a visit: what is recorded, what is typed, its score, and what it has seen of the record."""

    banner: Banner
    visit: VisitShown
    name: str
    title: str
    place: str
    seen: int
    day: str
    recorded: dict[str, RecordedShown]
    fields: dict[str, str]
    taken: dict[str, str]
    finding: dict[str, Any] | None
    wrong: dict[str, str]
    kept: str
    locked: bool
    may_record: bool
    correct: str

    def of(self, desk: Desk) -> Any:
        """The form itself, and the bands of its score as a bar, for the template."""
        it = form_named(desk, self.visit.id, self.name)
        return it.form, it.instrument and scale_of(it.instrument)


@page("/participants/{code}/visits/{visit}/{form}")
def visit_form(desk: Desk, code: str, visit: str, form: str, correct: str = "") -> VisitFormPage:
    """A form of a visit: what is recorded, and what is typed and not yet in the record."""
    course, at = _at(desk, code, visit)
    of = form_named(desk, visit, form)
    recorded = _recorded(desk, of, recorded_at(desk.study, course, at.visit))
    place = place_of(code, visit, form)
    draft = _draft(desk, place)
    typed = {} if draft is None else {name: text for name, text in draft.fields.items() if name not in recorded}
    taken = {} if of.instrument is None else _taken(desk, course, of, visit, recorded)
    finding = wrong = None
    if of.instrument is not None:
        finding = scored(of.instrument, taken | typed | _as_fields(recorded))
        wrong = wrong_at(of.form, finding)
    kept = "" if draft is None else draft.kept.astimezone(course.zone).strftime("%H:%M:%S")
    locked = course.is_locked(visit)
    may = desk.person is not None and not locked and desk.may("FactRecorded", course.site or None)
    day = str(at.held[-1]) if at.held else ""
    return VisitFormPage(
        banner(desk, course), _shown(code, at, _places(desk)), form, of.title, place, desk.upto, day,
        recorded, typed, taken, None if finding is None or of.instrument is None else told(of.instrument, finding),
        wrong or {}, kept, locked, may, correct if correct in recorded and may else "",
    )  # fmt: skip


def form_named(desk: Desk, visit: str, name: str) -> VisitForm:
    """A form of a visit by its name; none such, with the names of those there are."""
    found = form_at(desk.study, visit, name)
    if found is None:
        there = {one.name: one.name for one in forms_of(desk.study, visit)}  # each beside the address asked for
        raise none_such(f"{visit} has no form {name}", name, there)
    return found


def _recorded(desk: Desk, of: VisitForm, facts: Mapping[str, Current[FactRecorded]]) -> dict[str, RecordedShown]:
    found = {}
    for name, fact in of.names.items():
        if fact in facts:
            one = facts[fact]
            seen, entry = one.event.fact, one.entry
            at = f"{entry.at.astimezone(desk.trial.frame.zone):%Y-%m-%d %H:%M}" if entry.at else one.place
            found[name] = RecordedShown(
                fact, seen.value or "", seen.unit or "", told_of(seen), seen.state, entry.number,
                desk.names.get(entry.author.person, entry.author.person), at, seen.attested,
            )  # fmt: skip
    return found


def _as_fields(recorded: Mapping[str, RecordedShown]) -> dict[str, str]:
    fields = {name: one.value or "not known" for name, one in recorded.items()}
    return fields | {f"{name}.unit": one.unit for name, one in recorded.items() if one.unit}


def _taken(
    desk: Desk, course: Course, of: VisitForm, visit: str, recorded: Mapping[str, RecordedShown]
) -> dict[str, str]:
    """What the record gives beside this form's own answers: baselines, sex and age, scores of other forms."""
    assert of.instrument is not None
    instrument = of.instrument
    found = desk.kept(
        ("taken", course.code, visit, of.name), lambda: taken_at(desk.study, course.facts, instrument, visit)
    )
    fields: dict[str, str] = {}
    for name, fact in found.items():
        if name not in recorded and fact.value is not None:
            value = fact.value
            fields[name] = str(value) if isinstance(value, Interval) else plain(value)
            fields |= {f"{name}.unit": fact.unit} if fact.unit else {}
    return fields


# -- typing ----------------------------------------------------------------------------------------------------------------


@service("/drafts", method="PUT")
def keep_draft(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    """Keep what is typed, for its author only; it is no part of the record."""
    place, fields = str(body.get("place", "")), body.get("fields", {})
    if not place.startswith("/participants/") or not isinstance(fields, dict):
        raise refuse("draft", 'write {"place": the address of the form, "fields": {…}}')
    _, _, code, _, visit, form, *more = [*place.split("/"), "", "", ""]
    desk.course(code)
    if place_of(code, visit, form) != place or any(more[3:]):
        raise refuse("draft", f"place: {place[:80]} is not the address of a form")
    form_named(desk, visit, form)
    found = drafts.keep(desk.conduct, desk.author.person, place, {str(key): str(text) for key, text in fields.items()})
    return {"kept": found.kept.astimezone(desk.trial.frame.zone).strftime("%H:%M:%S"), "at": found.kept.isoformat()}


@act("DraftDiscarded")
def discard(desk: Desk, said: Told) -> str:
    """Forget what was typed on a form."""
    drafts.drop(desk.conduct, desk.author.person, said.text("place"))
    return "the draft is gone"
