"""Domains against visits: one value a cell, its colour the state, its words the value; small multiples where there are more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalon.drawing import WIDTH, Drawn, Piece, box, group, key, nothing, picture, swatch, text, width_of
from escalon.drawing.tokens import MUTED, WASH, over, state

_HIGH = 17.0


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A value as printed, and its place among the states from 0 for the best; None where there is none, the words say why."""

    words: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One participant, or one group: a name, and a row of cells for each domain."""

    name: str
    rows: tuple[tuple[HeatCell, ...], ...]


def heat_map(maps: Sequence[HeatMap], domains: Sequence[str], visits: Sequence[str], states: Sequence[str]) -> str:
    """The maps as SVG: domains down, visits across; `states` names the colours, the best first."""
    if not maps:
        return nothing("No domain was assessed")
    left = 12 + max(width_of(domain, 10) for domain in domains)
    words = [*visits, *(cell.words for one in maps for row in one.rows for cell in row)]
    wide = max(24.0, *(width_of(word, 9.5, bold=True) + 8 for word in words))
    block = max(wide * len(visits), *(width_of(one.name, 11, bold=True) for one in maps)) + 20
    across = max(1, int((WIDTH - 4 - left) // block))
    high = 40 + _HIGH * len(domains) + 14
    pieces: list[Piece] = []
    for place, one in enumerate(maps):
        x, y = 4 + left + place % across * block, 4 + place // across * high
        pieces += _map(one, visits, x, y, wide, len(states))
        pieces += _names(domains, x - 8, y) if place % across == 0 else []
    bottom = 4 + ((len(maps) - 1) // across + 1) * high
    colours: list[tuple[Drawn | None, str]] = [
        (swatch(state(place, len(states))), words) for place, words in enumerate(states)
    ]
    says = "; ".join(_sentence(one, domains, visits) for one in maps)
    return picture([*pieces, *key(colours, 8, bottom + 6, WIDTH - 8)], says)


def _names(domains: Sequence[str], x: float, y: float) -> Iterator[Piece]:
    for line, domain in enumerate(domains):
        yield text(x, y + 45.5 + _HIGH * line, domain, size=10, anchor="end", paint=MUTED)


def _map(one: HeatMap, visits: Sequence[str], x: float, y: float, wide: float, of: int) -> Iterator[Piece]:
    yield text(x, y + 11, one.name, bold=True)
    for column, visit in enumerate(visits):
        yield text(x + wide * (column + 0.5), y + 28, visit, size=9.5, anchor="middle", paint=MUTED)
    for line, row in enumerate(one.rows):
        for column, cell in enumerate(row):
            yield _cell(cell, x + wide * column, y + 34 + _HIGH * line, wide, of)


def _cell(cell: HeatCell, x: float, y: float, wide: float, of: int) -> Piece:
    paint = WASH if cell.place is None else state(cell.place, of)
    ink = MUTED if cell.place is None else over(paint)
    drawn = [box(x + 0.5, y + 0.5, wide - 1, _HIGH - 1, fill=paint)]
    drawn.append(
        text(x + wide / 2, y + 11.5, cell.words, size=9.5, anchor="middle", paint=ink, bold=cell.place is not None)
    )
    return group(drawn)


def _sentence(one: HeatMap, domains: Sequence[str], visits: Sequence[str]) -> str:
    rows = (
        f"{domain} " + ", ".join(f"{cell.words} at {visit}" for cell, visit in zip(row, visits, strict=True))
        for domain, row in zip(domains, one.rows, strict=True)
    )
    return f"{one.name}: " + "; ".join(rows)
