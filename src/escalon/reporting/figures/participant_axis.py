"""Everything about one participant on one time axis, the first thirty days wider: treatment, events, scores, cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import (
    WIDTH,
    Box,
    DrawnCourse,
    Log,
    Panel,
    Piece,
    Scale,
    ValueMark,
    WidenedStart,
    below,
    beside,
    box,
    group,
    line,
    mark,
    nothing,
    panel,
    picture,
    scale_over,
    shortened,
    text,
    width_of,
    wrapped,
)
from escalon.drawing.tokens import GRID, INK, MUTED, RULE, WASH, Paint, dose, grade, over, shape

_NAMES = 112.0
_LEFT, _RIGHT, _BAR, _LANE, _HIGH = 130.0, WIDTH - 8, 10.0, 16.0, 54.0
EARLIEST = -42.0
"""Where the axis begins at the earliest: what is older is cut off there, and said in words."""
WIDER, LATER, WHOLE = 30.0, 0.38, 60.0
"""The days drawn wider; the part of the axis for those after them, once there are so many; fewer have less of it."""
TICKS = (-28, 0, 4, 7, 10, 14, 21, 28, 60, 90, 180, 270, 365, 540, 730)


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something that lasted: its first and last day (None while it lasts), its words, its grade where it is an event."""

    first: float
    last: float | None
    words: str
    grade: int | None = None
    is_event: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """A row of values over time in one unit: name, unit or limit beneath it, and the values with their words."""

    title: str
    about: str
    spots: tuple[ValueMark, ...]
    logarithmic: bool = False
    limits: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """What the figure shows: level (0 before allocation), day and words of the infusion, last days, and the rows."""

    level: int
    infusion: str
    """What is said at the infusion; empty while there was none, and the first recorded day is day 0."""
    window: float | None
    """The last day of the DLT window."""
    reached: float
    treatment: tuple[Lasting, ...]
    events: tuple[Lasting, ...]
    values: tuple[Values, ...]


def participant_axis(it: Axis, who: str) -> str:
    """The axis as SVG. Every mark says what it is when pointed at, and opens what it came from where that is known."""
    days = [
        it.reached,
        *(s.first for s in (*it.treatment, *it.events)),
        *(spot.x for row in it.values for spot in row.spots),
    ]
    if len(days) == 1 and not it.infusion:
        return nothing(f"Nothing is recorded of {who} yet")
    first, last = max(min([-7.0, *days]), EARLIEST), max([WIDER + 1, *days])
    later = LATER * min(1.0, (last - WIDER) / WHOLE)
    x = WidenedStart(((first, 0.0), (0.0, 0.12), (WIDER, 1.0 - later), (last, 1.0)), _LEFT + 24, _RIGHT - 30)
    rows: list[Piece] = []
    y = 26.0
    for name, spans in (("Treatment", it.treatment), ("Adverse events", it.events)):
        shown = [one for one in spans if one.last is None or one.last >= first]
        pieces, y = _spans(name, shown, it, x, y)
        rows += pieces
    for row in it.values:
        rows += _values(row, x, y, it)
        y += _HIGH + 12
    ticks = [float(day) for day in TICKS if first <= day <= last]
    under = [*_window(it, x, y), *below(x, ticks, 20, y, title="days from infusion" if it.infusion else "days")]
    return picture([*under, *rows], f"{who}: {_sentence(it)}")


def _window(it: Axis, x: WidenedStart, bottom: float) -> Iterator[Piece]:
    if it.infusion and it.window is not None:
        left, right = x.at(0), x.at(it.window + 1)
        yield box(left, 20, right - left, bottom - 20, fill=WASH)
        yield text(left + 2, 14, "DLT window", size=10, bold=True)
    yield line(x.at(it.reached), 20, x.at(it.reached), bottom, paint=INK, dash="4 3")


