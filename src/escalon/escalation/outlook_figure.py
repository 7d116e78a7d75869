"""Dose-transition pathways as a figure: the next steps from left to right, with their probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from escalon.escalation.decision import Stop, Treat
from escalon.escalation.outlook import Forecast, Node, Outlook
from escalon.escalation.svg import HUES, INK, RULE, SOFT, box, curve, figure, text

COLUMN, ROW, BOX_WIDE, BOX_HIGH, MARGIN, TOP = 250.0, 46.0, 128.0, 32.0, 24.0, 74.0
GO, STOPS, WAITS = "#eaf3fb", "#fdeeea", "#fff6d6"


def outlook_svg(outlook: Outlook) -> str:
    """The outlook as one SVG figure."""
    rows = _leaves(outlook.root)
    forecast = outlook.forecasts[0] if outlook.forecasts else None
    depth = _depth(outlook.root)
    width = max(MARGIN * 2 + depth * COLUMN + BOX_WIDE, 760.0)
    tree_height = TOP + rows * ROW
    parts = [
        text(MARGIN, 28, f"What can happen next: {outlook.rule.name}", size=16, weight="bold"),
        text(MARGIN, 48, f"so far {outlook.root.conduct or 'nobody treated'}", size=12, fill=SOFT),
        *_tree(outlook.root, 0, 0.0, forecast is not None)[1],
    ]
    height = tree_height + 20
    if forecast:
        parts += _end(forecast, tree_height + 16, width)
        height += 150
    return figure(width, height, f"Dose-transition pathways, {outlook.rule.name}", parts)


def _leaves(node: Node) -> int:
    return sum(_leaves(branch.node) for branch in node.branches) or 1


def _depth(node: Node) -> int:
    return 1 + max(_depth(branch.node) for branch in node.branches) if node.branches else 0


def _tree(node: Node, column: int, first: float, with_chances: bool) -> tuple[float, list[str]]:
    """Draw a node and all below; returns its height on the page, so that parents sit midway of their children."""
    x = MARGIN + column * COLUMN
    drawn: list[str] = []
    heights: list[float] = []
    for branch in node.branches:
        y, below = _tree(branch.node, column + 1, first, with_chances)
        heights.append(y)
        drawn += below
        first += _leaves(branch.node)
    y = (heights[0] + heights[-1]) / 2 if heights else TOP + first * ROW + ROW / 2
    links: list[str] = []
    labels: list[str] = []
    for branch, end in zip(node.branches, heights, strict=True):
        weight = 1.2 if branch.probability is None else 0.8 + 6 * branch.probability
        links.append(curve(x + BOX_WIDE, y, x + COLUMN, end, stroke=RULE, width=weight))
        label = branch.observed if branch.probability is None else f"{branch.observed}  {_chance(branch.probability)}"
        labels.append(text(x + COLUMN - 6, end - 5, label, size=10, anchor="end", fill=SOFT, over_lines=True))
    return y, [*links, *labels, *drawn, *_box(node, x, y)]


def _chance(probability: float) -> str:
    return "< 0.001" if 0 < probability < 0.0005 else f"{probability:.3f}"


def _box(node: Node, x: float, y: float) -> Iterator[str]:
    match node.decision:
        case Treat(level=level, size=size):
            fill, words = GO, f"treat {size} at level {level}"
        case Stop(mtd=mtd, reached=False):
            fill, words = STOPS, f"{mtd} tolerated, no MTD yet"
        case Stop(mtd=mtd):
            fill, words = STOPS, "stop, no MTD" if mtd == 0 else f"MTD is level {mtd}" if mtd else "stop, undecided"
        case _:
            until = node.decision.until
            fill, words = WAITS, f"wait until {until}" if until else "wait for those pending"
    yield box(x, y - BOX_HIGH / 2, BOX_WIDE, BOX_HIGH, fill=fill, stroke=RULE, radius=5)
    yield text(x + BOX_WIDE / 2, y + 4, words, size=11, anchor="middle")
    if node.probability is not None and not node.branches:
        yield text(x + BOX_WIDE + 6, y + 4, _chance(node.probability), size=10, fill=SOFT)


def _end(forecast: Forecast, top: float, width: float) -> Iterator[str]:
    """A strip with P(each MTD) at the end and how much is still to come."""
    risks = ", ".join(f"{risk:g}" for risk in forecast.risks)
    yield text(MARGIN, top + 14, f"How it ends, if the true DLT risks are {risks} (exact)", size=13, weight="bold")
    x, wide = MARGIN, width - 2 * MARGIN
    for level, (name, share) in enumerate(forecast.ends):
        bar = share * wide
        hue = "#b42318" if level == 0 else HUES[(level - 1) % len(HUES)]
        yield box(x, top + 26, bar, 26, fill=hue)
        if bar > 74:
            yield text(x + bar / 2, top + 43, f"{name}  {share:.3f}", size=11, anchor="middle", fill="#ffffff")
        x += bar
    small = [f"{name} {share:.3f}" for name, share in forecast.ends if share * wide <= 74]
    if forecast.unsettled:
        small.append(f"undecided {forecast.unsettled:.3f}")
    yield text(MARGIN, top + 70, "  ".join(small), size=11, fill=SOFT)
    yield text(
        MARGIN,
        top + 92,
        f"Still to treat: {forecast.still_to_treat:.2f} on average. Decided after {forecast.earliest} to "
        f"{forecast.latest} more cohorts.",
        size=12,
        fill=INK,
    )
    law = "   ".join(f"{count}: {share:.3f}" for count, share in forecast.cohorts.items())
    yield text(MARGIN, top + 112, f"P(decided after exactly this many more cohorts)   {law}", size=11, fill=SOFT)
