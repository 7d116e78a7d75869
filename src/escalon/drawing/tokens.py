"""What a colour means: blue is dose, warm is grade, green is disease under control, red only a DLT or an alarm.

Every paint has a name, its colour on white paper and one on a dark screen. A figure carries the colour as an attribute, which
paper and every reader understands, and the name as a class, by which `stylesheet` gives a dark page its own. No colour carries
meaning alone: levels differ in shape, and grades and scores are printed inside their mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour by its meaning: on white paper, and on a dark screen."""

    name: str
    light: str
    dark: str


INK, MUTED = Paint("ink", "#1B1F24", "#E6E9ED"), Paint("muted", "#5B6470", "#A3ADB8")
RULE, GRID = Paint("rule", "#8A939C", "#6B7580"), Paint("grid", "#E3E7EB", "#33404D")
PAPER, WASH = Paint("paper", "#FFFFFF", "#1A222B"), Paint("wash", "#F3F5F7", "#26303B")
ALARM, OPEN = Paint("alarm", "#A9141E", "#FF8A80"), Paint("open", "#7A6000", "#E3C04A")
OPEN_WASH = Paint("open-wash", "#FFF3D1", "#3A3110")
ALARM_WASH = Paint("alarm-wash", "#FBE9E9", "#42191B")
CONTEXT = Paint("context", "#CDD3D9", "#4A535D")
GOOD = Paint("good", "#0E5A43", "#7FD1B0")

_DOSE = (
    Paint("dose-1", "#4A97B8", "#4F9DBF"), Paint("dose-2", "#2F62A8", "#86B2EE"), Paint("dose-3", "#1B2A5C", "#D0DAFF"),
    Paint("dose-4", "#6B4E9B", "#B79CE8"), Paint("dose-5", "#3D1F5C", "#E6CFFF"),
)  # fmt: skip
_SHAPES = ("circle", "square", "triangle", "diamond", "cross")
_GRADE = (
    Paint("grade-0", "#E4E8EB", "#2C343C"), Paint("grade-1", "#FBE0B8", "#5A4423"), Paint("grade-2", "#F2AE62", "#96601F"),
    Paint("grade-3", "#DC6B2F", "#D0692F"), Paint("grade-4", "#A92A1C", "#F08A78"), Paint("grade-5", "#55100F", "#FFD4CC"),
)  # fmt: skip
NOT_GRADED = Paint("grade-none", "#FFFFFF", "#1A222B")
_DESIGN = tuple(
    Paint(f"design-{place}", light, dark)
    for place, (light, dark) in enumerate(
        (
            ("#0072B2", "#5AB0E6"), ("#E69F00", "#F2B93B"), ("#009E73", "#3CC79C"), ("#CC79A7", "#E3A3C6"),
            ("#56B4E9", "#8CCCF2"), ("#D55E00", "#F08A45"), ("#8A8A8A", "#B5B5B5"), ("#B8A800", "#DDCF3E"),
        )
    )
)  # fmt: skip
_STATE = (
    Paint("state-1", "#0E5A43", "#8FE0BF"), Paint("state-2", "#4FA283", "#4FA283"), Paint("state-3", "#B7D9C6", "#2F6B55"),
    Paint("state-4", "#E3E5E4", "#39433F"), Paint("state-5", "#BFC3C7", "#59616A"),
)  # fmt: skip


def dose(level: int) -> Paint:
    """The colour of a dose level by its number in the study folder, whichever levels a figure shows."""
    return MUTED if level < 1 else _DOSE[(level - 1) % len(_DOSE)]


def shape(level: int) -> str:
    """The shape of a dose level by its number: circle, square, triangle, diamond, cross."""
    return _SHAPES[(level - 1) % len(_SHAPES)]


def grade(value: int | None) -> Paint:
    """The colour of a grade from 0 to 5; hollow where no grade is recorded."""
    return NOT_GRADED if value is None else _GRADE[max(0, min(value, 5))]


def design(place: int) -> Paint:
    """The colour of a design among designs compared by simulation, which are neither doses nor grades.

    Source: Okabe & Ito 2008, "Color Universal Design", a palette told apart with every common colour vision.
    """
    return _DESIGN[place % len(_DESIGN)]


def state(place: int, of: int) -> Paint:
    """The colour of a state of disease: band `place`, from 0 for the best, of so many; the greenest is the best."""
    return _STATE[0] if of < 2 else _STATE[round(place * (len(_STATE) - 1) / (of - 1))]


@cache
def over(paint: Paint) -> Paint:
    """The ink that is read best on a paint: dark or white, on paper and on a dark screen."""
    return Paint(f"on-{paint.name}", _best_ink(paint.light), _best_ink(paint.dark))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours from 1 to 21, as WCAG 2.2 (success criterion 1.4.3) defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _best_ink(colour: str) -> str:
    return max(("#12161A", "#FFFFFF"), key=lambda ink: contrast(ink, colour))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def paints() -> Iterator[Paint]:
    """Every paint a figure can have."""
    fills = (*_DOSE, *_DESIGN, *_GRADE, *_STATE, NOT_GRADED, GOOD, ALARM, OPEN, CONTEXT, RULE, MUTED, INK)
    yield from (PAPER, WASH, GRID, OPEN_WASH, ALARM_WASH)
    for paint in fills:
        yield paint
        yield over(paint)


def stylesheet() -> str:
    """What a page adds so that its figures follow a dark screen; print keeps the colours of paper."""
    rules = "".join(f".f-{one.name}{{fill:{one.dark}}}.s-{one.name}{{stroke:{one.dark}}}" for one in paints())
    return f"@media screen and (prefers-color-scheme:dark){{{rules}}}\n"
