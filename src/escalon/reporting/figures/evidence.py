"""What was recorded on each day of a DLT window: a lane for each syndrome and count, the grade printed in its day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import (
    WIDTH,
    Linear,
    Piece,
    below,
    box,
    grade_key,
    group,
    key,
    mark,
    nothing,
    picture,
    text,
    width_of,
)
from escalon.drawing.tokens import MUTED, OPEN, WASH, dose, grade, over, shape

_LANE = 13.0


@dataclass(frozen=True, slots=True)
class GradedDays:
    """A grade (None: not recorded) on the days from first to last, as far as they lie in the window."""

    first: int
    last: int
    grade: int | None


@dataclass(frozen=True, slots=True)
class DayLane:
    """One thing looked at: its name and what was seen; `missing` says what was not recorded, where nothing was."""

    name: str
    seen: tuple[GradedDays, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class DayLanes:
    """One participant's window: code, dose level, the last day reached by the cut-off, and the lanes."""

    participant: str
    level: int
    reached: int
    lanes: tuple[DayLane, ...]


def evidence_figure(windows: Sequence[DayLanes], days: int) -> str:
    """The windows as SVG over the days 0 to `days` from infusion; unshaded days were not reached at the cut-off."""
    if not windows:
        return nothing("Nobody has been infused yet")
    names = max((width_of(lane.name, 10) for one in windows for lane in one.lanes), default=0)
    codes = max(width_of(one.participant, 11, bold=True) for one in windows)
    left = 24 + codes + names + 14
    x = Linear(0, days + 1, left, WIDTH - 10)
    y, pieces = 4.0, []
    for one in windows:
        pieces += [
            mark(shape(one.level), 8, y + 7, paint=dose(one.level), size=4),
            text(16, y + 11, one.participant, bold=True),
        ]
        for lane in one.lanes or (DayLane("", (), "no event of grade 3 or more, and no blood count, recorded"),):
            pieces += _lane(one, lane, x, y, days)
            y += _LANE
        y += 7
    ticks = [day for day in (0, 3, 7, 10, 14, 21, 28, 42, 56, 84) if day <= days]
    axis = below(_Middle(x), ticks, 4, y - 4, title="days from infusion", grid=False)
    return picture([*pieces, *axis, *_key(y + 42)], "; ".join(_sentence(one) for one in windows))


@dataclass(frozen=True, slots=True)
class _Middle:
    """The middle of a day's cell."""

    of: Linear

    def at(self, value: float) -> float:
        return self.of.at(value + 0.5)

    def ticks(self) -> list[float]:
        return self.of.ticks()


def _lane(one: DayLanes, lane: DayLane, x: Linear, y: float, days: int) -> Iterator[Piece]:
    yield text(x.start - 8, y + 9.5, lane.name, size=10, anchor="end", paint=MUTED)
    yield box(x.start, y, x.at(min(one.reached, days) + 1) - x.start, _LANE - 1, fill=WASH)
    if lane.missing:
        yield text(x.start + 6, y + 9.5, lane.missing, size=9.5, paint=OPEN, bold=True)
    for seen in lane.seen:
        for day in range(max(seen.first, 0), min(seen.last, days, max(one.reached, seen.first)) + 1):
            paint = grade(seen.grade)
            said = "?" if seen.grade is None else str(seen.grade)
            cell = [
                box(
                    x.at(day) + 0.5,
                    y,
                    x.at(day + 1) - x.at(day) - 1,
                    _LANE - 1,
                    fill=paint,
                    stroke=None if seen.grade is not None else MUTED,
                ),
                text(x.at(day + 0.5), y + 9.5, said, size=9.5, anchor="middle", paint=over(paint), bold=True),
            ]
            yield group(cell, f"{one.participant} {lane.name} day {day}: {_grade(seen)}")


def _grade(seen: GradedDays) -> str:
    return "grade not recorded" if seen.grade is None else f"grade {seen.grade}"


def _sentence(one: DayLanes) -> str:
    return f"{one.participant}, level {one.level}: " + ", ".join(_lane_sentence(lane) for lane in one.lanes)


def _lane_sentence(lane: DayLane) -> str:
    if lane.missing:
        return f"{lane.name}: {lane.missing}"
    seen = [
        f"{'?' if s.grade is None else s.grade} on day {s.first}" + (f" to {s.last}" if s.last > s.first else "")
        for s in lane.seen
    ]
    return f"{lane.name} grade " + ", ".join(seen)


def _key(y: float) -> list[Piece]:
    return key([*grade_key(range(6)), (None, "shaded: days reached at the cut-off")], 12, y, WIDTH - 8)
