"""Participant flow: from screening to treatment at each level, in the form of the CONSORT diagram.

Source of the form: Schulz 2010 (CONSORT 2010), doi:10.1136/bmj.c332; extension for early-phase dose-finding trials,
Yap 2023 (CONSORT-DEFINE), doi:10.1136/bmj-2023-076387.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import WIDTH, Piece, box, columns, line, mark, picture, text, wrapped
from escalon.drawing.tokens import INK, MUTED, PAPER, RULE, Paint, dose, shape

_LINE, _PAD, _GAP = 15.0, 8.0, 22.0


@dataclass(frozen=True, slots=True)
class FlowBox:
    """A box of the diagram: its heading, the lines beneath it, and the dose level it is about, 0 where it has none."""

    heading: str
    lines: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Laid:
    """A box with its words broken to its width."""

    heading: list[str]
    lines: list[str]
    level: int
    width: float

    @property
    def height(self) -> float:
        return 2 * _PAD + _LINE * (len(self.heading) + len(self.lines)) - 3


def flow_figure(
    screened: FlowBox,
    left_out: Sequence[FlowBox],
    eligible: FlowBox,
    levels: Sequence[FlowBox],
    steps: Sequence[FlowBox] = (),
) -> str:
    """The diagram: screened, those left out at its side, eligible, further steps beneath, and the levels side by side."""
    left, side = 300.0, WIDTH - 300 - 2 * _GAP - 8
    top, out = _laid(screened, left), [_laid(one, side) for one in left_out]
    pieces = [*_box(top, 4, 4)]
    y, centre = 4 + top.height, 4 + left / 2
    beside = y + 10
    for one in out:
        pieces += [
            *_box(one, 4 + left + 2 * _GAP, beside),
            *_arrow(centre, beside + one.height / 2, 4 + left + 2 * _GAP, beside + one.height / 2),
        ]
        beside += one.height + 10
    down = max(y + _GAP, beside + 4)
    for one in [_laid(step, left) for step in (eligible, *steps)]:
        pieces += [*_arrow(centre, y, centre, down), *_box(one, 4, down)]
        y = down + one.height
        down = y + _GAP
    pieces += _levels(levels, centre, y)
    says = "; ".join(". ".join((one.heading, *one.lines)) for one in (screened, *left_out, eligible, *steps, *levels))
    return picture(pieces, f"Participant flow: {says}")


def _levels(levels: Sequence[FlowBox], centre: float, y: float) -> Iterator[Piece]:
    edges = columns(len(levels), 4, WIDTH - 4, 12)
    middles = [(left + right) / 2 for left, right in edges]
    if not levels:
        return
    yield line(centre, y, centre, y + 14, paint=RULE)
    yield line(min(centre, *middles), y + 14, max(centre, *middles), y + 14, paint=RULE)
    for one, (left, right), middle in zip(levels, edges, middles, strict=True):
        yield from _arrow(middle, y + 14, middle, y + 34)
        yield from _box(_laid(one, right - left), left, y + 34)


def _laid(one: FlowBox, width: float) -> _Laid:
    room = width - 2 * _PAD - (14 if one.level else 0)
    lines = [part for said in one.lines for part in wrapped(said, 10, width - 2 * _PAD)]
    return _Laid(wrapped(one.heading, 11, room, bold=True), lines, one.level, width)


def _box(one: _Laid, x: float, y: float) -> Iterator[Piece]:
    paint: Paint = dose(one.level) if one.level else RULE
    yield box(x, y, one.width, one.height, fill=PAPER, stroke=paint, radius=2)
    indent = 14.0 if one.level else 0.0
    if one.level:
        yield mark(shape(one.level), x + _PAD + 4, y + _PAD + 7, paint=paint, size=4.5)
    for place, words in enumerate(one.heading):
        yield text(x + _PAD + indent, y + _PAD + 11 + _LINE * place, words, paint=INK, bold=True)
    start = y + _PAD + 11 + _LINE * len(one.heading)
    for place, words in enumerate(one.lines):
        yield text(x + _PAD, start + _LINE * place, words, size=10, paint=MUTED)


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Iterator[Piece]:
    yield line(x1, y1, x2, y2, paint=RULE)
    yield (
        mark("arrow", x2 - 3, y2, paint=RULE, size=3)
        if x2 > x1
        else mark("triangle-down", x2, y2 - 3, paint=RULE, size=3)
    )
