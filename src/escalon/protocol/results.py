"""What an instrument concludes, as names that rules use and data may supply: `das28_esr`, `bilag_2004.eligible`."""

from typing import Any

from escalon.expressions.bounds import bounds
from escalon.expressions.program import Program
from escalon.protocol.study import FactDefinition

_KINDS = {"integer", "number", "truth", "label"}


def result_definition(name: str, instruments: dict[str, Any] | Any) -> FactDefinition | None:
    """The result of an instrument (`cdai`) or of a part of one (`bilag_2004.n_a`); `None` if there is no such thing."""
    whole, _, part = name.partition(".")
    instrument = instruments.get(whole)
    if instrument is None:
        return None
    program: Program = instrument.program()
    root = f"part:{part}" if part else "value"
    if root not in program.roots:
        return None
    kind = program.steps[program.roots[root]].kind
    if kind is None or kind.value not in _KINDS:
        return None
    return FactDefinition(
        name=name,
        label=f"{instrument.title}: {part.replace('_', ' ')}" if part else instrument.title,
        kind=kind.value,
        unit=None if part else instrument.unit,
        choices=_labels(instrument, program, root) if kind.value == "label" else (),
        settle=f"record the items of {instrument.title}, or the result with its source",
        group="results of instruments",
        origin=whole,
        computed=True,
    )


def _labels(instrument: Any, program: Program, root: str) -> tuple[str, ...]:
    """The labels a result may be, from what its items may be."""
    ranges = {key: item.possible() for key, item in instrument.items.items()}
    possible = bounds(program, {}, ranges)[root]
    return tuple(sorted(one for one in possible if isinstance(one, str))) if isinstance(possible, frozenset) else ()
