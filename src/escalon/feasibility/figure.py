"""The funnel as a figure: who is left after each clause, and whom it keeps out."""

from escalon.drawing import Linear, Piece, box, nothing, picture, shortened, text
from escalon.drawing.tokens import CONTEXT, INK, MUTED
from escalon.feasibility.attrition import WITHHELD, Attrition

_ROW, _NAME, _LEFT, _RIGHT, _OUT = 15.0, 44.0, 250.0, 600.0, 660.0


def funnel_svg(found: Attrition) -> str:
    """A bar for each clause, as long as the people left after it; a count that is withheld has no bar."""
    shown = found.shown
    people = shown["people"]
    if not people:
        return nothing("Nobody was counted")
    x = Linear(0, people, _LEFT, _RIGHT)
    invented = "Synthetic people. " if found.mapping.source.synthetic else ""
    pieces: list[Piece] = [
        text(4, 12, f"{invented}{people} people on {found.day}: left after each clause", size=10, paint=MUTED),
        text(_OUT + 30, 12, "fail", size=10, paint=MUTED, anchor="end"),
    ]
    y = 18.0
    for k, one in enumerate(found.criteria):
        left, fail = shown[f"left_{k}"], shown[f"not_met_{k}"]
        y += _ROW
        pieces.append(text(4, y, one.id, size=10))
        pieces.append(text(_NAME, y, shortened(one.heading, 10, _LEFT - _NAME - 8), size=10, paint=MUTED))
        if left is not None:
            pieces.append(box(_LEFT, y - 9, x.at(left) - _LEFT, 10, fill=CONTEXT))
        pieces.append(
            text(max(_LEFT, x.at(left or 0)) + 4, y, WITHHELD if left is None else str(left), size=10, paint=INK)
        )
        pieces.append(text(_OUT + 30, y, WITHHELD if fail is None else str(fail), size=10, paint=MUTED, anchor="end"))
    if silent := found.mapping.silent:
        told = f"Silence counts as no for: {', '.join(silent)}"
        pieces.append(text(4, y + 36, shortened(told, 9, _OUT), size=9, paint=MUTED))
    says = f"{invented}Funnel of {people} people over {len(found.criteria)} clauses; {shown['undecided']} undecided at its end"
    if found.smallest > 1:
        held = f"{WITHHELD} withheld: fewer than {found.smallest}, or so few could be worked out"
        pieces.append(text(4, y + 22, held, size=9, paint=MUTED))
    return picture(pieces, says)
