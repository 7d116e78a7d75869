"""The clocks of Today as a picture: each DLT window as a bar, the line of today, and in words how far it has run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup, escape

from escalon.web.words import day

LEFT, RIGHT, ROW, TOP = 70, 830, 32, 24


@dataclass(frozen=True)
class ClockShown:
    """A DLT window: who, which level, from when to when, and in words how far it has run."""

    participant: str
    level: int
    begins: date
    ends: date
    says: str


@dataclass(frozen=True)
class _Axis:
    """The days of the figure, from left to right."""

    first: date
    last: date

    def x(self, when: date) -> float:
        """Where a day lies."""
        return round(LEFT + (when - self.first).days * (RIGHT - LEFT) / max((self.last - self.first).days, 1), 1)


def clocks_figure(clocks: Sequence[ClockShown], today: date) -> Markup:
    """The windows on one axis of weeks, as SVG; each bar links to its participant."""
    first = min([today, *(one.begins for one in clocks)])
    axis = _Axis(first, max([today, *(one.ends for one in clocks)]) + timedelta(2))
    bottom, now = TOP + ROW * len(clocks), axis.x(today)
    parts = [*_weeks(axis, bottom), *(_bar(one, axis, TOP + ROW * place, today) for place, one in enumerate(clocks))]
    parts.append(f'<path class="today" d="M{now} {TOP - 8}V{bottom + 4}"/>')
    anchor = "end" if now > 600 else "start"
    parts.append(f'<text class="strong" x="{now}" y="{bottom + 20}" text-anchor="{anchor}">today {day(today)}</text>')
    said = escape("DLT windows: " + "; ".join(f"{one.participant} {one.says}" for one in clocks))
    size = f'viewBox="0 0 900 {bottom + 28}"'
    return Markup(f'<svg class="clocks" {size} role="img" aria-label="{said}">{"".join(parts)}</svg>')


def _weeks(axis: _Axis, bottom: int) -> Iterator[str]:
    days = (axis.last - axis.first).days
    for passed in range(0, days + 1, 7 if days < 80 else 28):
        when = axis.first + timedelta(passed)
        x, word = axis.x(when), day(when)[:6]
        yield f'<path class="grid" d="M{x} {TOP - 4}V{bottom}"/>'
        yield f'<text class="s" x="{x}" y="{TOP - 9}" text-anchor="middle">{word}</text>'


def _bar(one: ClockShown, axis: _Axis, y: int, today: date) -> str:
    code, left = escape(one.participant), axis.x(one.begins)
    width, run = axis.x(one.ends) - left, axis.x(min(max(today, one.begins), one.ends)) - left
    return (
        f'<a href="/participants/{code}"><text class="strong" x="8" y="{y + 17}">{code}</text></a>'
        f'<g class="l{one.level}"><rect class="window" x="{left}" y="{y}" width="{width:.1f}" height="22"/>'
        f'<rect class="run" x="{left}" y="{y}" width="{run:.1f}" height="22"/></g>'
        f'<text x="{left + 8:.1f}" y="{y + 16}">level {one.level}: {escape(one.says)}</text>'
    )
