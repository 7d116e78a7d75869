"""The escalation at a glance: every treated participant on the calendar, by dose level, with the DLT window drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from escalon.reporting.figures.canvas import FAINT, INK

_ROW, _LEFT, _WIDTH = 26, 150, 980
# Shape carries the outcome as well as colour: a cross for a DLT, a ring while pending.
_FILL = {"no_dlt": "#009E73", "dlt": "#D55E00", "pending": "#ffffff", "not_evaluable": "#bdbdbd"}
_WORDS = {"no_dlt": "no DLT", "dlt": "DLT", "pending": "pending", "not_evaluable": "not evaluable"}


@dataclass(frozen=True, slots=True)
class CohortCourse:
    """One participant on the figure: code, level, day of infusion, last day of the window, outcome."""

    participant: str
    level: int
    infused: date
    window_ends: date
    outcome: str


def cohorts_figure(courses: Sequence[CohortCourse], levels: Sequence[str], today: date) -> str:
    """Each level is a band, the highest on top; a bar is a DLT window, its mark the outcome. `today` is the cut-off."""
    if not courses:
        from escalon.reporting.figures.canvas import nothing_to_draw

        return nothing_to_draw("Nobody has been infused yet")
    first = min(course.infused for course in courses)
    last = max(today, *(course.window_ends for course in courses))
    bands, tops, height = _bands(courses, levels)
    parts = [*bands, *_axis(first, last, height), _today(first, last, today, height)]
    for course, y in tops:
        parts.append(_course(course, y, first, last))
    label = "; ".join(f"{c.participant} level {c.level} infused {c.infused}: {_WORDS[c.outcome]}" for c in courses)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height + 56}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(label)}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{INK}">'
        f"{''.join(parts)}{_key(height + 46)}</svg>"
    )


def _bands(
    courses: Sequence[CohortCourse], levels: Sequence[str]
) -> tuple[list[str], list[tuple[CohortCourse, int]], int]:
    y, bands, tops = 8, [], []
    for number in range(len(levels), 0, -1):
        here = [course for course in courses if course.level == number]
        height = max(_ROW * len(here), _ROW) + 10
        shade = "#f6f8fa" if number % 2 else "#ffffff"
        bands.append(f'<rect x="0" y="{y}" width="{_WIDTH}" height="{height}" fill="{shade}"/>')
        bands.append(f'<text x="8" y="{y + 20}" font-weight="bold">{escape(levels[number - 1])}</text>')
        tops += [(course, y + 5 + _ROW * place) for place, course in enumerate(here)]
        y += height
    return bands, tops, y


def _x(day: date, first: date, last: date) -> float:
    span = max((last - first).days, 1)
    return round(_LEFT + 60 + (day - first).days / span * (_WIDTH - _LEFT - 90), 1)


def _course(course: CohortCourse, y: int, first: date, last: date) -> str:
    start, end = _x(course.infused, first, last), _x(course.window_ends, first, last)
    middle = y + _ROW // 2
    bar = f'<rect x="{start}" y="{middle - 4}" width="{round(end - start, 1)}" height="8" fill="#d0d7de" rx="2"/>'
    name = f'<text x="{start - 8}" y="{middle + 4}" text-anchor="end">{escape(course.participant)}</text>'
    title = f"<title>{escape(course.participant)}, infused {course.infused}: {_WORDS[course.outcome]}</title>"
    return f"<g>{title}{bar}{name}{_mark(course.outcome, start, middle)}</g>"


def _mark(outcome: str, x: float, y: int) -> str:
    circle = f'<circle cx="{x}" cy="{y}" r="6" fill="{_FILL[outcome]}" stroke="{INK}"/>'
    if outcome != "dlt":
        return circle
    cross = f"M{x - 3},{y - 3} L{x + 3},{y + 3} M{x - 3},{y + 3} L{x + 3},{y - 3}"
    return f'{circle}<path d="{cross}" stroke="#fff" stroke-width="2"/>'


def _axis(first: date, last: date, height: int) -> list[str]:
    months = []
    year, month = first.year, first.month
    while (day := date(year, month, 1)) <= last:
        if day >= first:
            x = _x(day, first, last)
            months.append(f'<path d="M{x},8 V{height}" stroke="#e1e4e8"/>')
            months.append(f'<text x="{x}" y="{height + 16}" fill="{FAINT}" text-anchor="middle">{day:%b %Y}</text>')
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    step = max(1, len(months) // 20)
    return [part for place, part in enumerate(months) if (place // 2) % step == 0]


def _today(first: date, last: date, today: date, height: int) -> str:
    x = _x(today, first, last)
    return (
        f'<path d="M{x},8 V{height}" stroke="{INK}" stroke-dasharray="4 3"><title>data cut-off {today}</title></path>'
    )


def _key(y: int) -> str:
    parts, x = [], _LEFT
    for outcome, word in _WORDS.items():
        parts.append(_mark(outcome, x, y - 4) + f'<text x="{x + 12}" y="{y}">{word}</text>')
        x += 130
    return "".join(parts) + f'<text x="{x}" y="{y}" fill="{FAINT}">bar: DLT window; dashed line: data cut-off</text>'
