"""Values over time: a panel a person with the others grey behind, or a panel a dose level with the median, one unit an axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from escalon.drawing import (
    WIDTH,
    Box,
    DrawnCourse,
    Linear,
    Panel,
    Piece,
    Scale,
    SymLog,
    ValueMark,
    behind,
    below,
    beside,
    columns,
    key,
    mark,
    nothing,
    picture,
    scale_over,
    text,
)
from escalon.drawing import panel as drawn_panel
from escalon.drawing.tokens import GOOD, MUTED, Paint, dose, shape
from escalon.facts import UnitError, spelled, together
from escalon.reporting.printed import unit

_MOST_PEOPLE = 12  # more are drawn by level
_DAYS = tuple((str(day), float(day)) for day in (0, 90, 180, 365))  # where no visit names them
_HIGH, _LEFT, _RIGHT = 66.0, 46.0, WIDTH - 40


@dataclass(frozen=True, slots=True)
class Point:
    """One value: whose, at which dose level, on which day from infusion, how much in which unit, and as it is printed."""

    participant: str
    level: int
    day: float
    value: float
    unit: str = ""
    words: str = ""
    visit: str = ""
    """Values of one visit share a median; empty: the day stands for it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is drawn in one row: its name, its values, and limits with their words. One axis has one unit."""

    title: str
    points: tuple[Point, ...]
    limits: tuple[tuple[float, str], ...] = ()
    linear_to: float = 0
    """Logarithmic above this value, where it is not 0: counts that run from none to thousands."""
    alarm: bool = False
    """Whether the limits are such as nobody should pass: drawn in the colour of grades, not of control."""

    def __post_init__(self) -> None:
        units = {spelled(point.unit) for point in self.points}
        if len(units) > 1:
            raise UnitError(
                f"{self.title}: one axis has one unit, not {' and '.join(sorted(one or 'none' for one in units))}"
            )

    @property
    def unit(self) -> str:
        """The unit of its values, as the first of them writes it; empty for a bare number."""
        return next((point.unit for point in self.points if spelled(point.unit) != "1"), "")


def trajectories(
    measures: Sequence[Measure],
    reached: dict[str, float] | None = None,
    visits: Sequence[tuple[str, float]] = (),
    *,
    everyone: bool = False,
) -> str:
    """The measures as rows of panels over days from infusion (0).

    `reached` is the last day observed of each participant: beyond it a panel is shaded. `visits` are the axis labels with
    their days. More than twelve people stand by level, grey with a bold median; with `everyone` each line is drawn plainly.
    """
    drawn = [one for one in measures if one.points]
    if not drawn:
        return nothing("No value could be computed")
    people = sorted({(point.level, point.participant) for one in drawn for point in one.points})
    by_level = everyone or len(people) > _MOST_PEOPLE
    days = [point.day for one in drawn for point in one.points]
    span = min([0.0, *days]), max([28.0, *days, *(day for _, day in visits)])
    pieces: list[Piece] = []
    y = 4.0
    for block in _blocks(people, by_level):
        y = _block(pieces, block, drawn, reached or {}, span, visits, y, by_level, everyone)
    ends = [last for last in (reached or {}).values() if last < span[1]]
    pieces += key(_told(len(people), by_level=by_level, everyone=everyone, shaded=bool(ends)), _LEFT, y - 6, WIDTH - 8)
    return picture(pieces, "; ".join(_sentence(one) for one in drawn))


def _told(people: int, *, by_level: bool, everyone: bool, shaded: bool) -> list[tuple[None, str]]:
    """What is drawn how, where a line is not simply a person's."""
    if everyone:
        return []
    if by_level:
        return [(None, "bold: median of the level"), (None, "grey: each participant")]
    said = {"grey: the others": people > 1, "shaded: after the last day observed": shaded}
    return [(None, words) for words, holds in said.items() if holds]


