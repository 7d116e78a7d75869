"""Cells in blood over time: level on a logarithmic axis, the limit of quantification, and samples below it marked as such."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10

from escalon.drawing import (
    WIDTH,
    Box,
    Drawn,
    DrawnCourse,
    Linear,
    Log,
    Panel,
    Piece,
    ValueMark,
    below,
    beside,
    key,
    like,
    nothing,
    panel,
    picture,
    text,
)
from escalon.drawing.tokens import INK, MUTED, Paint
from escalon.facts import UnitError, plain, spelled
from escalon.facts.interval import Interval
from escalon.kinetics import Detection, Profile, Sample
from escalon.reporting.figures.groups import GroupLook, looks

_EARLY_END = 35  # days of the first panel: expansion and peak fall in the first four weeks
HOLLOW = {
    Detection.BLQ: ("triangle-down", "below the limit of quantification"),
    Detection.BELOW: ("triangle-down", "below the limit of quantification"),
    Detection.ND: ("diamond", "not detected"),
    Detection.ABOVE: ("triangle", "above the range"),
}
"""Marks of samples without a level, hollow, at half of the limit or at the end of the range; no line runs through them."""


def kinetics_figure(profiles: Iterable[Profile], note: str = "") -> str:
    """All profiles of one analyte in one unit as SVG: one line per participant, colour and shape by group.

    Samples below the limit of quantification stand as hollow marks at half of it and no line runs through them, because
    they have no level; samples without a result are not drawn. Raises UnitError when units differ.
    """
    drawn = tuple(profile for profile in profiles if any(height(s) is not None for s in profile.samples))
    if not drawn:
        return nothing("CAR transgene in blood: no sample with a result")
    units = {spelled(profile.unit) for profile in drawn}
    if len(units) > 1:
        raise UnitError(f"one figure has one unit, not {' and '.join(sorted(units))}")
    groups = looks(list(dict.fromkeys(profile.group or "all" for profile in drawn)))
    courses = [course_of(profile, groups[profile.group or "all"]) for profile in drawn]
    y = _heights(drawn)
    pieces: list[Piece] = [text(4, 12, f"{drawn[0].unit}{f' · {note}' if note else ''}", size=10, paint=MUTED)]
    panels = _panels(courses)
    for place, (first, until, left, right) in enumerate(panels):
        x = Linear(first, until, left, right)
        inside = tuple(_cut(course, until) for course in courses)
        pieces += beside(y, y.ticks(), left, right, labels=place == 0)
        pieces += below(x, days_told(until), 24, 250, grid=False)
        pieces += panel(Panel(Box(left, 24, right, 250), x, y, inside, limits=_limits(drawn, place == len(panels) - 1)))
    pieces.append(text((60 + WIDTH) / 2, 281, "days from the end of infusion", size=10, anchor="middle", paint=MUTED))
    pieces += key([*group_key(groups), *_hollow_key(drawn)], 8, 304, WIDTH - 8)
    return picture(pieces, _description(drawn))


def height(sample: Sample) -> float | None:
    """Where a sample stands on the axis: its level, half the limit below quantification, or the end of the range above it."""
    if sample.is_quantified:
        return None if sample.level is None or sample.level <= 0 else float(sample.level)
    if sample.detection is Detection.ABOVE:
        low = sample.known.ends[0] if isinstance(sample.known, Interval) else None
        return float(low) if low else None
    return float(sample.lloq) / 2 if sample.is_below and sample.lloq is not None else None


def course_of(profile: Profile, look: GroupLook) -> DrawnCourse:
    """A profile as a line with its marks."""
    spots = tuple(
        ValueMark(
            float(sample.day),
            high,
            f"{profile.participant} day {plain(sample.day)}: {_said(profile, sample)}",
            shape=_hollow(sample),
        )
        for sample in profile.samples
        if (high := height(sample)) is not None
    )
    return DrawnCourse(spots, look.paint, look.shape, width=1.3, name=profile.participant)


def _hollow(sample: Sample) -> str:
    return "" if sample.is_quantified else HOLLOW[sample.detection][0]


def _said(profile: Profile, sample: Sample) -> str:
    if sample.is_quantified:
        return f"{plain(sample.level, 3)} {profile.unit}"
    return HOLLOW[sample.detection][1]


def _panels(courses: Sequence[DrawnCourse]) -> list[tuple[float, float, float, float]]:
    """The first five weeks on half of the room, then the whole course; one panel where nothing came later or earlier."""
    days = [spot.x for course in courses for spot in course.spots]
    first, last = min([0.0, *days]), max([1.0, *days])
    if last <= _EARLY_END or not any(0 < day <= _EARLY_END for day in days):
        return [(first, last, 64, WIDTH - 36)]
    return [(first, _EARLY_END, 64, 350), (first, last, 378, WIDTH - 36)]


def _cut(course: DrawnCourse, until: float) -> DrawnCourse:
    kept = tuple(spot for spot in course.spots if spot.x <= until)
    return DrawnCourse(
        kept, course.paint, course.shape, course.width, course.name if kept == course.spots else "", course.size
    )


def _heights(profiles: Sequence[Profile]) -> Log:
    levels = [high for profile in profiles for sample in profile.samples if (high := height(sample)) is not None]
    low, high = floor(log10(min(levels))), ceil(log10(max(levels)) + 1e-9)
    return Log(10.0**low, 10.0 ** max(high, low + 1), 250, 24)


def _limits(profiles: Sequence[Profile], named: bool) -> tuple[tuple[float, str, Paint], ...]:
    limits = sorted({float(s.lloq) for profile in profiles for s in profile.samples if s.lloq})
    return tuple((limit, f"LLOQ {plain(limit, 3)}" if named else "", INK) for limit in limits)


def days_told(until: float) -> list[float]:
    """The days that an axis names: weeks in an early panel, months later."""
    step = 7 if until <= 60 else 30 if until <= 200 else 60 if until <= 400 else 180
    return [float(day) for day in range(0, int(until) + 1, step)]


def group_key(groups: dict[str, GroupLook]) -> list[tuple[Drawn | None, str]]:
    """How each group is drawn, where there are several."""
    return [(like(look.shape, look.paint), name) for name, look in groups.items()] if len(groups) > 1 else []


def _hollow_key(profiles: Sequence[Profile]) -> list[tuple[Drawn | None, str]]:
    there = {s.detection for p in profiles for s in p.samples if not s.is_quantified and height(s) is not None}
    shapes = dict.fromkeys(HOLLOW[one] for one in Detection if one in there and one in HOLLOW)
    return [(like(s, INK, hollow=True), words) for s, words in shapes]


def _description(profiles: Sequence[Profile]) -> str:
    people = len({profile.participant for profile in profiles})
    samples = sum(len(profile.samples) for profile in profiles)
    axis = f"{profiles[0].unit} on a logarithmic axis against days"
    return f"CAR transgene in blood: {people} participants, {samples} samples, {axis}"
