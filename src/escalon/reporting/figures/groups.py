"""How a group is told apart: a dose level by its own colour and shape, anything else by ink, shape and dash."""

import re
from dataclasses import dataclass

from escalon.drawing.tokens import INK, MUTED, Paint, dose, shape

_LEVEL = re.compile(r"(?:dose )?level (\d+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GroupLook:
    """The colour and the shape of a group."""

    paint: Paint
    shape: str


def _number(group: str) -> tuple[int, str]:
    level = _LEVEL.match(group)
    return (int(level[1]), "") if level else (0, group)


def looks(groups: list[str]) -> dict[str, GroupLook]:
    """The look of each group, levels in their order; a dose level looks the same whichever groups there are."""
    found: dict[str, GroupLook] = {}
    for place, group in enumerate(sorted(groups, key=_number), 1):
        level = _LEVEL.match(group)
        number = int(level[1]) if level else place
        found[group] = GroupLook(dose(number) if level else (INK if place % 2 else MUTED), shape(number))
    return found
