"""What the trial's rules say of everybody: the screenings, the next dose, the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escalon.conduct.judge.cutoff import as_of, checked
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.facts import Day
from escalon.reporting.trial import packet_page, trial_report
from escalon.sources.casebook import of_entries
from escalon.sources.intake import Intake
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.printed import Printed
from escalon.web.registry import page


@dataclass(frozen=True)
class ScreeningsPage:
    """Everybody's screening."""

    cutoff: str
    account: str
    participants: tuple[dict[str, Any], ...]


@page("/screening")
def screening_list(desk: Desk) -> ScreeningsPage:
    """Who may enter, and what is missing, as of today."""
    needs_trial(desk)
    account = desk.bench.intake().account() if not desk.bench.is_casebook else ""
    found = tuple(desk.screening(one.code).as_json() for one in desk.known())
    return ScreeningsPage(str(desk.today), account, found)


@dataclass(frozen=True)
class NextDosePage:
    """What the study's rule says comes next."""

    found: dict[str, Any]


@page("/next-dose")
def next_dose(desk: Desk) -> NextDosePage:
    """What the study's rule says comes next, with the outcome of everybody it counts."""
    needs_trial(desk)
    desk.bench.know(desk.trial, tuple(one.code for one in desk.trial.infused()))
    cutoff = Day.of(desk.today)
    return NextDosePage(
        desk.kept("next dose", lambda: decide_next_dose(desk.study, as_of(desk.trial, cutoff), cutoff).as_json())
    )


@page("/report")
def report(desk: Desk, cutoff: str = "") -> Printed:
    """The trial's report, as of today or of an earlier day."""
    needs_trial(desk)
    day = cutoff_of(desk, cutoff)
    return Printed(desk.kept(("report", str(day)), lambda: trial_report(desk.study, intake_of(desk), day)))


@page("/packet")
def committee_packet(desk: Desk, cutoff: str = "") -> Printed:
    """The committee's packet, to read and to print."""
    needs_trial(desk)
    day = cutoff_of(desk, cutoff)
    return Printed(desk.kept(("packet", str(day)), lambda: packet_page(desk.study, intake_of(desk), day)))


def cutoff_of(desk: Desk, written: str) -> Day:
    """The cut-off an address names; today where it names none."""
    if not written:
        return Day.of(desk.today)
    try:
        return checked(Day.parse(written))
    except ValueError:
        raise NoSuchPage(f"cutoff={written}: write a day such as {desk.today}") from None


def intake_of(desk: Desk) -> Intake:
    """The whole record as the report reads it."""
    if not desk.bench.is_casebook:
        return desk.bench.intake()
    casebook = desk.conduct.casebook
    return of_entries(desk.study, desk.bench.place, casebook.entries(), f"entry {casebook.head.number}")


def needs_trial(desk: Desk) -> None:
    """Refuse where the study alone is served."""
    if not desk.bench.is_casebook and desk.bench.folder is None:
        raise NoSuchPage("no data folder is served. Start with: escalon serve STUDY --data DATA")
