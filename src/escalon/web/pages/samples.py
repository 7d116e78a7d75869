"""Samples: cells and proteins measured in blood, of everybody or of one participant, and the recording of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from escalon.conduct.judge.visits import ELSEWHERE
from escalon.history import Course
from escalon.protocol.prose import short_name
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk
from escalon.web.pages.record import paged
from escalon.web.registry import page
from escalon.web.telling import EntryShown, entry_shown
from escalon.web.words import unit_shown


@dataclass(frozen=True)
class SamplesPage:
    """The samples, the newest first, fifty a page; of one participant with the banner and what may be recorded."""

    banner: Banner | None
    rows: tuple[EntryShown, ...]
    count: int
    page: int
    pages: int
    analytes: tuple[tuple[str, str], ...]
    analyte: str
    asked: tuple[tuple[str, str], ...]
    """What may be recorded here, by name; empty for whoever does not record it."""
    units: tuple[tuple[str, str], ...]
    visits: tuple[tuple[str, str], ...]
    visit: str


@page("/samples")
def samples(desk: Desk, analyte: str = "", page: int = 1) -> SamplesPage:
    """Cells and proteins measured in blood, of everybody whose record you may read."""
    return _shown(desk, desk.courses(), analyte, page)


@page("/participants/{code}/samples")
def samples_of(desk: Desk, code: str, analyte: str = "", visit: str = "", page: int = 1) -> SamplesPage:
    """Every sample of a participant, and a new one."""
    return _shown(desk, [desk.course(code)], analyte, page, desk.course(code), visit)


def _shown(
    desk: Desk, courses: list[Course], analyte: str, page: int, mine: Course | None = None, visit: str = ""
) -> SamplesPage:
    every = [one for course in courses for one in course.samples]
    known = {one.name: one for one in desk.study.vocabulary.values() if one.group in ELSEWHERE}
    names = sorted({one.event.analyte for one in every})
    kept = [one for one in every if analyte in ("", one.event.analyte)]
    kept.sort(key=lambda one: (_day(desk, one), one.number), reverse=True)
    shown, at, pages = paged(kept, page)
    may = mine is not None and desk.person is not None and desk.may("SampleMeasured", mine.site or None)
    return SamplesPage(
        banner(desk, mine) if mine else None,
        tuple(entry_shown(desk, one.entry) for one in shown),
        len(kept),
        at,
        pages,
        tuple((name, short_name(name, desk.study)) for name in names),
        analyte,
        tuple((name, short_name(name, desk.study)) for name in known) if may else (),
        tuple(dict.fromkeys((unit, unit_shown(unit)) for one in known.values() for unit in one.units)),
        tuple((one.id, one.name) for one in desk.study.visits),
        visit,
    )


def _day(desk: Desk, one: Any) -> date:
    day = one.event.happened(desk.trial.frame.zone)
    return day.earliest if day else date.min
