"""Safety reports: what is due of each event by which day, and that one was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from escalon.conduct.judge.safety_reports import ReportDue, reports
from escalon.history import Course, Entry
from escalon.history.events import SafetyReportSent
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import susar
from escalon.web.desk import Desk
from escalon.web.registry import act
from escalon.web.said import Told, whole
from escalon.web.words import day as written_day


@dataclass(frozen=True)
class ReportRow:
    """A report that is due: about which event, by which day, and whether it was sent."""

    entry: int
    event: str
    report: str
    by: date | None
    state: str
    kind: str
    because: str


def reports_of(desk: Desk, course: Course, events: tuple[Occurrence, ...]) -> Iterator[ReportRow]:
    """What is due of each event, the most urgent first; an event whose clock cannot be read says so."""
    rows = []
    for one in (each for each in reports(course, events) if not each.is_open_question):
        name, because = _named(one), "; ".join(susar(one.event).reasons)
        rows.append(
            ReportRow(
                one.entry, name, one.what, one.by, written_day(one.state(desk.today)), _kind(one, desk.today), because
            )
        )
    yield from sorted(rows, key=lambda row: (row.by or date.min, row.event))


def not_assessed(course: Course, events: tuple[Occurrence, ...]) -> tuple[str, ...]:
    """The events of which nobody can tell whether a report is due: silence is not «none»."""
    return tuple(_named(one) for one in reports(course, events) if one.is_open_question)


def _named(one: ReportDue) -> str:
    return f"{one.event.term.name}, grade {one.event.grade or '?'}"


def _kind(one: ReportDue, today: date) -> str:
    if not one.waits:
        return "done"
    return "unk" if one.by is None else "soon" if (one.by - today).days > 2 else "over"


@act("report-sent")
def report_sent(desk: Desk, said: Told) -> Entry:
    """A report was sent, about one event."""
    number, _, report = said.text("which").partition("|")
    event = SafetyReportSent(
        participant=said.text("participant"), event=whole(number) or 0, report=report,
        sent_on=said.day("sent_on"), to=said.text("to", ""),
    )  # fmt: skip
    return desk.conduct.record(desk.author, event)
