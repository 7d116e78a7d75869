"""Participant flow: from screening to treatment at each level, in the form of the CONSORT diagram.

Source of the form: Schulz 2010 (CONSORT 2010), doi:10.1136/bmj.c332; extension for early-phase dose-finding trials,
Yap 2023 (CONSORT-DEFINE), doi:10.1136/bmj-2023-076387.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from escalon.reporting.figures.canvas import FAINT, INK

_LINE, _PAD = 17, 10


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the diagram: its heading and the lines beneath it."""

    heading: str
    lines: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Height in pixels."""
        return 2 * _PAD + _LINE * (1 + len(self.lines))


def flow_figure(screened: Box, left_out: Sequence[Box], eligible: Box, levels: Sequence[Box]) -> str:
    """The diagram as SVG: screened, then those left out at the side, eligible below, and the dose levels side by side."""
    width, column = 980, 360
    side_height = sum(box.height + 12 for box in left_out)
    top, middle = 10, 10 + screened.height
    eligible_top = max(middle + 40, middle + side_height + 20)
    levels_top = eligible_top + eligible.height + 40
    height = levels_top + max((box.height for box in levels), default=0) + 14
    parts = [_box(screened, 20, top, column)]
    y = middle + 12
    centre = 20 + column // 2
    for box in left_out:
        parts += [_box(box, 520, y, 440), _arrow(centre, y + box.height // 2, 520, y + box.height // 2)]
        y += box.height + 12
    parts += [_arrow(centre, middle, centre, eligible_top), _box(eligible, 20, eligible_top, column)]
    parts += _levels(levels, centre, eligible_top + eligible.height, levels_top, width)
    title = f"Participant flow: {screened.heading}; {eligible.heading}; " + "; ".join(box.heading for box in levels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{escape(title)}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="{INK}">'
        '<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
        f'<path d="M0,0 L9,4 L0,8 z" fill="{FAINT}"/></marker></defs>{"".join(parts)}</svg>'
    )


def _levels(levels: Sequence[Box], centre: int, start: int, top: int, width: int) -> list[str]:
    if not levels:
        return []
    each = (width - 20 - 16 * (len(levels) - 1)) // len(levels)
    parts = [f'<path d="M{centre},{start} V{start + 18}" stroke="{FAINT}" fill="none"/>']
    lefts = [10 + number * (each + 16) for number in range(len(levels))]
    middles = [left + each // 2 for left in lefts]
    span = f"M{min(centre, *middles)},{start + 18} H{max(centre, *middles)}"
    parts.append(f'<path d="{span}" stroke="{FAINT}" fill="none"/>')
    for box, left, middle in zip(levels, lefts, middles, strict=True):
        parts += [_arrow(middle, start + 18, middle, top), _box(box, left, top, each)]
    return parts


def _box(box: Box, x: int, y: int, width: int) -> str:
    heading = _text(x + _PAD, y + _PAD + 13, box.heading, f'fill="{INK}" font-weight="bold"')
    lines = [
        _text(x + _PAD, y + _PAD + 13 + _LINE * number, line, f'fill="{FAINT}"')
        for number, line in enumerate(box.lines, start=1)
    ]
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{box.height}" rx="4" fill="#fff" stroke="#9aa0a6"/>'
    return frame + heading + "".join(lines)


def _text(x: int, y: int, text: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<path d="M{x1},{y1} L{x2},{y2}" stroke="{FAINT}" fill="none" marker-end="url(#head)"/>'
