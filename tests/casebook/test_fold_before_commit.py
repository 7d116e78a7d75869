"""No accepted entry can make a later question fail, whatever its kind, its odd content and the way it came in."""

from __future__ import annotations

import csv
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.casebook.conftest import START
from tests.casebook.trial import INES, PEOPLE, PLAN, person
from tests.web.bench import client, served

from escalon.casebook.archive import make_archive
from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.encoding import content
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.screening import screen
from escalon.conduct.permit.authority import ALLOWED
from escalon.conduct.permit.holds import holds
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.importing import import_folder
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.replay import not_allowed
from escalon.escalation import EscalationError
from escalon.exchange.tidy_folder import FormatError, write_folder
from escalon.facts import Day
from escalon.history.events import KINDS, EntryCorrected, Event, Observation, ParticipantConsented, Signed, record
from escalon.sources.columns import TABLES, Column

ODD = [
    "", " ", "P-1", "S1", "*", "ÄÖ漢字", "e\u0301", "\u202etxet", "a\nb", "=1+1", "-0", "1e999", "1E+400", "NaN", "Infinity",
    "9" * 400, "0.0000001", "1,5", "<5", "2026-03-02", "2026-03", "2026-02-30", "0000-00-00", "9999-12-31", "alt", "U/L",
    "adverse_events", "informed_consent", "study_discontinuation", "car_t_infusion", "yes", "no", "D28", "screening",
]  # fmt: skip
DAYS = st.sampled_from(
    [date(1, 1, 1), date(1900, 1, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 2), date(9999, 12, 31)]
)
NUMBERS = st.sampled_from(
    [Decimal(text) for text in ("0", "1", "-1", "1e5", "100000", "1e40", "1e-40", "NaN", "Infinity")]
)
WHOLE = st.sampled_from([-1, 0, 1, 2, 3, 4, 5, 20, 10**6, 2**70])
LIKELY = {
    "code": ("P-1", "P-2"), "name": ("alt", "rituximab", "cd19_b_cells", "CRS"), "day": ("2026-03-01", "2026-03"),
    "grade": ("4", "5"),
    "number": ("1", "100000"), "whole": ("1",), "value": ("31", "yes"), "unit": ("U/L", "cells/uL"), "outcome": ("fatal",),
}  # fmt: skip
"""What may stand in a cell, by its kind, beside the odd."""
OURS = sorted(KINDS.keys() - {"Event", "ParticipantEvent", "Signed"})
NOT_OURS = {name for name, kind in KINDS.items() if kind.own_command or issubclass(kind, Signed)}
"""Accounts, the record's own life and signatures: no way in that is common to events may take them."""
COMMON = sorted(set(OURS) - NOT_OURS)
POINTS = {
    "annuls": COMMON, "corrects": COMMON, "event": ["AdverseEventRecorded"], "query": ["QueryRaised"],
    "prepared": ["DosePrepared"],
}  # fmt: skip
"""Fields that name an entry, and the kinds it is mostly of."""
BY_SOFTWARE = ("participant", "reason", "override", "lifts", "answer", "needs", "now")
EXAMPLES = int(os.environ.get("ESCALON_EVERY_WAY", "60"))
PAGES = (
    "/", "/audit", "/cohorts", "/next-dose", "/packet", "/participants", "/participants/P-1/safety", "/queries", "/report",
    "/participants/P-1/treatment", "/participants/P-1/screening", "/safety", "/samples", "/screening", "/signatures",
)  # fmt: skip


