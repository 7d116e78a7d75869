"""Small multiples: panels of one scale beside each other, one line in front and the others grey behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from escalon.drawing.labels import Label, placed
from escalon.drawing.letters import width_of
from escalon.drawing.scales import Scale
from escalon.drawing.shapes import Box, Piece, box, group, line, mark, polyline
from escalon.drawing.tokens import CONTEXT, WASH, Paint

_MARGIN = 34
"""How far words may reach beyond a panel on its right."""


@dataclass(frozen=True, slots=True)
class ValueMark:
    """A value of a course: where it stands, what is printed beside it where there is room, what it says when pointed at."""

    x: float
    y: float
    says: str = ""
    label: str = ""
    shape: str = ""
    """Instead of the course's own; such a mark is hollow and no line runs through it: it has no level of its own."""
    href: str = ""


@dataclass(frozen=True, slots=True)
class DrawnCourse:
    """One line of values with its colour and shape."""

    spots: tuple[ValueMark, ...]
    paint: Paint
    shape: str = "circle"
    width: float = 1.6
    name: str = ""
    """Printed after the last value where there is room."""
    size: float = 2.8


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: its place, its scales, what is in front and behind, and from where on nothing was reached yet."""

    room: Box
    x: Scale
    y: Scale
    front: tuple[DrawnCourse, ...]
    behind: tuple[DrawnCourse, ...] = ()
    reached: float | None = None
    limits: tuple[tuple[float, str, Paint], ...] = ()
    """Lines across, each with its value, its words (empty where another panel says them) and its colour."""
    zero: float | None = 0


def panel(it: Panel) -> Iterator[Piece]:
    """The panel without its axes: shade, limits, the grey, the lines, the marks, and the labels that find room."""
    room = it.room
    yield Piece("", room)
    if it.reached is not None and it.x.at(it.reached) < room.right:
        left = max(room.left, it.x.at(it.reached))
        yield box(left, room.top, room.right - left, room.bottom - room.top, fill=WASH)
    if it.zero is not None and room.left <= it.x.at(it.zero) <= room.right:
        yield line(it.x.at(it.zero), room.top, it.x.at(it.zero), room.bottom, paint=CONTEXT, dash="2 2")
    for value, _, paint in it.limits:
        yield line(room.left, it.y.at(value), room.right, it.y.at(value), paint=paint, dash="3 3")
    for course in it.behind:
        yield from _line(it, course)
    taken: list[Box] = []
    for course in it.front:
        yield from _line(it, course)
    for course in it.front:
        marks = [_mark(it, course, spot) for spot in course.spots]
        yield from marks
        taken += [one.room for one in marks if one.room]
    within = Box(room.left - 2, room.top - 9, room.right + _MARGIN, room.bottom + 4)
    yield from placed([*_limit_names(it), *_labels(it)], taken, within, list(_drawn(it)))


def _drawn(it: Panel) -> Iterator[Box]:
    """Where the lines in front and the limits run, in pieces."""
    for value, _, _ in it.limits:
        yield Box(it.room.left, it.y.at(value), it.room.right, it.y.at(value))
    for course in it.front:
        spots = [(it.x.at(one.x), it.y.at(one.y)) for one in course.spots if not one.shape]
        for (x1, y1), (x2, y2) in pairwise(spots):
            steps = max(1, ceil(max(abs(x2 - x1), abs(y2 - y1)) / 3))
            at = [(x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps) for n in range(steps + 1)]
            yield from (Box(min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in pairwise(at))


def _line(it: Panel, course: DrawnCourse) -> Iterator[Piece]:
    """The line of a course; it breaks where a value has no level."""
    piece: list[tuple[float, float]] = []
    for spot in course.spots:
        if spot.shape:
            yield polyline(piece, paint=course.paint, width=course.width)
            piece = []
        else:
            piece.append((it.x.at(spot.x), it.y.at(spot.y)))
    yield polyline(piece, paint=course.paint, width=course.width)


def _mark(it: Panel, course: DrawnCourse, spot: ValueMark) -> Piece:
    x, y = it.x.at(spot.x), it.y.at(spot.y)
    drawn = mark(spot.shape or course.shape, x, y, paint=course.paint, size=course.size, hollow=bool(spot.shape))
    return group([drawn], spot.says, spot.href) if spot.says or spot.href else drawn


def _limit_names(it: Panel) -> list[Label]:
    return [_limit_name(it.room.right, it.y.at(value), words, paint) for value, words, paint in it.limits if words]


def _limit_name(right: float, y: float, words: str, paint: Paint) -> Label:
    """After its line where that is short enough for the margin, else over the line's end."""
    if width_of(words, 8) <= _MARGIN - 3:
        return Label(right + 3, y + 3, words, paint, size=8)
    return Label(right - 2, y - 3, words, paint, anchor="end", size=9)


def _labels(it: Panel) -> Iterator[Label]:
    """First and last values first, then the names, then every other value that has words."""
    ends = [(course, spot) for course in it.front if course.spots for spot in (course.spots[-1], course.spots[0])]
    for course, spot in ends:
        words = " ".join(part for part in (spot.label, course.name if spot is course.spots[-1] else "") if part)
        if words:
            yield Label(it.x.at(spot.x) + 6, it.y.at(spot.y) + 3, words, course.paint, bold=True, size=9.5)
    for course in it.front:
        for spot in course.spots[1:-1]:
            if spot.label:
                yield Label(it.x.at(spot.x) + 5, it.y.at(spot.y) - 4, spot.label, course.paint, size=9)


def columns(count: int, left: float, right: float, gap: float) -> list[tuple[float, float]]:
    """The left and right edges of so many panels of one width."""
    wide = (right - left - gap * (count - 1)) / max(count, 1)
    return [(left + place * (wide + gap), left + place * (wide + gap) + wide) for place in range(count)]


def behind(courses: Sequence[DrawnCourse], front: Sequence[DrawnCourse]) -> tuple[DrawnCourse, ...]:
    """The other courses, thin and grey, without marks or words."""
    return tuple(DrawnCourse(one.spots, CONTEXT, width=0.8) for one in courses if one not in front)
