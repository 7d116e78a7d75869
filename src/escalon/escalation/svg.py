"""The few SVG shapes the figures of this layer are made of; text is escaped, numbers are short, output is stable."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

FONT = "font-family='Helvetica, Arial, sans-serif'"
INK, SOFT, RULE, PAPER = "#1b1f24", "#57606a", "#d0d7de", "#ffffff"
# Okabe & Ito 2008, a palette told apart with any colour vision
HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#b8a800")


def shown(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 12,
    anchor: str = "start",
    fill: str = INK,
    weight: str = "normal",
    over_lines: bool = False,
) -> str:
    """A line of text; `anchor` start, middle or end. A white rim keeps it readable over lines."""
    rim = f" paint-order='stroke' stroke='{PAPER}' stroke-width='4'" if over_lines else ""
    return (
        f"<text{rim} x='{shown(x)}' y='{shown(y)}' font-size='{shown(size)}' text-anchor='{anchor}' fill='{fill}' "
        f"font-weight='{weight}'>{escape(words)}</text>"
    )


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", radius: float = 0) -> str:
    """A rectangle."""
    return (
        f"<rect x='{shown(x)}' y='{shown(y)}' width='{shown(max(width, 0))}' height='{shown(max(height, 0))}' "
        f"rx='{shown(radius)}' fill='{fill}' stroke='{stroke}'/>"
    )


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, width: float = 1) -> str:
    """A straight line."""
    return (
        f"<line x1='{shown(x1)}' y1='{shown(y1)}' x2='{shown(x2)}' y2='{shown(y2)}' "
        f"stroke='{stroke}' stroke-width='{shown(width)}'/>"
    )


def curve(x1: float, y1: float, x2: float, y2: float, *, stroke: str, width: float) -> str:
    """A smooth link from left to right."""
    middle = (x1 + x2) / 2
    return (
        f"<path d='M{shown(x1)},{shown(y1)} C{shown(middle)},{shown(y1)} {shown(middle)},{shown(y2)} "
        f"{shown(x2)},{shown(y2)}' fill='none' stroke='{stroke}' stroke-width='{shown(width)}'/>"
    )


def figure(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """A whole figure on white paper, with its title for screen readers."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {shown(width)} {shown(height)}' "
        f"width='{shown(width)}' height='{shown(height)}' role='img' {FONT}>"
        f"<title>{escape(title)}</title>{box(0, 0, width, height, fill=PAPER)}{''.join(parts)}</svg>\n"
    )