def value(name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name in ("lifts", "answer", "needs", "override"):
        return st.nothing()
    if name == "fact":
        text = st.none() | st.sampled_from(ODD)
        return st.builds(
            Observation, name=st.sampled_from(ODD), value=text, unit=text, day=text, until=text, lower=text, upper=text,
            visit=text, ongoing=st.booleans(),
        )  # fmt: skip
    return st.from_type(hint)


LIKELY_TEXT = {
    "term": "CRS", "treatment": "rituximab", "analyte": "cd19_b_cells", "unit": "", "product": "B-P-1",
    "collection": "A-P-1", "visit": "D28", "form": "v1", "site": "S1", "at_site": "S1", "to_site": "S2",
    "table": "adverse_events", "date": "2026-03-01",
    "value": "31", "syndrome": "CRS", "act": "CellsInfused", "held": "monitor", "outcome": "", "action": "", "interest": "",
    "component_of": "", "id": "", "route": "", "indication": "", "source": "", "description": "", "key_signature": "",
}  # fmt: skip
LIKELY_NUMBER = {
    "grade": 4,
    "baseline_grade": 1,
    "size": 3,
    "level": 1,
    "cohort": 1,
    "place": 1,
    "query": 60,
    "prepared": 50,
}
ALT = Observation(name="alt", value="31", unit="U/L", day="2026-03-01")


def likely(name: str, hint: Any) -> Any:
    """What people mostly write in a field of this name and type."""
    match _kept(hint):
        case kind if kind is Observation:
            return ALT
        case kind if kind is str:
            return LIKELY_TEXT.get(name, "seen" if hint is str else None)
        case kind if kind is int:
            return LIKELY_NUMBER.get(name, 1)
        case kind if kind is Decimal:
            return Decimal(100_000) if name == "cells_per_kg" else Decimal(1) if hint is Decimal else None
        case kind if kind is date:
            return START.date()
        case kind if kind is datetime:
            return START
        case kind if kind is Day:
            return Day.of(START.date()) if name == "start" else None
        case kind if kind is bool:
            return True if hint is bool and name != "ongoing" else None
        case kind if isinstance(kind, type) and issubclass(kind, StrEnum):
            return next(iter(kind))
    return ()


def _kept(hint: Any) -> Any:
    return next((part for part in get_args(hint) if part is not NoneType), hint) if NoneType in get_args(hint) else hint


@st.composite
def events(draw: st.DrawFn) -> Event:
    """An event of any kind: as people write it, with an odd value in some of its fields."""
    st.register_type_strategy(str, st.sampled_from(ODD))
    st.register_type_strategy(date, DAYS)
    st.register_type_strategy(Day, DAYS.map(Day.of) | st.sampled_from([Day(2026), Day(2026, 3)]))
    st.register_type_strategy(datetime, DAYS.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC)))
    st.register_type_strategy(Decimal, NUMBERS)
    st.register_type_strategy(int, WHOLE)
    kind = KINDS[draw(st.sampled_from([*OURS, *COMMON, *COMMON]))]
    hints = get_type_hints(kind)
    oddness = draw(st.sampled_from([0, 0, 1, 3]))
    said: dict[str, Any] = {"participant": draw(st.sampled_from(["P-1", "P-2", "P-1", "P-9"])), "reason": "odd"}
    for field in fields(kind):
        if field.name not in BY_SOFTWARE:
            is_odd = draw(st.integers(0, 9)) < oddness
            said[field.name] = (
                draw(value(field.name, hints[field.name])) if is_odd else likely(field.name, hints[field.name])
            )
    if "now" in hints:
        said["now"] = ParticipantConsented(
            participant="P-1", site=draw(st.sampled_from(ODD)), form="", signed_on=draw(DAYS)
        )
    return kind(**{name: one for name, one in said.items() if one is not None or NoneType in get_args(hints[name])})


def ask_everything(conduct: Conduct) -> None:
    """Every question people ask later; an answer «cannot be decided» is one, an error of the program is none."""
    today = date(2026, 3, 20)
    trial = conduct.informed()
    conduct.know(trial.participants)
    with suppress(EscalationError):
        decide_next_dose(PLAN, trial, Day.of(today))
    screen(PLAN, trial, Day.of(today))
    profiles_of(PLAN, trial)
    holds(PLAN, trial, today)
    trial.known_on(today)


ROW = {"participant": "P-2", "term": "CRS", "grade": "2", "start": "2026-03-01"}
WAYS = ["desk", "form of several", "correction", "page", "file", "built"]
"""Every way in: the act at a desk (command line and Python), several at once, a correction, the pages' interface, an import."""
LINES: dict[str, tuple[Column, ...]] = {name: columns for name, columns in TABLES.items() if name != "strata"}


