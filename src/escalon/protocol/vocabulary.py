"""The names a study may record: its own facts, and every item of the instruments it uses, stated once.

A study's `[fact.x]` may add to what an instrument says of `x` (a label of its own, what to do to obtain it, a wider range for
screening); whatever it leaves out is the instrument's.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from escalon.protocol.declared import Disease, FactDefinition
from escalon.protocol.results import result_definition
from escalon.protocol.tables import Place

DISEASE = "disease"
"""The fact that says which of the study's diseases somebody has: every study with diseases has it."""


def vocabulary(
    facts: Mapping[str, FactDefinition],
    diseases: Iterable[Disease],
    instruments: Mapping[str, Any],
    used: Iterable[str],
    with_limits: Iterable[str],
    conditioning: Iterable[str] = (),
) -> Mapping[str, FactDefinition]:
    """Every name a study may record, its own first, in the order of its files; results of instruments last.

    The drugs of the conditioning are treatments of the study, whether or not a clause or a class names them.
    """
    from_instruments = instrument_facts(instruments.values())
    found: dict[str, FactDefinition] = {DISEASE: _disease(diseases)}
    for name, own in facts.items():
        found[name] = own.completed(from_instruments.get(name))
    for definition in tuple(found.values()):
        for member in definition.members:
            found.setdefault(member, _drug(member, definition.group, definition.place))
    for drug in conditioning:
        found.setdefault(drug, _drug(drug, "lymphodepletion", Place()))
    for name, definition in from_instruments.items():
        found.setdefault(name, definition)
    for name in dict.fromkeys((*used, *instruments)):
        result = None if name in found else result_definition(name, instruments)
        if result is not None:
            found[name] = result
    for name in with_limits:
        if name in found:
            found[name] = found[name].model_copy(update={"limits": True})
    return MappingProxyType(found)


def fact_name(instrument: str, item: str, shared: str | None) -> str:
    """The name an instrument's item has in data: the shared one, or `<instrument>.<item>`."""
    return shared or f"{instrument}.{item}"


def instrument_facts(instruments: Iterable[Any]) -> dict[str, FactDefinition]:
    """The facts that instruments read, once each; units that any of them accepts are accepted."""
    found: dict[str, FactDefinition] = {}
    for instrument in instruments:
        for definition in _items(instrument):
            known = found.get(definition.name)
            found[definition.name] = definition if known is None else _together(known, definition)
    return found


@cache
def _items(instrument: Any) -> tuple[FactDefinition, ...]:
    return tuple(_of_item(instrument, key, item) for key, item in instrument.items.items())


def _together(one: FactDefinition, other: FactDefinition) -> FactDefinition:
    units = dict.fromkeys(unit for unit in (*one.units, *other.units) if unit != one.unit)
    return one.model_copy(update={"accepts": tuple(units), "origin": f"{one.origin}, {other.origin}"})


def _of_item(instrument: Any, key: str, item: Any) -> FactDefinition:
    low, high = item.doubtful
    return FactDefinition.made(
        name=fact_name(instrument.name, key, item.fact),
        label=item.about,
        kind=item.kind.value,
        unit=item.unit,
        accepts=tuple(item.accepts),
        substance=item.substance,
        choices=tuple(item.choices),
        low=item.low,
        high=item.high,
        doubtful_low=low,
        doubtful_high=high,
        group=instrument.title,
        origin=instrument.name,
    )


def _drug(name: str, group: str, place: Place) -> FactDefinition:
    return FactDefinition.made(name=name, label=name.replace("_", " "), kind="treatment", group=group, place=place)


def _disease(diseases: Iterable[Disease]) -> FactDefinition:
    return FactDefinition.made(
        name=DISEASE, label="disease", kind="label",
        choices=tuple(one.id for one in diseases),
        settle="state the disease for which the participant is screened", group="participant",
    )  # fmt: skip


def hint(name: str, known: Mapping[str, str]) -> str:
    """What somebody may mean by a name: by spelling, by what is said of each, or by what laboratories call it (SGPT, Hb).

    ` Did you mean alt?`, or nothing.
    """
    from escalon.instruments.kit.meaning import did_you_mean
    from escalon.instruments.safety.ctcae.laboratory import UnknownTest, terms_of

    try:
        others = [lab.quantity.name for lab in terms_of(name)]
    except UnknownTest:
        others = []
    return next((found for word in (name, *others) if (found := did_you_mean(word, known))), "")


def same_test(name: str, known: Iterable[str]) -> str | None:
    """The one name of those `known` that is the same laboratory test: `haemoglobin` for Hb."""
    from escalon.instruments.safety.ctcae.laboratory import tests_named

    meant = tests_named(name)
    same = [one for one in known if meant and tests_named(one) == meant]
    return same[0] if len(same) == 1 else None


def labels(vocabulary: Mapping[str, FactDefinition]) -> dict[str, str]:
    """Every name and what is said of it."""
    return {name: one.label for name, one in vocabulary.items()}
