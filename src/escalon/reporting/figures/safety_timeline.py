"""CRS and ICANS after infusion: one lane per participant, a bar from onset to end, its colour and its number the grade."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import (
    WIDTH,
    Box,
    Linear,
    Piece,
    below,
    box,
    day_ticks,
    grade_key,
    group,
    key,
    like,
    mark,
    nothing,
    picture,
    text,
    width_of,
)
from escalon.drawing.tokens import INK, MUTED, WASH, dose, grade, over, shape

_LANE, _BAR = 30.0, 12.0
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
    levels: dict[str, int] | None = None,
) -> str:
    """The episodes as SVG over days from infusion up to `observed_to`, which is the cut-off. Everyone infused has a lane."""
    if not participants:
        return nothing("CRS and ICANS after infusion: nobody has been infused")
    names = max(width_of(name, 11, bold=True) for name in participants)
    first = min([0, *(span.first for span in spans)])
    last = max([14, *(min(observed_to if span.last is None else span.last, observed_to) + 1 for span in spans)])
    x = Linear(first, last + 1, names + 74, WIDTH - 26)
    bottom = 6 + _LANE * len(participants)
    pieces: list[Piece] = []
    for place, name in enumerate(participants):
        pieces += _lane(name, (levels or {}).get(name, 0), 6 + _LANE * place, x, place % 2 == 0)
    pieces += below(
        x, day_ticks(first, last) if last > 21 else range(first, last + 1), 4, bottom, title="days from infusion"
    )
    for span in spans:
        if span.participant in participants:
            pieces.append(_bar(span, 6 + _LANE * participants.index(span.participant), x, observed_to))
    pieces += _key(bottom + 48)
    told = "; ".join(map(_sentence, spans)) or "no CRS and no ICANS recorded"
    return picture(pieces, f"CRS and ICANS after infusion: {told}")


def _lane(name: str, level: int, y: float, x: Linear, shaded: bool) -> Iterator[Piece]:
    if shaded:
        yield box(0, y, WIDTH, _LANE, fill=WASH)
    if level:
        yield mark(shape(level), 8, y + _LANE / 2, paint=dose(level), size=4)
    yield text(16, y + _LANE / 2 + 4, name, bold=True)
    for place, syndrome in enumerate(_SYNDROMES):
        yield text(x.start - 14, y + 11 + 13 * place, syndrome, size=9, anchor="end", paint=MUTED)


def _bar(span: EpisodeBar, lane: float, x: Linear, observed_to: int) -> Piece:
    y = lane + (2 if span.syndrome == _SYNDROMES[0] else 15)
    end = observed_to if span.last is None else min(span.last, observed_to)
    left, right = x.at(span.first), max(x.at(span.first) + 11, x.at(end + 1))
    paint = grade(span.grade)
    number = "?" if span.grade is None else str(span.grade)
    pieces = [
        box(left, y, right - left, _BAR, fill=paint, stroke=INK if span.grade is None else None),
        text(left + 3, y + 9.5, number, size=10, paint=over(paint), bold=True),
    ]
    if span.last is None:
        pieces.append(mark("arrow", right + 4, y + _BAR / 2, paint=INK, size=5))
    return group(pieces, _sentence(span))


def _sentence(span: EpisodeBar) -> str:
    end = "still there at the cut-off" if span.last is None else f"to day {span.last}"
    said = "grade not recorded" if span.grade is None else f"grade {span.grade}"
    return f"{span.participant} {span.syndrome} {said} from day {span.first} {end}"


def _key(y: float) -> list[Piece]:
    arrow = (like("arrow", INK), "still there at the cut-off")
    return [Piece("", Box(0, y - 12, 1, y)), *key([*grade_key(range(1, 6)), arrow], 12, y, WIDTH - 8)]
