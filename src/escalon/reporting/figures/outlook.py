"""Dose-transition pathways as a figure: the next steps from left to right, with their probabilities where risks are stated.

Form: Yap 2017, doi:10.1158/1078-0432.CCR-17-0582.
"""

from __future__ import annotations

from collections.abc import Iterator

from escalon.drawing import WIDTH, Drawn, Piece, box, key, path, picture, swatch, text
from escalon.drawing.shapes import number
from escalon.drawing.tokens import ALARM, ALARM_WASH, INK, MUTED, OPEN_WASH, PAPER, RULE, Paint, dose, over
from escalon.escalation.decision import Stop, Treat
from escalon.escalation.outlook import Forecast, Node, Outlook

_COLUMN, _ROW, _WIDE, _HIGH, _LEFT, _TOP = 236.0, 34.0, 118.0, 26.0, 6.0, 34.0


def outlook_svg(outlook: Outlook) -> str:
    """The outlook as one SVG figure; a box has the colour of the level it treats."""
    rows = _leaves(outlook.root)
    forecast = outlook.forecasts[0] if outlook.forecasts else None
    _, pieces = _tree(outlook.root, 0, 0.0)
    head = f"{outlook.rule.name}, so far {outlook.root.conduct or 'nobody treated'}"
    pieces = [text(_LEFT, 16, head, paint=MUTED), *pieces]
    if forecast:
        pieces += _end(forecast, _TOP + rows * _ROW + 16)
    return picture(pieces, f"Dose-transition pathways, {head}: {'; '.join(_sentences(outlook.root))}")


def _leaves(node: Node) -> int:
    return sum(_leaves(branch.node) for branch in node.branches) or 1


def _tree(node: Node, column: int, first: float) -> tuple[float, list[Piece]]:
    """Draw a node and all below; returns its height on the page, so that parents sit midway of their children."""
    x = _LEFT + column * _COLUMN
    drawn: list[Piece] = []
    heights: list[float] = []
    for branch in node.branches:
        y, under = _tree(branch.node, column + 1, first)
        heights.append(y)
        drawn += under
        first += _leaves(branch.node)
    y = (heights[0] + heights[-1]) / 2 if heights else _TOP + first * _ROW + _ROW / 2
    links: list[Piece] = []
    for branch, end in zip(node.branches, heights, strict=True):
        weight = 1.2 if branch.probability is None else 0.8 + 6 * branch.probability
        links.append(_curve(x + _WIDE, y, x + _COLUMN, end, weight))
        label = branch.observed if branch.probability is None else f"{branch.observed}  {_chance(branch.probability)}"
        beside = end - 4 if end <= y else end + 11
        links.append(text(x + _COLUMN - 6, beside, label, size=9.5, anchor="end", paint=MUTED, rim=True))
    return y, [*links, *drawn, *_node(node, x, y)]


def _curve(x1: float, y1: float, x2: float, y2: float, width: float) -> Piece:
    middle = number((x1 + x2) / 2)
    d = f"M{number(x1)},{number(y1)}C{middle},{number(y1)} {middle},{number(y2)} {number(x2)},{number(y2)}"
    return path(d, stroke=RULE, width=width)


def _chance(probability: float) -> str:
    return "< 0.001" if 0 < probability < 0.0005 else f"{probability:.3f}"


def _said(node: Node) -> tuple[Paint, Paint, str]:
    """Fill, ink and words of a node."""
    match node.decision:
        case Treat(level=level, size=size):
            return dose(level), over(dose(level)), f"treat {size} at level {level}"
        case Stop(mtd=mtd, reached=False):
            return PAPER, INK, f"{mtd} tolerated, no MTD yet"
        case Stop(mtd=mtd):
            return (
                (ALARM_WASH if mtd == 0 else PAPER),
                INK,
                "stop, no MTD" if mtd == 0 else f"MTD is level {mtd}" if mtd else "stop, undecided",
            )
        case _:
            until = node.decision.until
            return OPEN_WASH, INK, f"wait until {until}" if until else "wait for those pending"


def _node(node: Node, x: float, y: float) -> Iterator[Piece]:
    fill, ink, words = _said(node)
    yield box(x, y - _HIGH / 2, _WIDE, _HIGH, fill=fill, stroke=RULE, radius=4)
    yield text(x + _WIDE / 2, y + 3.5, words, size=9.5, anchor="middle", paint=ink)
    if node.probability is not None and not node.branches:
        yield text(x + _WIDE + 6, y + 3.5, _chance(node.probability), size=9.5, paint=MUTED)


def _sentences(node: Node) -> Iterator[str]:
    for branch in node.branches:
        chance = "" if branch.probability is None else f" ({_chance(branch.probability)})"
        yield f"after {branch.observed}{chance}: {_said(branch.node)[2]}"
        yield from _sentences(branch.node)


def _end(forecast: Forecast, top: float) -> Iterator[Piece]:
    """A strip with P(each MTD) at the end and how much is still to come."""
    risks = ", ".join(f"{risk:g}" for risk in forecast.risks)
    yield text(_LEFT, top + 14, f"How it ends, if the true DLT risks are {risks} (exact)", bold=True)
    x, wide = _LEFT, WIDTH - 2 * _LEFT
    paints = [ALARM if level == 0 else dose(level) for level, _ in enumerate(forecast.ends)]
    for paint, (_, share) in zip(paints, forecast.ends, strict=True):
        yield box(x, top + 24, share * wide, 16, fill=paint)
        x += share * wide
    entries: list[tuple[Drawn | None, str]] = [
        (swatch(paint), f"{name} {share:.3f}") for paint, (name, share) in zip(paints, forecast.ends, strict=True)
    ]
    undecided: list[tuple[Drawn | None, str]] = (
        [(None, f"undecided {forecast.unsettled:.3f}")] if forecast.unsettled else []
    )
    yield from key([*entries, *undecided], _LEFT, top + 56, WIDTH)
    soon, late = forecast.earliest, forecast.latest
    still = f"Still to treat: {forecast.still_to_treat:.2f} on average. Decided after {soon} to {late} more cohorts."
    yield text(_LEFT, top + 80, still)
    law: list[tuple[Drawn | None, str]] = [
        (None, "P(decided after exactly this many more cohorts)"),
        *((None, f"{n}: {share:.3f}") for n, share in forecast.cohorts.items()),
    ]
    yield from key(law, _LEFT, top + 98, WIDTH)
