"""Which scores can be computed over a population from what a mapping gives, and which of their items it lacks."""

from collections.abc import Iterable

from escalon.conduct.judge.scores import STANDING
from escalon.feasibility.mapping import WarehouseMapping
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.visits import compares_visits, may_be_settled, reads_baseline
from escalon.protocol.study import Study


def computable(study: Study, mapping: WarehouseMapping, names: Iterable[str]) -> dict[str, list[str]]:
    """The instruments that can be computed from what is mapped, each with the names wanted of it, parts before the whole.

    A mapped score is read as it is.
    """
    found: dict[str, list[str]] = {}

    def add(name: str) -> None:
        base = name.partition(".")[0]
        if (
            base in study.instruments
            and not {name, base} & mapping.concepts.keys()
            and not unscored(study, mapping, name)
        ):
            for item in find(base).items.values():
                for part in item.of:
                    add(part)
            found.setdefault(base, []).append(name)

    for name in names:
        add(name)
    return {base: list(dict.fromkeys(wanted)) for base, wanted in found.items()}


def unscored(study: Study, mapping: WarehouseMapping, name: str) -> str:
    """Why a score cannot be computed from what is mapped; empty where it can, if only for some or between bounds."""
    base, _, part = name.partition(".")
    one = find(base)
    if one.adapt or compares_visits(one) or reads_baseline(one) or not root_of(one, part):
        return "its items are not such as one day of a warehouse holds. Map the score itself"
    own = [item for item, key in one.keys.items() if key not in STANDING] or list(one.items)
    gone, wanted = lacking(study, mapping, base), [item for item in own if one.items[item].needed]
    there = [item for item in wanted if item not in gone]
    if not there or (2 * len(there) < len(wanted) and not may_be_settled(one)):
        return unmapped(study, mapping, name)
    return ""


def unmapped(study: Study, mapping: WarehouseMapping, name: str) -> str:
    """Which items of a score are not mapped; empty where all are that it needs."""
    gone = [find(name.partition(".")[0]).keys[item] for item in lacking(study, mapping, name.partition(".")[0])]
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    told = f"it is computed from items, and nothing is mapped for {', '.join(gone[:3])}{more}. Map them, or the score itself"
    return told if gone else ""


def lacking(study: Study, mapping: WarehouseMapping, base: str) -> list[str]:
    """The items that an instrument needs and that nothing mapped can give."""
    one = find(base)

    def is_given(name: str) -> bool:
        item = one.items[name]
        keys = (one.keys[name], *item.of)
        return any(_is_mapped(mapping, key) or _is_scored(study, mapping, key) for key in keys)

    given = {name for name in one.items if is_given(name)}
    instead = {other for name in given for other in one.items[name].instead_of}
    return [
        name for name, item in one.items.items()
        if item.needed and name not in given | instead and given.isdisjoint(item.missing_when)
    ]  # fmt: skip


def _is_scored(study: Study, mapping: WarehouseMapping, key: str) -> bool:
    base, dot, _ = key.partition(".")
    is_part = base in study.instruments and (
        key == base or (bool(dot) and bool(root_of(find(base), key.partition(".")[2])))
    )
    return is_part and not unscored(study, mapping, key)


def _is_mapped(mapping: WarehouseMapping, key: str) -> bool:
    people = mapping.people
    stands = bool(people and ((key == "age" and people.birth) or (key == "sex" and people.sex)))
    return stands or key in mapping.concepts


def items_of(study: Study, mapping: WarehouseMapping, names: Iterable[str]) -> tuple[str, ...]:
    """The names that the scores are computed from."""
    items = ((one, name) for base in computable(study, mapping, names) for one in (find(base),) for name in one.items)
    keys = (key for one, name in items for key in (one.keys[name], *one.items[name].of))
    return tuple(dict.fromkeys(key for key in keys if _is_mapped(mapping, key)))


def parts_of(study: Study) -> tuple[str, ...]:
    """The scores and parts of scores that the study's scores may be made of."""
    return tuple(key for one in study.instruments for item in find(one).items.values() for key in item.of)


def root_of(instrument: Instrument, part: str) -> str:
    """Where the program of an instrument has a part of it; empty where it has none."""
    roots = instrument.program().roots
    names = (f"part:{part}", f"band:{part}", *(("category",) if part == "category" else ())) if part else ("value",)
    return next((name for name in names if name in roots), "")
