"""A whole figure: as wide as the text of a page, as high as what is in it, with a sentence for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from escalon.drawing.letters import width_of
from escalon.drawing.shapes import Piece, box, graded, joined, line, mark, number, text
from escalon.drawing.tokens import MUTED, Paint

WIDTH = 720.0
"""One width for all: 180 mm of an A4 page at four to the millimetre, so that type of 11 is 8 points on paper."""
FACES = (
    "Inter, 'Noto Sans', 'Helvetica Neue', Arial, 'DejaVu Sans', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
)
_EDGE = 4.0
Drawn = Callable[[float, float], Piece]
"""What draws a mark around a point."""


def picture(pieces: Iterable[Piece], says: str, *, width: float = WIDTH) -> str:
    """The pieces as one SVG. `says` is the sentence with the data; what reaches beyond the width makes the figure wider."""
    whole = joined(pieces)
    room = whole.room
    left = min(0.0, room.left - _EDGE) if room else 0.0
    top = min(0.0, room.top - _EDGE) if room else 0.0
    right = max(width, room.right + _EDGE) if room else width
    bottom = room.bottom + _EDGE if room else 20.0
    wide, high = right - left, bottom - top
    role = "group" if "<a href=" in whole.markup else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{number(left)} {number(top)} {number(wide)} {number(high)}" '
        f'width="{number(wide)}" height="{number(high)}" role="{role}" aria-label="{escape(says)}" '
        f'font-family="{FACES}" font-size="11">{whole.markup}</svg>\n'
    )


def alone(svg: str, says: str) -> str:
    """A picture with a line beneath it, for where it stands by itself: whose it is, and of which day."""
    wide, high = map(float, re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2])
    size = f'width="{number(wide)}" height="{number(high + 16)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(wide)} {number(high + 16)}" {size} '
        f'font-family="{FACES}">{svg.strip()}{text(4, high + 11, says, size=9, paint=MUTED).markup}</svg>\n'
    )


def nothing(says: str) -> str:
    """A line that says why there is nothing to draw, in place of an empty figure, and as wide: its letters are no larger."""
    return picture([text(4, 18, says, paint=MUTED)], says)


def key(entries: Sequence[tuple[Drawn | None, str]], x: float, y: float, right: float) -> list[Piece]:
    """What the marks mean, in rows: each entry draws its mark around a point, and its words follow."""
    found = []
    for (drawn, words), (left, on) in zip(
        entries, key_places([words for _, words in entries], x, y, right), strict=True
    ):
        found += [drawn(left + 5, on - 3.5)] if drawn else []
        found.append(text(left + (14 if drawn else 0), on, words, size=10, paint=MUTED))
    return found


def key_places(words: Sequence[str], x: float, y: float, right: float) -> list[tuple[float, float]]:
    """Where each entry of a key begins: left to right, in further rows where the room ends."""
    places, left = [], x
    for one in words:
        wide = 16 + width_of(one, 10)
        if left > x and left + wide > right:
            left, y = x, y + 15
        places.append((left, y))
        left += wide + 16
    return places


def like(shape: str, paint: Paint, *, size: float = 4, hollow: bool = False) -> Drawn:
    """For a key: what draws such a mark."""
    return lambda x, y: mark(shape, x, y, paint=paint, size=size, hollow=hollow)


def swatch(paint: Paint) -> Drawn:
    """For a key: what draws a square of a colour."""
    return lambda x, y: box(x - 5, y - 5, 10, 10, fill=paint)


def tick(paint: Paint) -> Drawn:
    """For a key: what draws a short upright line."""
    return lambda x, y: line(x, y - 6, x, y + 6, paint=paint, width=2.5)


def grade_key(grades: Iterable[int], *, round_: bool = False) -> list[tuple[Drawn | None, str]]:
    """The grades as entries of a key."""
    return [(_graded(grade, round_), f"grade {grade}") for grade in grades]


def _graded(grade: int, round_: bool) -> Drawn:
    return lambda x, y: graded(grade, x, y, size=5.5, round_=round_)