def _spans(name: str, spans: Sequence[Lasting], it: Axis, x: WidenedStart, y: float) -> tuple[list[Piece], float]:
    """The bars of a row, each with its words beside it, in as many lanes as keep words and bars apart."""
    pieces = [text(4, y + 13, name, bold=True)]
    lanes: list[float] = []
    if name == "Treatment" and it.infusion:
        lanes.append(WIDTH)  # the infusion has the first lane for itself
        paint = dose(it.level) if it.level else INK
        pieces.append(group([mark("diamond", x.at(0), y + 9, paint=paint, size=7)], it.infusion))
        pieces.append(text(x.at(0) + 12, y + 12.5, it.infusion, size=10, paint=paint, bold=True))
    for one in sorted(spans, key=lambda one: (one.first, one.words)):
        seat = _seat(one, it, x)
        lane = next((n for n, edge in enumerate(lanes) if edge <= seat.begin), len(lanes))
        lanes[lane : lane + 1] = [seat.end + 8]
        pieces.append(_span(one, seat, y + 4 + lane * _LANE))
    bottom = y + max(len(lanes), 1) * _LANE + 8
    return [*pieces, line(4, bottom, _RIGHT, bottom, paint=GRID)], bottom


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a bar stands, and its words: after it, before it, or on it where neither side has room."""

    left: float
    right: float
    where: str
    words: float

    @property
    def begin(self) -> float:
        return self.left - (self.words + 6 if self.where == "before" else 0)

    @property
    def end(self) -> float:
        return self.right + (self.words + 6 if self.where == "after" else 0)


def _seat(one: Lasting, it: Axis, x: WidenedStart) -> _Seat:
    left = max(x.at(one.first), x.start - 20)
    right = max(left + (12 if one.is_event else 3), x.at((it.reached if one.last is None else one.last) + 1))
    words = width_of(one.words, 10)
    if right + 6 + words <= WIDTH:
        return _Seat(left, right, "after", words)
    return _Seat(left, right, "before" if left - words - 6 > _LEFT else "on", words)


def _span(one: Lasting, seat: _Seat, y: float) -> Piece:
    paint: Paint = grade(one.grade) if one.is_event else RULE
    hollow = one.is_event and one.grade is None
    bar = [box(seat.left, y, seat.right - seat.left, _BAR, fill=paint, stroke=INK if hollow else None)]
    if one.is_event:
        said = "?" if one.grade is None else str(one.grade)
        bar.append(text(seat.left + 2.5, y + 8.5, said, size=9, paint=over(paint), bold=True))
    if one.last is None:
        bar.append(mark("arrow", seat.right + 1, y + _BAR / 2, paint=INK, size=4))
    at = {"after": seat.right + 6, "before": seat.left - 6, "on": seat.left + 14}[seat.where]
    ink, anchor = over(paint) if seat.where == "on" else INK, "end" if seat.where == "before" else "start"
    end = "still there" if one.last is None else f"to day {one.last:g}"
    words = text(at, y + 8.5, one.words, size=10, anchor=anchor, paint=ink)
    return group([*bar, words], f"{one.words} from day {one.first:g} {end}", one.href)


def _values(row: Values, x: WidenedStart, y: float, it: Axis) -> Iterator[Piece]:
    yield from _heading(row, y + 14)
    top, bottom = y + 10, y + _HIGH
    spots = tuple(spot for spot in row.spots if spot.x >= x.stops[0][0])
    if not spots:
        yield text(x.start, y + 30, "not recorded", size=10, paint=MUTED)
    else:
        values = [*(spot.y for spot in spots), *row.limits]
        scale: Scale = _log(values, bottom, top) if row.logarithmic else scale_over(values, bottom, top, most=3)
        yield from beside(scale, scale.ticks(), x.start, x.end, size=9)
        paint = dose(it.level) if it.level else INK
        course = DrawnCourse(spots, paint, shape(it.level) if it.level else "circle", width=1.4, size=3)
        limits = tuple((limit, "", MUTED) for limit in row.limits)
        yield from panel(Panel(Box(x.start, top, x.end, bottom), x, scale, (course,), limits=limits, zero=None))
    yield line(4, bottom + 11, _RIGHT, bottom + 11, paint=GRID)


def _heading(row: Values, y: float) -> Iterator[Piece]:
    """The name of a row on at most three lines of its column, and its unit beneath."""
    lines = wrapped(row.title, 10, _NAMES, bold=True)
    kept = lines if len(lines) <= 3 else [*lines[:2], shortened(" ".join(lines[2:]), 10, _NAMES, bold=True)]
    for place, words in enumerate(kept):
        yield text(4, y + 12 * place, shortened(words, 10, _NAMES, bold=True), size=10, bold=True)
    if row.about:
        yield text(4, y + 12 * len(kept), shortened(row.about, 9, _NAMES), size=9, paint=MUTED)


def _log(values: Sequence[float], start: float, end: float) -> Log:
    some = [value for value in values if value > 0]
    low = 10.0 ** (len(str(int(min(some)))) - 1) if min(some) >= 1 else 0.1
    return Log(min(low, min(some)), max(max(some), low * 10), start, end)


def _sentence(it: Axis) -> str:
    said = [it.infusion] if it.infusion else []
    said += [
        f"{one.words} from day {one.first:g} " + ("still there" if one.last is None else f"to day {one.last:g}")
        for one in (*it.treatment, *it.events)
    ]
    said += [
        f"{row.title} "
        + (", ".join(f"{spot.label or f'{spot.y:g}'} on day {spot.x:g}" for spot in row.spots) or "not recorded")
        for row in it.values
    ]
    return "; ".join(said)
