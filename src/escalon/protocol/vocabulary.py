"""The names a study may record: its own facts, and every item of the instruments it uses, stated once.

A study's `[fact.x]` may add to what an instrument says of `x` (a label of its own, what to do to obtain it, a wider range for
screening); whatever it leaves out is the instrument's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from escalon.protocol.results import result_definition
from escalon.protocol.study import Disease, FactDefinition, FactKind, Place

if TYPE_CHECKING:
    from escalon.protocol.study_file import FactTable


def vocabulary(
    facts: Mapping[str, "FactTable"],
    places: Mapping[str, Place],
    diseases: Iterable[Disease],
    instruments: Mapping[str, Any],
    used: Iterable[str],
    with_limits: Iterable[str],
) -> Mapping[str, FactDefinition]:
    """Every name a study may record, its own first, in the order of its files; results of instruments last."""
    from_instruments = instrument_facts(instruments.values())
    found: dict[str, FactDefinition] = {"disease": _disease(diseases)}
    for name, table in facts.items():
        found[name] = _own(name, table, from_instruments.get(name), places.get(name, Place()))
    for definition in tuple(found.values()):
        for member in definition.members:
            found.setdefault(member, _member(member, definition))
    for name, definition in from_instruments.items():
        found.setdefault(name, definition)
    for name in dict.fromkeys((*used, *instruments)):
        result = None if name in found else result_definition(name, instruments)
        if result is not None:
            found[name] = result
    for name in with_limits:
        if name in found:
            found[name] = replace(found[name], limits=True)
    return MappingProxyType(found)


def fact_name(instrument: str, item: str, shared: str | None) -> str:
    """The name an instrument's item has in data: the shared one, or `<instrument>.<item>`."""
    return shared or f"{instrument}.{item}"


def instrument_facts(instruments: Iterable[Any]) -> dict[str, FactDefinition]:
    """The facts that instruments read, once each; units that any of them accepts are accepted."""
    found: dict[str, FactDefinition] = {}
    for instrument in instruments:
        for key, item in instrument.items.items():
            definition = _of_item(instrument, key, item)
            known = found.get(definition.name)
            found[definition.name] = definition if known is None else _together(known, definition)
    return found


def _together(one: FactDefinition, other: FactDefinition) -> FactDefinition:
    units = dict.fromkeys(unit for unit in (*one.units, *other.units) if unit != one.unit)
    return replace(one, accepts=tuple(units), origin=f"{one.origin}, {other.origin}")


def _of_item(instrument: Any, key: str, item: Any) -> FactDefinition:
    return FactDefinition(
        name=fact_name(instrument.name, key, item.fact),
        label=item.about,
        kind=item.kind.value,
        unit=item.unit,
        accepts=tuple(item.accepts),
        substance=item.substance,
        choices=tuple(item.choices),
        low=item.low,
        high=item.high,
        doubtful=item.doubtful,
        group=instrument.title,
        origin=instrument.name,
    )


def _own(name: str, table: "FactTable", known: FactDefinition | None, place: Place) -> FactDefinition:
    base = known or FactDefinition(name, table.label or name.replace("_", " "), kind_of(table))
    return FactDefinition(
        name=name,
        label=table.label or base.label,
        kind=kind_of(table) if known is None or _says_kind(table) else base.kind,
        unit=table.unit or base.unit,
        accepts=_accepted(table, base),
        substance=table.substance or base.substance,
        choices=tuple(table.choices) if table.choices is not None else base.choices,
        low=table.low if table.low is not None else base.low,
        high=table.high if table.high is not None else base.high,
        doubtful=_doubtful(table, base),
        members=tuple(table.members),
        settle=table.settle,
        group=table.group or base.group,
        origin="study" if known is None else known.origin,
        place=place,
    )


def _says_kind(table: "FactTable") -> bool:
    return table.kind is not None or bool(table.members) or table.choices is not None


def kind_of(table: "FactTable") -> FactKind:
    """The kind a study's fact has when nobody says: what its other keys imply, else yes or no."""
    if table.kind:
        return table.kind
    if table.members:
        return "treatment"
    if table.choices:
        return "label"
    return "number" if table.unit or table.low is not None or table.high is not None else "truth"


def _accepted(table: "FactTable", base: FactDefinition) -> tuple[str, ...]:
    if table.accepts is not None:
        return tuple(table.accepts)
    own = table.unit or base.unit
    return tuple(unit for unit in dict.fromkeys(base.units) if unit != own)


def _doubtful(table: "FactTable", base: FactDefinition) -> tuple[Fraction | None, Fraction | None]:
    low, high = table.doubtful_low, table.doubtful_high
    return (low if low is not None else base.doubtful[0], high if high is not None else base.doubtful[1])


def _member(name: str, drug_class: FactDefinition) -> FactDefinition:
    label = name.replace("_", " ")
    return FactDefinition(name, label, "treatment", group=drug_class.group, place=drug_class.place)


def _disease(diseases: Iterable[Disease]) -> FactDefinition:
    return FactDefinition(
        "disease", "disease", "label",
        choices=tuple(one.id for one in diseases),
        settle="state the disease for which the participant is screened", group="participant",
    )  # fmt: skip
