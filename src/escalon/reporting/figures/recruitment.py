"""Who was treated at which level, by disease: one mark a participant."""

from collections.abc import Mapping, Sequence

from escalon.drawing import WIDTH, Piece, group, line, mark, nothing, picture, text, width_of
from escalon.drawing.tokens import GRID, MUTED, dose, shape

_ROW, _STEP = 22.0, 13.0


def recruitment_figure(
    people: Mapping[tuple[str, int], Sequence[str]],
    diseases: Sequence[str],
    levels: Sequence[int],
    hrefs: Mapping[str, str] | None = None,
) -> str:
    """Diseases down, levels across; `people` are the codes infused of each disease at each level. The number stands beside."""
    if not diseases or not levels:
        return nothing("Nobody has been infused yet")
    left = 12 + max(width_of(disease, 11) for disease in [*diseases, "all"])
    wide = (WIDTH - left - 60) / len(levels)
    bottom = 30 + _ROW * (len(diseases) + 1)
    pieces: list[Piece] = []
    for place, level in enumerate(levels):
        x = left + 10 + wide * place
        pieces += [
            mark(shape(level), x + 4, 12, paint=dose(level), size=4),
            text(x + 12, 16, f"level {level}", paint=dose(level), bold=True),
        ]
        for row, disease in enumerate(diseases):
            pieces += _row(people.get((disease, level), ()), level, x, 30 + _ROW * row + 12, wide, hrefs or {})
        total = sum(len(people.get((disease, level), ())) for disease in diseases)
        pieces.append(text(x, bottom - 8, str(total), bold=True))
    for row, disease in enumerate(diseases):
        pieces += [
            text(left - 4, 30 + _ROW * row + 16, disease, anchor="end"),
            line(4, 30 + _ROW * (row + 1), WIDTH - 4, 30 + _ROW * (row + 1), paint=GRID),
        ]
        pieces.append(
            text(
                WIDTH - 30,
                30 + _ROW * row + 16,
                str(sum(len(people.get((disease, level), ())) for level in levels)),
                bold=True,
            )
        )
    pieces += [
        text(left - 4, bottom - 8, "all", anchor="end", paint=MUTED),
        text(WIDTH - 30, bottom - 8, str(sum(map(len, people.values()))), bold=True),
    ]
    says = "; ".join(
        f"{disease} at level {level}: {', '.join(codes) or 'nobody'}"
        for (disease, level), codes in sorted(people.items())
    )
    return picture(pieces, f"Treated by disease and dose level. {says or 'Nobody'}")


def _row(codes: Sequence[str], level: int, x: float, y: float, wide: float, hrefs: Mapping[str, str]) -> list[Piece]:
    """A mark each, closer together where there are many, and how many."""
    step = min(_STEP, (wide - 34) / max(len(codes), 1))
    marks = [
        group([mark(shape(level), x + 4 + step * n, y, paint=dose(level), size=4.2)], code, hrefs.get(code, ""))
        for n, code in enumerate(codes)
    ]
    return [*marks, text(x + 6 + step * len(codes), y + 4, str(len(codes)), size=10, paint=MUTED)]
