"""Where words go: labels pushed apart, and lines broken to a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escalon.drawing.letters import width_of
from escalon.drawing.shapes import Box, Piece, text
from escalon.drawing.tokens import INK, Paint


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near as can be to the wanted ones, in the same order, a gap apart and between low and high where they fit.

    The least sum of squares (pooling of neighbours that violate the order). Too many for the room run on beyond `high`.

    >>> spread([10, 11, 40], 10, 0, 100)
    [5.5, 15.5, 40.0]
    """
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    blocks: list[list[float]] = []  # sum and count of what is left when each place takes off its share of the gaps
    for rank, place in enumerate(order):
        blocks.append([wanted[place] - rank * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count]
    fitted = [total / count for total, count in blocks for _ in range(int(count))]
    ceiling = high - gap * (len(order) - 1)
    found = [0.0] * len(order)
    for rank, place in enumerate(order):
        found[place] = max(min(fitted[rank], ceiling), low) + rank * gap
    return found


def wrapped(words: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than the room; a word longer than the room stands alone."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@dataclass(frozen=True, slots=True)
class Label:
    """Words that want to stand at a place, in order of what must be said first."""

    x: float
    y: float
    words: str
    paint: Paint = INK
    anchor: str = "start"
    bold: bool = False
    size: float = 10


def placed(labels: Sequence[Label], taken: Sequence[Box], within: Box, lines: Sequence[Box] = ()) -> list[Piece]:
    """Each label near its place and clear of what is taken and of the others; one that finds no room is left out.

    It keeps clear of `lines` too where it can. One that is left out is never the only place of its value: figures name
    everything in their titles and table.
    """
    busy: list[Box] = []
    found = []
    for label in labels:
        seats = [_seated(label, dy) for dy in (0, -6, 6, -11, 11, -17, 17)]
        free = [one for one in seats if _is_free(one, [*taken, *busy], within)]
        if free:
            best = next((one for one in free if _is_free(one, lines, within)), free[0])
            busy += best.texts
            found.append(best)
    return found


def _seated(it: Label, dy: float) -> Piece:
    return text(
        it.x, it.y + dy, it.words, size=it.size, anchor=it.anchor, paint=it.paint, bold=it.bold, rim=True
    )  # fmt: skip


def _is_free(one: Piece, busy: Sequence[Box], within: Box) -> bool:
    room = one.texts[0]
    inside = within.with_(room) == within
    return inside and not any(room.meets(other, 0.5) for other in busy)
