"""The swimmer plot: everyone infused, from infusion to the last day observed, with state of disease and what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import (
    WIDTH,
    Drawn,
    Linear,
    Piece,
    below,
    box,
    day_ticks,
    grade_key,
    graded,
    group,
    key,
    like,
    line,
    mark,
    nothing,
    picture,
    spread,
    text,
    tick,
    width_of,
)
from escalon.drawing.tokens import ALARM, CONTEXT, INK, RULE, dose, over, shape, state

_LANE, _BELOW = 18.0, 15.0
MARKS: dict[str, Drawn] = {
    "death": like("diamond", INK, size=5),
    "DLT": like("cross", ALARM, size=4.5),
    "grade 3 or more": grade_key([3], round_=True)[0][0] or tick(INK),
    "infection": like("triangle-down", INK, size=4.5, hollow=True),
    "serious": like("square", INK, size=4.5, hollow=True),
    "B cells back": like("triangle", INK, size=4.5, hollow=True),
}
"""The kinds of marks and how each is drawn; an event of grade 3 or more has its grade inside."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: on which day from infusion, of which kind, in words, and its grade where it has one."""

    day: int
    kind: str
    says: str
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class DiseaseState:
    """The state of disease at an assessment: its day, the score as printed, and its band: place from the best, of how many."""

    day: int
    score: str
    place: int
    of: int
    says: str = ""


@dataclass(frozen=True, slots=True)
class Swimmer:
    """One participant: dose level, last day observed, why observation ended (empty while it goes on), marks and states."""

    participant: str
    level: int
    observed_to: int
    ended: str = ""
    marks: tuple[Mark, ...] = ()
    states: tuple[DiseaseState, ...] = ()


def swimmer_plot(swimmers: Sequence[Swimmer], cutoff: str, ends_on: int | None = None) -> str:
    """The plot as SVG; within a level the longest observed stands on top. An arrow: followed further after the cut-off.

    `ends_on` is the last day of registered follow-up.
    """
    if not swimmers:
        return nothing("Participants over time: nobody has been infused")
    ordered = sorted(swimmers, key=lambda one: (one.level, -one.observed_to, one.participant))
    left = 26 + max(width_of(_name(one), 11, bold=True) for one in ordered)
    days = [0, ends_on or 28, *(one.observed_to for one in ordered)]
    days += [one.day for each in ordered for one in each.marks] + [one.day for each in ordered for one in each.states]
    x = Linear(min(days), max(days), left + 26, WIDTH - 16)
    pieces: list[Piece] = []
    y = 4.0
    for one in ordered:
        lane, y = _lane(one, y, x)
        pieces += lane
    axis = list(below(x, day_ticks(min(days), max(days), 12), 2, y, title="days from infusion"))
    if ends_on:
        axis.append(line(x.at(ends_on), 2, x.at(ends_on), y, paint=INK, dash="4 3"))
    says = f"Participants over time, cut-off {cutoff}: " + "; ".join(_sentence(one) for one in ordered)
    return picture([*axis, *pieces, *_key(ordered, ends_on, y + 48)], says)


def _name(one: Swimmer) -> str:
    return f"{one.participant} · level {one.level}"


def _lane(one: Swimmer, top: float, x: Linear) -> tuple[list[Piece], float]:
    """The lane and where the next begins: a lane is as high as the marks beneath it need."""
    middle, paint = top + _LANE / 2, dose(one.level)
    start, end = x.at(0), x.at(one.observed_to)
    bar = [text(x.start - 24, middle + 4, _name(one), anchor="end", paint=paint, bold=True)]
    bar.append(mark(shape(one.level), 8, middle, paint=paint, size=4.5))
    bar.append(box(start, middle - 1.5, end - start, 3, fill=CONTEXT))
    bar.append(
        line(end, middle - 6, end, middle + 6, paint=INK, width=2)
        if one.ended
        else mark("arrow", end + 3, middle, paint=RULE, size=5)
    )
    pieces = [group(bar, _sentence(one)), *_states(one.states, x, middle)]
    rows = _apart(one.marks, x)
    for row, placed in enumerate(rows):
        pieces += [_mark(one_, at, middle + _LANE / 2 + 4 + row * _BELOW) for one_, at in placed]
    return pieces, top + _LANE + 4 + _BELOW * len(rows)


def _states(states: Sequence[DiseaseState], x: Linear, y: float) -> Iterator[Piece]:
    """The score of each assessment in its band's colour; those of days close together stand side by side."""
    wide = max([16.0, *(width_of(one.score, 9.5, bold=True) + 5 for one in states)])
    ordered = sorted(states, key=lambda one: one.day)
    for one, at in zip(ordered, spread([x.at(one.day) for one in ordered], wide + 2, x.start, x.end), strict=True):
        paint = state(one.place, one.of)
        score = text(at, y + 3.5, one.score, size=9.5, anchor="middle", paint=over(paint), bold=True)
        yield group(
            [box(at - wide / 2, y - 7.5, wide, 15, fill=paint), score], one.says or f"day {one.day}: {one.score}"
        )


def _apart(marks: Sequence[Mark], x: Linear) -> list[list[tuple[Mark, float]]]:
    """The marks in as many rows as keep those of a row apart."""
    rows: list[list[tuple[Mark, float]]] = []
    for one in sorted(marks, key=lambda one: (one.day, list(MARKS).index(one.kind))):
        at = x.at(one.day)
        row = next((row for row in rows if at - row[-1][1] >= 14), None)
        if row is None:
            rows.append([(one, at)])
        else:
            row.append((one, at))
    return rows


def _mark(one: Mark, x: float, y: float) -> Piece:
    drawn = graded(one.grade, x, y, size=5.5) if one.kind == "grade 3 or more" else MARKS[one.kind](x, y)
    return group([drawn], f"{one.says}, day {one.day}")


def _sentence(one: Swimmer) -> str:
    end = one.ended or "followed further"
    happened = ", ".join(f"{mark.says} (day {mark.day})" for mark in one.marks) or "no mark"
    states = f"; state {', '.join(f'{s.score} (day {s.day})' for s in one.states)}" if one.states else ""
    return f"{_name(one)}, to day {one.observed_to}, {end}: {happened}{states}"


def _key(swimmers: Sequence[Swimmer], ends_on: int | None, y: float) -> list[Piece]:
    """The marks that stand on the plot; one that does not stand there is not explained."""
    kinds = {mark.kind for one in swimmers for mark in one.marks}
    entries: list[tuple[Drawn | None, str]] = [(drawn, kind) for kind, drawn in MARKS.items() if kind in kinds]
    arrow = (like("arrow", RULE), "followed further")
    end = (tick(INK), "observation ended")
    entries += [arrow] + ([end] if any(one.ended for one in swimmers) else [])
    entries += [(None, "dashed: end of registered follow-up")] if ends_on else []
    return key(entries, 8, y, WIDTH - 8)
