"""Axes: labels at round values, left out where they would lie on each other, never over the edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from escalon.drawing.letters import width_of
from escalon.drawing.scales import Scale, spoken
from escalon.drawing.shapes import Piece, line, text
from escalon.drawing.tokens import GRID, MUTED, RULE


def below(
    scale: Scale,
    ticks: Sequence[float],
    top: float,
    bottom: float,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    grid: bool = True,
    size: float = 10,
) -> Iterator[Piece]:
    """The axis beneath a panel from `top` to `bottom`: grid lines, labels under them, a title under those.

    Labels that would touch the one before are left out; the grid line stays.
    """
    said = list(names) if names is not None else spoken(ticks)
    edge = float("-inf")
    places = [scale.at(tick) for tick in ticks]
    for x, words in zip(places, said, strict=True):
        if grid:
            yield line(x, top, x, bottom)
        half = width_of(words, size) / 2
        if x - half >= edge:
            yield text(x, bottom + size + 4, words, size=size, anchor="middle", paint=MUTED)
            edge = x + half + 4
    if title and places:
        middle = (min(places) + max(places)) / 2
        yield text(middle, bottom + 2 * size + 9, title, size=size, anchor="middle", paint=MUTED)


def beside(
    scale: Scale,
    ticks: Sequence[float],
    left: float,
    right: float,
    *,
    labels: bool = True,
    size: float = 10,
    names: Sequence[str] | None = None,
) -> Iterator[Piece]:
    """The axis at the left of a panel: hair lines across it, labels before it; those that would touch are left out."""
    taken: list[float] = []
    for tick, words in zip(ticks, names if names is not None else spoken(ticks), strict=True):
        y = scale.at(tick)
        yield line(left, y, right, y, paint=GRID)
        if labels and all(abs(y - other) >= size * 1.05 for other in taken):
            taken.append(y)
            yield text(left - 6, y + size * 0.36, words, size=size, anchor="end", paint=MUTED)


def base(left: float, right: float, y: float) -> Piece:
    """The line an axis stands on."""
    return line(left, y, right, y, paint=RULE)


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def month_ticks(first: date, last: date, most: int = 12) -> tuple[list[date], list[str]]:
    """The firsts of months from first to last, at most so many: every month, third or sixth, or every January."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((size for size in (1, 2, 3, 6, 12) if months / size <= most), 12 * (1 + months // (12 * most)))
    start = first.year * 12 + first.month - 1
    found = []
    for place in range(start - start % step, last.year * 12 + last.month, step):
        day = date(place // 12, place % 12 + 1, 1)
        if first <= day <= last:
            found.append(day)
    return found, [f"{_MONTHS[day.month - 1]}\u00a0{day.year}" for day in found]
