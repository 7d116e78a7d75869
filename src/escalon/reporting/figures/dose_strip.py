"""The dose on infusion day: the window of the level, what is planned and what was given, on one line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from escalon.drawing import WIDTH, Linear, Piece, box, group, line, mark, picture, spread, text, width_of
from escalon.drawing.tokens import ALARM, CONTEXT, INK, MUTED, dose, over, shape


@dataclass(frozen=True, slots=True)
class Marked:
    """An amount on the strip: the exact value, and as it is written."""

    value: Fraction
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The level's number, its dose, the ends of its window, and how wide the window is in words (±20 %)."""

    level: int
    target: Marked
    low: Marked
    high: Marked
    tolerance: str


def dose_strip(strip: Strip, planned: Marked | None = None, given: Marked | None = None) -> str:
    """The strip as SVG. An amount outside the window is red and says so; one beyond the strip stands at its end with an arrow."""
    x = Linear(float(strip.target.value) * 0.5, float(strip.target.value) * 1.5, 24, WIDTH - 24)
    pieces = [*_window(strip, x), *_amounts(strip, x, planned, given)]
    said = [
        f"level {strip.level}: {strip.target.words}, window {strip.tolerance} from {strip.low.words} to {strip.high.words}"
    ]
    said += [
        f"{name} {one.words}, {_where(strip, one)}" for name, one in (("planned", planned), ("given", given)) if one
    ]
    return picture(pieces, "; ".join(said))


def _window(strip: Strip, x: Linear) -> Iterator[Piece]:
    low, mid, high = (x.at(float(one.value)) for one in (strip.low, strip.target, strip.high))
    yield line(x.start, 58, x.end, 58, paint=CONTEXT, width=2)
    yield box(low, 46, high - low, 24, fill=dose(strip.level))
    yield text((low + mid) / 2, 62, strip.tolerance, anchor="middle", paint=over(dose(strip.level)), bold=True)
    yield line(mid, 42, mid, 74, paint=INK, width=1.5)
    wanted = [(low, strip.low.words), (mid, f"level {strip.level}: {strip.target.words}"), (high, strip.high.words)]
    widths = [width_of(words, 10) for _, words in wanted]
    gap = max((widths[0] + widths[1]) / 2, (widths[1] + widths[2]) / 2) + 10
    for at, (_, words) in zip(
        spread([at for at, _ in wanted], gap, widths[0] / 2, WIDTH - widths[2] / 2), wanted, strict=True
    ):
        yield text(at, 90, words, size=10, anchor="middle", paint=MUTED)


def _amounts(strip: Strip, x: Linear, planned: Marked | None, given: Marked | None) -> Iterator[Piece]:
    known: Sequence[tuple[str, Marked]] = [(name, one) for name, one in (("planned", planned), ("given", given)) if one]
    said = [f"{name} {one.words}" + ("" if _inside(strip, one) else f", {_where(strip, one)}") for name, one in known]
    places = [min(max(x.at(float(one.value)), x.start), x.end) for _, one in known]
    widths = [width_of(words, 11, bold=True) for words in said]
    gap = sum(widths) / 2 + 16
    edge = max(widths, default=0) / 2
    for (name, one), words, at, label in zip(known, said, places, spread(places, gap, edge, WIDTH - edge), strict=True):
        paint = INK if _inside(strip, one) else ALARM
        drawn = [
            line(label, 20, at, 38, paint=paint),
            mark(shape(strip.level), at, 58, paint=paint, size=7, hollow=name == "planned"),
        ]
        if not x.low <= float(one.value) <= x.high:
            drawn.append(
                mark("arrow", at + 10, 58, paint=ALARM, size=5)
                if one.value > strip.high.value
                else text(at - 16, 62, "←", paint=ALARM)
            )
        yield group([*drawn, text(label, 16, words, anchor="middle", paint=paint, bold=True)], f"{name} {one.words}")


def _inside(strip: Strip, one: Marked) -> bool:
    return strip.low.value <= one.value <= strip.high.value


def _where(strip: Strip, one: Marked) -> str:
    if _inside(strip, one):
        return "inside the window"
    return "below the window" if one.value < strip.low.value else "above the window"