class Doors:
    """A casebook with every way in, and what each of them let in."""

    def __init__(self, folder: Path) -> None:
        made = create_casebook(folder / "book", study="trial", study_version="1", clock=SetClock(START))
        bench, self.trial = served(made)
        self.folder, self.conduct, self.entered = folder, self.trial.conduct, Counter[tuple[str, str]]()
        self.trial.open_cohort(1, 1)
        self.trial.prepare("P-1", 1, 1)
        self.trial.prepare("P-2", 1, 1)
        self.trial.infuse("P-1", 1)
        self.browsers = {name: client(bench, name) for name in ("carla", "ines", "stan", "lena", "cora", "ada")}

    def offer(self, way: str, who: str, event: Event, row: dict[str, str], table: str) -> bool:
        """Offer an event by one of the ways; refused or recorded (then True), never an error of the program."""
        before = self.trial.casebook.head.number
        event = self.pointed(event)
        with suppress(Refused, CasebookError):
            match way:
                case "desk":
                    self.conduct.record(person(who), event)
                case "built" if type(event).__module__ != record.__name__ and not isinstance(event, Signed):
                    self.conduct.record_built(person(who), lambda trial: event)
                case "form of several":
                    self.conduct.record_all(person(who), [event, event])
                case "correction":
                    same = [one.number for one in self.trial.casebook.entries(kinds=[event.kind])]
                    made = EntryCorrected(
                        corrects=(same or [1])[-1], now=event, reason="odd", participant=event.participant
                    )
                    self.conduct.record(person(who), made)
                case "page":
                    self.by_page(who, event)
                case "file":
                    self.by_file(table, row)
        for entry in self.trial.casebook.entries(after=before):
            self.entered[way, entry.event.kind] += 1
        return self.trial.casebook.head.number > before

    def pointed(self, event: Event) -> Event:
        """The same event about the last entry it can be about, where it names entry 1."""
        for name, kinds in POINTS.items():
            found = [
                one.number for one in self.trial.casebook.entries(kinds=kinds) if one.participant == event.participant
            ]
            if getattr(event, name, None) == 1 and found:
                event = replace(event, **{name: found[-1]})
        return event

    def by_page(self, who: str, event: Event) -> None:
        said = {"content": as_sent(event)}
        answer = self.browsers[who].post(f"/acts/{event.kind}", json=said, headers={"accept": "application/json"})
        assert answer.status_code < 500, (event, answer.text)

    def by_file(self, table: str, row: dict[str, str]) -> None:
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        (data / "facts.csv").write_text("participant,fact,value,unit,date\n")
        with (data / f"{table}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
        import_folder(self.conduct, INES, PLAN, data, "S1", dry_run=False)


def as_sent(event: Event) -> dict[str, Any]:
    """The content of an event as a script would send it; a number that is none by its word."""
    held = {one.name: getattr(event, one.name) for one in fields(event)}
    none = {name: str(value) for name, value in held.items() if isinstance(value, Decimal) and not value.is_finite()}
    instead: dict[str, Any] = dict.fromkeys(none, Decimal(1))
    return content(replace(event, **instead)) | none


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    found = Doors(tmp_path_factory.mktemp("doors"))
    yield found
    found.trial.casebook.close()


def as_written(kind: type[Event]) -> Event:
    """An event as people mostly write it."""
    hints = get_type_hints(kind)
    said = {one.name: likely(one.name, hints[one.name]) for one in fields(kind) if one.name not in BY_SOFTWARE}
    if "analyte" in hints:
        said["unit"] = "cells/uL"
    if "now" in hints:
        said["now"] = ParticipantConsented(participant="P-1", site="S1", form="v2", signed_on=START.date())
    kept = {name: one for name, one in said.items() if one is not None or NoneType in get_args(hints[name])}
    return kind(participant="P-1", reason="said", **kept)


@pytest.mark.parametrize("way", WAYS)
def test_every_kind_is_offered_by_every_way(doors: Doors, way: str) -> None:
    """What ends a person's part (a withdrawal) comes last, so that all the others are met first."""
    for name in sorted(OURS, key=lambda one: ("Withdrawn" in one or "Closed" in one, one)):
        roles = [one for one in doors.browsers if PEOPLE[one][0][0] in ALLOWED.get(name, ())]
        if doors.offer(way, (roles or ["ines"])[0], as_written(KINDS[name]), ROW, "adverse_events"):
            ask_everything(doors.conduct)
    ask_everything(Conduct(doors.trial.casebook, PLAN))
    assert [kind for by, kind in doors.entered if by == way], doors.entered


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_no_accepted_entry_makes_a_later_question_fail(doors: Doors, data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(WAYS))
    try:
        event = data.draw(events())
    except (ValueError, TypeError, ArithmeticError):
        return  # an event that contradicts itself is never made
    may = [name for name in PEOPLE if PEOPLE[name][0][0] in ALLOWED.get(event.kind, ())]
    who = data.draw(st.sampled_from(sorted(doors.browsers) + 3 * [one for one in may if one in doors.browsers]))
    table = data.draw(st.sampled_from(sorted(LINES)))
    row = {one.name: data.draw(st.sampled_from([*ODD, *LIKELY.get(one.cell, ())])) for one in LINES[table]}
    if doors.offer(way, who, event, row, table):
        ask_everything(doors.conduct)
        ask_everything(Conduct(doors.trial.casebook, PLAN))


def test_the_test_meets_what_people_record(doors: Doors) -> None:
    """Enough is accepted, of many kinds, for the law to say something."""
    kinds = {kind for _, kind in doors.entered}
    assert len(kinds) >= 20, doors.entered
    assert {"AdverseEventRecorded", "QueryRaised", "EntryCorrected", "FolderImported", "ConsentWithdrawn"} <= kinds


def test_accounts_and_the_records_own_life_came_in_by_no_common_way(doors: Doors) -> None:
    """What was offered of them above was refused: a signature is signed, the rest has commands of its own."""
    let_in = {(way, kind) for way, kind in doors.entered if kind in NOT_OURS and way != "built"}
    assert let_in <= {("file", "FolderImported"), ("file", "MarkedSynthetic")}, "an import says itself what it did"


def test_what_was_accepted_can_be_shown_copied_and_verified(doors: Doors, tmp_path: Path) -> None:
    """The odd record as a whole: verified, each act asked again, every page seen, written as a folder, archived."""
    book = doors.trial.casebook
    assert verify(book).is_whole
    for broken in not_allowed(PLAN, book.entries()):
        assert str(broken)
    with suppress(FormatError):  # it says what a data folder cannot hold
        write_folder(doors.conduct.informed(), tmp_path / "folder")
    make_archive(book, tmp_path / "papers")
    browser = doors.browsers["ines"]
    for page in PAGES:
        assert browser.get(page).status_code == 200, page
