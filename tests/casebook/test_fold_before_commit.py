"""No accepted entry can make a later question fail, whatever odd content it has."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.casebook.conftest import START
from tests.casebook.trial import PLAN, Trial, person

from escalon.casebook.clock import SetClock
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.screening import screen
from escalon.conduct.permit.holds import holds
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.escalation import EscalationError
from escalon.facts import Day
from escalon.history.events import KINDS, Event, Observation, ParticipantConsented, Signed

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
ACCEPTED: set[str] = set()
"""The kinds that were accepted at least once in this run."""
OURS = sorted(
    name
    for name, kind in KINDS.items()
    if not kind.own_command and not issubclass(kind, Signed) and kind.__module__ != "tests"
)


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


@st.composite
def events(draw: st.DrawFn) -> Event:
    st.register_type_strategy(str, st.sampled_from(ODD))
    st.register_type_strategy(date, DAYS)
    st.register_type_strategy(Day, DAYS.map(Day.of) | st.sampled_from([Day(2026), Day(2026, 3)]))
    st.register_type_strategy(datetime, DAYS.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC)))
    st.register_type_strategy(Decimal, NUMBERS)
    st.register_type_strategy(int, WHOLE)
    kind = KINDS[draw(st.sampled_from(OURS))]
    hints = get_type_hints(kind)
    said: dict[str, Any] = {"participant": draw(st.sampled_from(["P-1", "P-2", "P-9"])), "reason": "odd"}
    for field in fields(kind):
        if field.name not in ("participant", "reason", "override", "lifts", "answer", "needs", "now"):
            said[field.name] = draw(value(field.name, hints[field.name]))
    if "now" in hints:
        said["now"] = ParticipantConsented(
            participant="P-1", site=draw(st.sampled_from(ODD)), form="", signed_on=draw(DAYS)
        )
    return kind(**said)


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


@pytest.fixture(scope="module")
def started() -> Any:
    folder = Path(tempfile.mkdtemp())
    book = create_casebook(folder / "book", study="trial", study_version="1", clock=SetClock(START))
    trial = Trial(book)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.prepare("P-2", 1, 1)
    trial.infuse("P-1", 1)
    yield trial
    book.close()
    shutil.rmtree(folder)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), who=st.sampled_from(["carla", "ines", "stan", "lena", "cora"]))
def test_no_accepted_entry_makes_a_later_question_fail(started: Trial, data: st.DataObject, who: str) -> None:
    try:
        event = data.draw(events())
    except (ValueError, TypeError, ArithmeticError):
        return  # an event that contradicts itself is never made
    try:
        made = started.record(person(who), event)
    except (Refused, CasebookError):
        ask_everything(started.conduct)
        return
    ACCEPTED.add(event.kind)
    assert started.casebook.entry(made.number).event.kind == event.kind
    ask_everything(started.conduct)
    ask_everything(Conduct(started.casebook, PLAN))


def test_the_test_meets_what_people_record() -> None:
    """Enough of the odd content is accepted for the law to say something."""
    assert {"AdverseEventRecorded", "QueryRaised"} <= ACCEPTED, ACCEPTED
