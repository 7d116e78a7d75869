"""The swimmer plot: everyone infused, from infusion to the last day observed, with what happened on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from escalon.reporting.figures.canvas import COLOURS, FAINT, INK, nothing_to_draw

_LEFT, _WIDTH, _LANE, _BAR = 190, 980, 24, 12
# Shape tells kinds apart as well as colour.
MARKS = {
    "grade 3 or more": ("triangle", "#D55E00"),
    "serious": ("square", "#CC79A7"),
    "DLT": ("cross", "#000000"),
    "infection": ("circle", "#E69F00"),
    "death": ("diamond", "#8c1d1d"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: on which day from infusion, of which kind, in words."""

    day: int
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Swimmer:
    """One participant: group (dose level), last day observed, why observation ended (empty while it goes on), marks."""

    participant: str
    group: str
    observed_to: int
    ended: str = ""
    marks: tuple[Mark, ...] = ()


def swimmer_plot(swimmers: Sequence[Swimmer], cutoff: str, title: str = "Participants over time") -> str:
    """The plot as SVG; within a group the longest observed stands on top. An arrow: followed further after the cut-off."""
    if not swimmers:
        return nothing_to_draw(f"{title}: nobody has been infused")
    ordered = sorted(swimmers, key=lambda one: (one.group, -one.observed_to, one.participant))
    groups = list(dict.fromkeys(one.group for one in ordered))
    last = max(28, *(one.observed_to for one in ordered), *(mark.day for one in ordered for mark in one.marks))
    first = min([0, *(mark.day for one in ordered for mark in one.marks)])
    top = 46
    bottom = top + _LANE * len(ordered)
    parts = [
        f'<text x="8" y="20" font-size="13" font-weight="bold">{escape(title)}</text>',
        *_axis(first, last, top, bottom),
    ]
    for place, one in enumerate(ordered):
        parts.append(_lane(one, top + _LANE * place, first, last, COLOURS[groups.index(one.group) % len(COLOURS)]))
    label = "; ".join(_sentence(one) for one in ordered)
    height = bottom + 76
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(f"{title}, cut-off {cutoff}: {label}")}" font-family="Helvetica, Arial, sans-serif" '
        f'font-size="12" fill="{INK}">{"".join(parts)}{_key(groups, bottom + 50)}</svg>'
    )


def _x(day: float, first: int, last: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - 30) * (day - first) / (last - first), 1)


def _axis(first: int, last: int, top: int, bottom: int) -> list[str]:
    step = next(size for size in (7, 14, 28, 56, 91, 182, 365) if (last - first) / size <= 16 or size == 365)
    parts = []
    for day in range(0, last + 1, step):
        x = _x(day, first, last)
        parts.append(f'<path d="M{x},{top - 6} V{bottom}" stroke="#e6e6e6"/>')
        parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle" fill="{FAINT}" font-size="11">{day}</text>')
    middle = (_LEFT + _WIDTH) // 2
    return [*parts, f'<text x="{middle}" y="{bottom + 30}" text-anchor="middle">days from infusion</text>']


def _lane(one: Swimmer, y: int, first: int, last: int, colour: str) -> str:
    start, end = _x(0, first, last), _x(one.observed_to, first, last)
    middle = y + _LANE / 2
    bar = (
        f'<rect x="{start}" y="{y + (_LANE - _BAR) / 2}" width="{max(1.0, round(end - start, 1))}" height="{_BAR}" '
        f'fill="{colour}" fill-opacity="0.28" stroke="{colour}"/>'
    )
    finish = (
        f'<path d="M{end},{middle - 7} V{middle + 7}" stroke="{INK}" stroke-width="2"/>'
        if one.ended
        else f'<path d="M{end},{middle - 5} l8,5 l-8,5 z" fill="{colour}"/>'
    )
    name = f'<text x="8" y="{middle + 4}">{escape(one.participant)}</text>'
    group = f'<text x="{_LEFT - 10}" y="{middle + 4}" text-anchor="end" fill="{FAINT}" font-size="11">{escape(one.group)}</text>'
    marks = "".join(_mark(mark.kind, x, middle + up, mark.says) for mark, x, up in _apart(one.marks, first, last))
    return f"<g><title>{escape(_sentence(one))}</title>{name}{group}{bar}{finish}</g>{marks}"


def _apart(marks: Sequence[Mark], first: int, last: int) -> list[tuple[Mark, float, int]]:
    """Each mark with its place; those too close to the one before stand above or below the lane's middle in turn."""
    found: list[tuple[Mark, float, int]] = []
    for mark in sorted(marks, key=lambda one: (one.day, list(MARKS).index(one.kind))):
        x = _x(mark.day, first, last)
        near = [up for _, other, up in found if abs(other - x) < 11]
        found.append((mark, x, next((up for up in (0, -7, 7) if up not in near), 0)))
    return found


def _mark(kind: str, x: float, y: float, says: str) -> str:
    shape, colour = MARKS[kind]
    path = {
        "triangle": f"M{x},{y - 6} l6,10 h-12 z",
        "square": f"M{x - 4.5},{y - 4.5} h9 v9 h-9 z",
        "diamond": f"M{x},{y - 7} l6,7 l-6,7 l-6,-7 z",
        "circle": f"M{x - 5},{y} a5,5 0 1,0 10,0 a5,5 0 1,0 -10,0 z",
        "cross": f"M{x - 5},{y - 5} l10,10 M{x + 5},{y - 5} l-10,10",
    }[shape]
    stroke = f'stroke="{colour}" stroke-width="2.5"' if shape == "cross" else 'stroke="#ffffff" stroke-width="0.8"'
    return f'<path d="{path}" fill="{colour}" {stroke}><title>{escape(says)}</title></path>'


def _sentence(one: Swimmer) -> str:
    end = one.ended or "followed further"
    happened = ", ".join(f"{mark.says} (day {mark.day})" for mark in one.marks) or "no mark"
    return f"{one.participant}, {one.group}, to day {one.observed_to}, {end}: {happened}"


def _key(groups: Sequence[str], y: int) -> str:
    parts, x = [], 8
    for place, group in enumerate(groups):
        colour = COLOURS[place % len(COLOURS)]
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="14" height="11" fill="{colour}" fill-opacity="0.28" stroke="{colour}"/>'
        )
        parts.append(f'<text x="{x + 19}" y="{y}" font-size="11">{escape(group)}</text>')
        x += 34 + 7 * len(group)
    for kind in MARKS:
        parts.append(_mark(kind, x + 7, y - 4, kind) + f'<text x="{x + 18}" y="{y}" font-size="11">{kind}</text>')
        x += 34 + 7 * len(kind)
    rest = "bar: time observed; arrow: followed further; end stroke: observation ended"
    return "".join(parts) + f'<text x="8" y="{y + 18}" font-size="11" fill="{FAINT}">{rest}</text>'
