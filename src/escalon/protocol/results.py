"""What an instrument concludes, as names that rules use and data may supply: `das28_esr`, `bilag_2004.eligible`."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import ceil, floor, isfinite
from typing import Any

from escalon.expressions.bounds import bounds
from escalon.expressions.possible import ANOTHER_LABEL, Possible
from escalon.expressions.program import Program
from escalon.facts import Interval
from escalon.protocol.declared import FactDefinition

_KINDS = {"integer", "number", "truth", "label"}


def result_definition(name: str, instruments: dict[str, Any] | Any) -> FactDefinition | None:
    """The result of an instrument (`cdai`) or of a part of one (`bilag_2004.n_a`); `None` if there is no such thing."""
    whole, _, part = name.partition(".")
    instrument = instruments.get(whole)
    return None if instrument is None else _result(name, instrument, part)


@cache
def _result(name: str, instrument: Any, part: str) -> FactDefinition | None:
    program: Program = instrument.program()
    root = f"part:{part}" if part else "value"
    if root not in program.roots:
        return None
    kind = program.steps[program.roots[root]].kind
    if kind is None or kind.value not in _KINDS:
        return None
    possible = _possible(instrument, program, root)
    low, high = _ends(possible) if kind.value in ("integer", "number") else (None, None)
    return FactDefinition.made(
        name=name,
        label=f"{instrument.title}: {part.replace('_', ' ')}" if part else instrument.title,
        kind=kind.value,
        unit=None if part else instrument.unit,
        choices=_labels(possible) if kind.value == "label" else (),
        low=low,
        high=high,
        settle=f"record the items of {instrument.title}, or the result with its source",
        group="results of instruments",
        origin=instrument.name,
        computed=True,
    )


def _possible(instrument: Any, program: Program, root: str) -> Possible:
    """What a result may be, from what its items may be."""
    only = Program(program.steps, {root: program.roots[root]})
    return bounds(only, {}, {key: item.possible() for key, item in instrument.items.items()})[root]


def _labels(possible: Possible) -> tuple[str, ...]:
    return (
        tuple(sorted(one for one in possible if isinstance(one, str) and one != ANOTHER_LABEL))
        if isinstance(possible, frozenset)
        else ()
    )


def _ends(possible: Possible) -> tuple[Fraction | None, Fraction | None]:
    """The lowest and highest result, where they are finite; of a root or logarithm, outward to two decimals."""
    ends = possible.ends if isinstance(possible, Interval) else (None, None)
    low, high = (end if end is None or isfinite(end) else None for end in ends)
    return _outward(low, floor), _outward(high, ceil)


def _outward(end: float | Fraction | None, whole: Callable[[float], int]) -> Fraction | None:
    return Fraction(whole(end * 100), 100) if isinstance(end, float) else None if end is None else Fraction(end)