def _blocks(people: list[tuple[int, str]], by_level: bool) -> list[list[tuple[int, str]]]:
    """Which panels stand beside each other: at most six people, of like number in each block."""
    if by_level:
        return [[(level, "") for level in sorted({level for level, _ in people})]]
    rows = -(-len(people) // 6)
    each = -(-len(people) // rows)
    return [people[start : start + each] for start in range(0, len(people), each)]


def _block(
    pieces: list[Piece],
    block: list[tuple[int, str]],
    measures: Sequence[Measure],
    reached: dict[str, float],
    span: tuple[float, float],
    visits: Sequence[tuple[str, float]],
    y: float,
    by_level: bool,
    everyone: bool,
) -> float:
    edges = columns(max(len(block), 3), _LEFT, _RIGHT, 34)
    for (level, name), (left, _) in zip(block, edges, strict=False):
        words = f"{name} · level {level}" if name else f"level {level}"
        pieces += [
            mark(shape(level), left + 4, y + 8, paint=dose(level), size=4),
            text(left + 12, y + 12, words, paint=dose(level), bold=True),
        ]
    y += 22
    for one in measures:
        named = f", {unit(one.unit)}" if one.unit else ""
        pieces.append(text(_LEFT - 40, y + 9, f"{one.title}{named}", size=10, paint=MUTED))
        top, bottom = y + 18, y + 18 + _HIGH
        scale = _scale(one, bottom, top)
        for place, ((level, name), (left, right)) in enumerate(zip(block, edges, strict=False)):
            x = Linear(span[0], span[1], left, right)
            front, back = _courses(one, level, name, everyone)
            shown = tuple((value, words if place == len(block) - 1 else "", _limit(one)) for value, words in one.limits)
            pieces += beside(scale, scale.ticks(), left, right, labels=place == 0, size=9)
            last = one is measures[-1]
            kept = [(day, words) for words, day in visits or _DAYS if span[0] <= day <= span[1]]
            names = [words if last else "" for _, words in kept]
            pieces += below(x, [day for day, _ in kept], top, bottom, names=names, grid=False, size=9)
            pieces += drawn_panel(Panel(Box(left, top, right, bottom), x, scale, front, back, reached.get(name), shown))
        y = bottom + 8
    return y + 26


def _limit(one: Measure) -> Paint:
    return MUTED if one.alarm else GOOD


def _scale(one: Measure, bottom: float, top: float) -> Scale:
    values = [point.value for point in one.points] + [value for value, _ in one.limits]
    if one.linear_to:
        return SymLog(one.linear_to, max(*values, one.linear_to * 10), bottom, top)
    return scale_over(values, bottom, top)


def _courses(
    one: Measure, level: int, name: str, everyone: bool
) -> tuple[tuple[DrawnCourse, ...], tuple[DrawnCourse, ...]]:
    """In front: the person, or the median of the level; behind: the others in grey, or everybody of the level."""
    each = {who: _course(one, who) for who in dict.fromkeys(point.participant for point in one.points)}
    if name:
        front = (each[name],) if name in each else ()
        return front, behind([course for who, course in each.items() if who != name], ())
    here = [each[who] for who in dict.fromkeys(point.participant for point in one.points if point.level == level)]
    if everyone:
        return tuple(here), ()
    return _median(one, level), behind(here, ())


def _course(one: Measure, who: str) -> DrawnCourse:
    points = sorted((point for point in one.points if point.participant == who), key=lambda point: point.day)
    level = points[0].level
    spots = [
        ValueMark(
            p.day,
            p.value,
            f"{who} day {p.day:g}: {p.words or f'{p.value:g}'} {p.unit}".rstrip(),
            p.words if p in (points[0], points[-1]) else "",
        )
        for p in points
    ]
    return DrawnCourse(tuple(spots), dose(level), shape(level))


def _median(one: Measure, level: int) -> tuple[DrawnCourse, ...]:
    visits = together((point.visit or f"{point.day:g}", point) for point in one.points if point.level == level)
    spots = sorted(
        (
            ValueMark(
                median(p.day for p in some),
                median(p.value for p in some),
                f"median of {len(some)}: {median(p.value for p in some):g}",
            )
            for some in visits.values()
        ),
        key=lambda spot: spot.x,
    )
    return (DrawnCourse(tuple(spots), dose(level), shape(level), width=2.2),)


def _sentence(one: Measure) -> str:
    unit = f" ({one.unit})" if one.unit else ""
    people = dict.fromkeys(point.participant for point in one.points)
    said: Iterator[str] = (
        f"{who}: "
        + ", ".join(
            f"{point.words or f'{point.value:g}'} on day {point.day:g}"
            for point in sorted(one.points, key=lambda p: p.day)
            if point.participant == who
        )
        for who in people
    )
    return f"{one.title}{unit}: " + "; ".join(said)
