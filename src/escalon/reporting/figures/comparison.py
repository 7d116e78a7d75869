"""Designs side by side: P(each MTD), and who is treated where, one panel per scenario."""

from __future__ import annotations

from collections.abc import Iterator

from escalon.drawing import Drawn, Piece, box, key, line, picture, swatch, text, width_of
from escalon.drawing.tokens import INK, MUTED, RULE, Paint, design, dose, over
from escalon.escalation.estimates import Estimates
from escalon.escalation.evaluation import Comparison, Evaluation
from escalon.escalation.truth import true_mtd

LEFT, WIDE, PATIENTS, MARGIN = 60.0, 520.0, 280.0, 24.0
HEIGHT, HEAD, FOOT, LEAST_ROW = 190.0, 58.0, 34.0, 15.0
MOST = 12  # scenarios drawn; more would be a wall, not a figure


def comparison_svg(comparison: Comparison) -> str:
    """The comparison as one SVG figure."""
    designs = [row[0].design for row in comparison.rows]
    panel = HEAD + max(HEIGHT, LEAST_ROW * len(designs)) + FOOT
    bars = LEFT + WIDE + 40 + max(width_of(one, 11, bold=True) for one in designs)  # past the longest name
    width = bars + PATIENTS + 120
    parts = list(_legend(designs, width))
    for number, scenario in enumerate(comparison.scenarios[:MOST]):
        top = 66 + number * panel
        evaluations = [row[number] for row in comparison.rows]
        parts.append(text(MARGIN, top + 18, scenario.title, size=13, bold=True))
        parts += _selection(evaluations, top + HEAD, comparison.target)
        parts += _patients(evaluations, bars, top + HEAD)
    left_out = len(comparison.scenarios) - MOST
    height = 66 + min(len(comparison.scenarios), MOST) * panel + 8
    if left_out > 0:
        parts.append(text(MARGIN, height, f"and {left_out} more scenarios, not drawn", size=12, paint=MUTED))
        height += 20
    says = "; ".join(_said(one, comparison.target) for row in comparison.rows for one in row[:MOST])
    return picture(parts, f"Operating characteristics of dose-escalation designs. {says}", width=width)


def _said(one: Evaluation, target: float) -> str:
    """One design under one scenario as a sentence."""
    best = true_mtd(one.scenario.total, target)
    found = float(one.characteristics.selection[best].value)
    name = "no level" if best == 0 else f"level {best}"
    return f"{one.design}, {one.scenario.title}: names {name}, closest to {target:g}, with probability {found:.2f}"


def _legend(designs: list[str], width: float) -> Iterator[Piece]:
    entries: list[tuple[Drawn | None, str]] = [
        (swatch(hue), name) for name, hue in zip(designs, _hues(len(designs)), strict=True)
    ]
    yield from key(entries, MARGIN, 26, width)


def _hues(count: int) -> list[Paint]:
    return [design(number) for number in range(count)]


def _selection(evaluations: list[Evaluation], top: float, target: float) -> Iterator[Piece]:
    """Grouped bars of P(no MTD), P(MTD = 1), ...; whiskers of ±1.96 standard errors where simulated."""
    levels = len(evaluations[0].scenario.risks)
    floor = top + HEIGHT
    yield text(LEFT, top - 20, "Probability that the level is named MTD", size=11, paint=MUTED)
    for tick in (0, 0.25, 0.5, 0.75, 1):
        yield line(LEFT, floor - tick * HEIGHT, LEFT + WIDE, floor - tick * HEIGHT)
        yield text(LEFT - 8, floor - tick * HEIGHT + 4, f"{tick:g}", size=10, anchor="end", paint=MUTED)
    undecided = any(float(one.characteristics.unsettled.value) > 0 for one in evaluations)
    group = WIDE / (levels + 1 + undecided)
    bar = min(34.0, (group - 14) / len(evaluations))
    best = true_mtd(evaluations[0].scenario.total, target)
    for level in range(levels + 1 + undecided):
        middle = LEFT + group * (level + 0.5)
        left = middle - bar * len(evaluations) / 2
        for number, one in enumerate(evaluations):
            found = one.characteristics
            chance = found.selection[level] if level <= levels else found.unsettled
            yield from _bar(chance, left + number * bar, bar, floor, design(number))
        name = "none" if level == 0 else f"level {level}" if level <= levels else "undecided"
        yield text(middle, floor + 15, name, size=11, anchor="middle", bold=level == best)
        if level == best:
            yield text(middle, floor + 27, f"closest to {target:g}", size=9, anchor="middle", paint=MUTED)


def _bar(chance: Estimates, x: float, width: float, floor: float, hue: Paint) -> Iterator[Piece]:
    value = float(chance.value)
    high = floor - value * HEIGHT
    yield box(x + 1, high, width - 2, value * HEIGHT, fill=hue)
    label = high - 4
    if chance.standard_error is not None:
        reach = 1.96 * float(chance.standard_error) * HEIGHT
        yield line(x + width / 2, high - reach, x + width / 2, high + reach, paint=INK)
        label = max(high - reach - 4, floor - HEIGHT - 6)
    if width >= 15:
        yield text(x + width / 2, label, f"{value:.2f}".lstrip("0") or "0", size=9, anchor="middle", paint=MUTED)


def _patients(evaluations: list[Evaluation], x0: float, top: float) -> Iterator[Piece]:
    """Stacked bars of the expected numbers treated by level, with the expected size and DLTs."""
    most = max(float(one.characteristics.size.value) for one in evaluations)
    row = max(LEAST_ROW, min(30.0, HEIGHT / len(evaluations)))
    yield text(x0, top - 20, "Expected participants by level (expected DLTs)", size=11, paint=MUTED)
    for number, one in enumerate(evaluations):
        y, x = top + number * row, x0
        yield text(x0 - 8, y + row / 2 + 3, one.design, size=11, anchor="end", paint=design(number), bold=True)
        for level, patients in enumerate(one.characteristics.patients.value.tolist()):
            width = patients / most * PATIENTS
            yield box(x, y + 3, width, row - 6, fill=dose(level + 1))
            if width > 26:
                ink = over(dose(level + 1))
                yield text(x + width / 2, y + row / 2 + 3, f"{patients:.1f}", size=9, anchor="middle", paint=ink)
            x += width
        yield text(
            x + 6,
            y + row / 2 + 3,
            f"{one.characteristics.size:.1f} ({one.characteristics.total_dlts:.1f})",
            size=10,
            paint=MUTED,
        )
    yield line(x0, top, x0, top + row * len(evaluations), paint=RULE)
    x = x0
    for level in range(len(evaluations[0].scenario.risks)):
        y = top + row * len(evaluations) + 14
        yield box(x, y - 9, 11, 11, fill=dose(level + 1))
        yield text(x + 15, y, f"level {level + 1}", size=10, paint=MUTED)
        x += 62
