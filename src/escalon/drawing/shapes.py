"""The pieces of a figure: text, line, box, path and mark, each knowing the room it takes.

Coordinates are absolute and no piece is turned or moved afterwards, so that what is measured is what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

from escalon.drawing.letters import width_of, with_minus
from escalon.drawing.tokens import GRID, INK, PAPER, Paint, grade, over

_UP, _DOWN = 0.76, 0.24  # parts of the size of type above and below the line


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, gap: float = 0) -> bool:
        """Whether the two share more than an edge, or come closer than a gap."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.top < other.bottom + gap
            and other.top < self.bottom + gap
        )

    def with_(self, other: Box) -> Box:
        """The smallest rectangle around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a figure: its markup, the room it takes, and the boxes of the texts in it."""

    markup: str
    room: Box | None = None
    texts: tuple[Box, ...] = ()


def number(value: float) -> str:
    """A coordinate, short. Raises ValueError for what is no place on paper."""
    if not isfinite(value):
        raise ValueError(f"{value} is no place in a figure")
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short


def _painted(fill: Paint | None, stroke: Paint | None, width: float = 1, dash: str = "") -> str:
    names = [f"f-{fill.name}"] if fill else []
    parts = [f'fill="{fill.light}"' if fill else 'fill="none"']
    if stroke:
        names.append(f"s-{stroke.name}")
        parts.append(f'stroke="{stroke.light}"')
        parts += [f'stroke-width="{number(width)}"'] if width != 1 else []
        parts += [f'stroke-dasharray="{dash}"'] if dash else []
    return (f'class="{" ".join(names)}" ' if names else "") + " ".join(parts)


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 11,
    anchor: str = "start",
    paint: Paint = INK,
    bold: bool = False,
    rim: bool = False,
) -> Piece:
    """A line of text on the line `y`; `anchor` start, middle or end. A rim keeps it readable over lines."""
    words = with_minus(words)
    wide = width_of(words, size, bold=bold)
    left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
    room = Box(left, y - _UP * size, left + wide, y + _DOWN * size)
    parts = [f'x="{number(x)}" y="{number(y)}" {_painted(paint, PAPER if rim else None, 3)}']
    parts += ['paint-order="stroke" stroke-linejoin="round"'] if rim else []
    parts += [f'font-size="{number(size)}"'] if size != 11 else []
    parts += [f'text-anchor="{anchor}"'] if anchor != "start" else []
    parts += ['font-weight="600"'] if bold else []
    return Piece(f"<text {' '.join(parts)}>{escape(words)}</text>", room, (room,) if words.strip() else ())


def line(x1: float, y1: float, x2: float, y2: float, *, paint: Paint = GRID, width: float = 1, dash: str = "") -> Piece:
    """A straight line."""
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return Piece(
        f"<line {ends} {_painted(None, paint, width, dash)}/>", Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: Paint | None = None,
    stroke: Paint | None = None,
    radius: float = 0,
) -> Piece:
    """A rectangle."""
    width, height = max(width, 0), max(height, 0)
    round_ = f' rx="{number(radius)}"' if radius else ""
    size = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"{round_}'
    return Piece(f"<rect {size} {_painted(fill, stroke)}/>", Box(x, y, x + width, y + height))


def path(
    d: str,
    room: Box | None = None,
    *,
    fill: Paint | None = None,
    stroke: Paint | None = None,
    width: float = 1,
) -> Piece:
    """A path by its `d`; `room` is what it covers."""
    return Piece(f'<path d="{d}" {_painted(fill, stroke, width)}/>', room)


def polyline(points: Sequence[tuple[float, float]], *, paint: Paint, width: float = 1.5) -> Piece:
    """A line through points; one point alone is drawn as nothing."""
    if len(points) < 2:
        return Piece("")
    at = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Piece(
        f'<polyline points="{at}" stroke-linejoin="round" {_painted(None, paint, width)}/>',
        Box(min(xs), min(ys), max(xs), max(ys)),
    )


def mark(shape: str, x: float, y: float, *, paint: Paint, size: float = 4, hollow: bool = False) -> Piece:
    """A mark around a point: circle, square, triangle, triangle-down, diamond, cross, arrow; hollow where asked."""
    r = size
    fill, stroke = (PAPER, paint) if hollow else (paint, PAPER)
    room = Box(x - r, y - r, x + r, y + r)
    if shape == "circle":
        where = f'cx="{number(x)}" cy="{number(y)}" r="{number(r)}"'
        return Piece(f"<circle {where} {_painted(fill, stroke, 1.4 if hollow else 0.8)}/>", room)
    if shape == "cross":
        left, right, top, foot = (number(place) for place in (x - r, x + r, y - r, y + r))
        d = f"M{left},{top}L{right},{foot}M{left},{foot}L{right},{top}"
        return path(d, room, stroke=paint, width=2)
    corners = {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "triangle": [(0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
        "triangle-down": [(0, 1.15), (1.1, -0.8), (-1.1, -0.8)],
        "diamond": [(0, -1.25), (1.05, 0), (0, 1.25), (-1.05, 0)],
        "arrow": [(-0.4, -1.1), (1.2, 0), (-0.4, 1.1)],
    }[shape]
    d = "M" + "L".join(f"{number(x + a * r)},{number(y + b * r)}" for a, b in corners) + "z"
    return path(d, room, fill=fill, stroke=stroke, width=1.4 if hollow else 0.8)


def graded(value: int | None, x: float, y: float, *, size: float = 7, round_: bool = True) -> Piece:
    """A grade as a mark with its number inside; «?» where no grade is recorded."""
    paint = grade(value)
    drawn = (
        mark("circle", x, y, paint=paint, size=size)
        if round_
        else box(x - size, y - size, 2 * size, 2 * size, fill=paint)
    )
    said = text(
        x,
        y + size * 0.5,
        "?" if value is None else str(value),
        size=size * 1.4,
        anchor="middle",
        paint=over(paint),
        bold=True,
    )
    ring = mark("circle", x, y, paint=INK, size=size, hollow=True) if value is None and round_ else None
    return joined([*([ring] if ring else [drawn]), said])


def joined(pieces: Iterable[Piece]) -> Piece:
    """Several pieces as one."""
    some = list(pieces)
    room = None
    for one in some:
        if one.room is not None:
            room = one.room if room is None else room.with_(one.room)
    return Piece("".join(one.markup for one in some), room, tuple(box for one in some for box in one.texts))


def group(pieces: Iterable[Piece], title: str = "", href: str = "") -> Piece:
    """Pieces that belong together: a title shown on pointing at them, and a link that opens what lies beneath."""
    inner = joined(pieces)
    told = f"<title>{escape(with_minus(title))}</title>" if title else ""
    opening, closing = (f'<a href="{escape(href)}">', "</a>") if href else ("<g>", "</g>")
    return Piece(f"{opening}{told}{inner.markup}{closing}", inner.room, inner.texts)
