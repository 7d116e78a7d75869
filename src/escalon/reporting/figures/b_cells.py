"""B cells over time, and beneath it how long each participant was without them."""

from collections.abc import Iterator, Sequence

from escalon.drawing import (
    WIDTH,
    Box,
    DrawnCourse,
    Linear,
    Panel,
    Piece,
    SymLog,
    ValueMark,
    below,
    beside,
    box,
    group,
    key,
    like,
    line,
    mark,
    nothing,
    panel,
    picture,
    swatch,
    text,
    tick,
)
from escalon.drawing.tokens import CONTEXT, INK, MUTED
from escalon.facts import plain
from escalon.kinetics import AplasiaRule, Profile, Sample, b_cell_aplasia
from escalon.reporting.figures.groups import GroupLook, looks
from escalon.reporting.figures.kinetics import days_told, group_key

_LANE, _LEFT, _RIGHT = 16.0, 64.0, WIDTH - 40


def b_cell_figure(profiles: Sequence[Profile], rule: AplasiaRule | None = None, note: str = "") -> str:
    """B cells of each participant against days, with the limits of aplasia and recovery, and a bar for each aplasia.

    The axis is linear below the aplasia limit and logarithmic above it, so that zero has a place.
    """
    rule = rule or AplasiaRule()
    counts = [profile.in_unit(rule.unit) for profile in profiles if profile.samples]
    groups = looks(list(dict.fromkeys(profile.group or "all" for profile in counts)))
    courses = [b_cell_course(profile, groups[profile.group or "all"]) for profile in counts]
    days = [spot.x for course in courses for spot in course.spots]
    if not days:
        return nothing("B cells in blood: no sample with a result")
    x = Linear(min([0.0, *days]), max([1.0, *days]), _LEFT, _RIGHT)
    y = b_cell_scale([spot.y for course in courses for spot in course.spots], rule, 220, 24)
    ticks = days_told(x.high)
    limits = (
        (float(rule.below), f"aplasia below {plain(rule.below)}", INK),
        (float(rule.recovered), f"recovery from {plain(rule.recovered)}", INK),
    )
    pieces: list[Piece] = [text(4, 12, f"B cells/µL{f' · {note}' if note else ''}", size=10, paint=MUTED)]
    pieces += [*beside(y, y.ticks(), _LEFT, _RIGHT), *below(x, ticks, 24, 220, names=["" for _ in ticks], grid=False)]
    pieces += panel(Panel(Box(_LEFT, 24, _RIGHT, 220), x, y, tuple(courses), limits=limits))
    bottom = 236 + _LANE * len(counts)
    pieces += below(x, ticks, 232, bottom, title="days from the end of infusion")
    for place, profile in enumerate(counts):
        pieces += _lane(profile, rule, groups[profile.group or "all"], x, 236 + _LANE * place)
    pieces += _key(groups, rule, bottom + 46)
    people = len(counts)
    return picture(
        pieces,
        f"B cells in blood: {people} participants, cells per µL against days, with aplasia from onset to recovery",
    )


def b_cell_scale(values: Sequence[float], rule: AplasiaRule, start: float, end: float) -> SymLog:
    """Linear up to the limit of aplasia, logarithmic above; recovery has its tick."""
    high = max(max(values) * 1.1, float(rule.recovered) * 2)
    return SymLog(float(rule.below), high, start, end, (float(rule.recovered),))


def b_cell_course(profile: Profile, look: GroupLook) -> DrawnCourse:
    """The counts of a participant; hollow where below the limit of quantification."""
    spots = tuple(
        ValueMark(
            float(sample.day),
            0.0 if sample.level is None else float(sample.level),
            f"{profile.participant} day {plain(sample.day)}: {_said(sample)}",
            shape="triangle-down" if sample.is_below else "",
        )
        for sample in profile.samples
        if sample.is_below or sample.level is not None
    )
    return DrawnCourse(spots, look.paint, look.shape, width=1.2, name=profile.participant)


def _said(sample: Sample) -> str:
    return "below the limit of quantification" if sample.is_below else f"{plain(sample.level, 3)}/µL"


def _lane(profile: Profile, rule: AplasiaRule, look: GroupLook, x: Linear, y: float) -> Iterator[Piece]:
    """For each episode: aplastic samples as one bar, the gap to the next sample as a pale one, recovery as a tick."""
    middle = y + _LANE / 2
    yield text(x.start - 8, middle + 4, profile.participant, size=10, anchor="end")
    for finding in b_cell_aplasia(profile, rule):
        parts = finding.components
        if "onset_day" not in parts:
            continue
        onset, last, ended, recovery = (
            None if parts[name] is None else float(parts[name])
            for name in ("onset_day", "last_aplastic_day", "ended_before_day", "recovery_day")
        )
        assert onset is not None
        assert last is not None
        drawn = [] if ended is None else [box(x.at(last), middle - 3.5, x.at(ended) - x.at(last), 7, fill=CONTEXT)]
        drawn.append(box(x.at(onset), middle - 3.5, max(x.at(last) - x.at(onset), 2), 7, fill=look.paint))
        drawn += [mark("arrow", x.at(last) + 4, middle, paint=look.paint, size=5)] if ended is None else []
        drawn += (
            [line(x.at(recovery), middle - 7, x.at(recovery), middle + 7, paint=INK, width=2.5)]
            if recovery is not None
            else []
        )
        until = "still aplastic" if ended is None else f"to a sample on day {ended:g} that is not"
        back = f", recovery confirmed on day {recovery:g}" if recovery is not None else ""
        yield group(drawn, f"{profile.participant}: aplastic from day {onset:g}, {until}{back}")


def _key(groups: dict[str, GroupLook], rule: AplasiaRule, y: float) -> list[Piece]:
    entries = [
        *group_key(groups),
        (like("triangle-down", INK, hollow=True), "below the limit of quantification"),
        (swatch(CONTEXT), "between the last aplastic sample and the next"),
        (like("arrow", INK), "still aplastic"),
        (tick(INK), f"recovery: {rule.consecutive} in a row from {plain(rule.recovered)}/µL"),
    ]
    return key(entries, 8, y, WIDTH - 8)
