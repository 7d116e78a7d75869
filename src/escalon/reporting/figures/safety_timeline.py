"""CRS and ICANS after infusion: one lane per participant, a bar from onset to end, its colour and its number the grade."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from escalon.reporting.figures.canvas import FAINT, INK, nothing_to_draw

# From light to dark, so that the order of grades survives in grey; the number is printed on the bar as well.
GRADE_FILL = {1: "#fde0c5", 2: "#facba6", 3: "#f59d6d", 4: "#d95b3a", 5: "#8c1d1d", None: "#ffffff"}
_LEFT, _WIDTH, _LANE, _BAR = 150, 980, 34, 13
_SYNDROMES = ("CRS", "ICANS")


@dataclass(frozen=True, slots=True)
class EpisodeBar:
    """One episode: whose, CRS or ICANS, from which day to which (`None` while it lasts), at which highest grade."""

    participant: str
    syndrome: str
    first: int
    last: int | None
    grade: int | None


def safety_timeline(
    spans: Sequence[EpisodeBar],
    participants: Sequence[str],
    observed_to: int,
    title: str = "CRS and ICANS after infusion",
) -> str:
    """The episodes as SVG over days from infusion up to `observed_to`, which is the cut-off. Everyone infused has a lane."""
    if not participants:
        return nothing_to_draw(f"{title}: nobody has been infused")
    last = max([7, *(min(span.last or observed_to, observed_to) + 2 for span in spans)])
    top = 46
    height = top + _LANE * len(participants) + 76
    lanes = {name: top + _LANE * place for place, name in enumerate(participants)}
    parts = [
        f'<text x="8" y="20" font-size="13" font-weight="bold">{escape(title)}</text>',
        *_axis(last, top, height - 68),
    ]
    parts += [_lane(name, y) for name, y in lanes.items()]
    parts += [_bar(span, lanes[span.participant], last, observed_to) for span in spans if span.participant in lanes]
    label = "; ".join(_sentence(span) for span in spans) or "no CRS and no ICANS recorded"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(f"{title}: {label}")}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{INK}">'
        f"{''.join(parts)}{_key(height - 14)}</svg>"
    )


def _x(day: float, last: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - 24) * day / last, 1)


def _axis(last: int, top: int, bottom: int) -> list[str]:
    step = 1 if last <= 21 else 7 if last <= 120 else 28
    parts = []
    for day in range(0, last + 1, step):
        x = _x(day, last)
        parts.append(f'<path d="M{x},{top - 6} V{bottom}" stroke="#e6e6e6"/>')
        parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle" fill="{FAINT}" font-size="11">{day}</text>')
    middle = (_LEFT + _WIDTH) // 2
    return [
        *parts,
        f'<text x="{middle}" y="{bottom + 30}" text-anchor="middle" font-size="12">days from infusion</text>',
    ]


def _lane(name: str, y: int) -> str:
    return (
        f'<text x="8" y="{y + 20}">{escape(name)}</text>'
        f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end" font-size="10" fill="{FAINT}">CRS</text>'
        f'<text x="{_LEFT - 8}" y="{y + 26}" text-anchor="end" font-size="10" fill="{FAINT}">ICANS</text>'
    )


def _bar(span: EpisodeBar, lane: int, last: int, observed_to: int) -> str:
    y = lane + (2 if span.syndrome == _SYNDROMES[0] else 16)
    end = observed_to if span.last is None else min(span.last, observed_to)
    x, width = _x(span.first, last), max(8.0, round(_x(end + 1, last) - _x(span.first, last), 1))
    fill, ink = GRADE_FILL[span.grade], "#ffffff" if (span.grade or 0) >= 4 else INK
    arrow = f'<path d="M{x + width},{y} l6,{_BAR / 2} l-6,{_BAR / 2} z" fill="{INK}"/>' if span.last is None else ""
    number = "?" if span.grade is None else span.grade
    bar = f'<rect x="{x}" y="{y}" width="{width}" height="{_BAR}" fill="{fill}" stroke="{INK}" stroke-width="0.7"/>'
    text = f'<text x="{x + 3}" y="{y + 10.5}" font-size="10" fill="{ink}">{number}</text>'
    return f"<g><title>{escape(_sentence(span))}</title>{bar}{arrow}{text}</g>"


def _sentence(span: EpisodeBar) -> str:
    end = "still there at the cut-off" if span.last is None else f"to day {span.last}"
    grade = "grade not recorded" if span.grade is None else f"grade {span.grade}"
    return f"{span.participant} {span.syndrome} {grade} from day {span.first} {end}"


def _key(y: int) -> str:
    parts, x = [], _LEFT
    for grade in (1, 2, 3, 4, 5):
        parts.append(
            f'<rect x="{x}" y="{y - 10}" width="14" height="11" fill="{GRADE_FILL[grade]}" stroke="{INK}" stroke-width="0.7"/>'
        )
        parts.append(f'<text x="{x + 19}" y="{y}" font-size="11">grade {grade}</text>')
        x += 88
    return (
        "".join(parts) + f'<text x="{x}" y="{y}" font-size="11" fill="{FAINT}">arrow: still there at the cut-off</text>'
    )
