"""Assessing: from values as recorded to a Finding, with every item checked and what is missing named."""

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from sys import intern
from types import MappingProxyType
from typing import Any

from escalon.expressions.possible import UNKNOWN, Possible, is_open
from escalon.facts import Day, Fact, Finding, Interval, Status, plain
from escalon.instruments.kit.instrument import ANSWERED, Instrument
from escalon.instruments.kit.item import AS_RANGE, BELOW_LIMIT
from escalon.instruments.kit.meaning import did_you_mean
from escalon.instruments.kit.reading import ItemEntry, ItemError, read
from escalon.instruments.kit.unit_names import split_name, with_unit


class UnknownItem(ValueError):
    """A name that the instrument does not have; says which names it has."""


def assess_with(
    instrument: Instrument, given: Mapping[str, Any], day: Day | None = None, *, bounded: bool = True
) -> Finding:
    """The finding of an instrument for values as recorded; options may stand among them. `bounded`: with what is possible.

    Raises UnknownItem for a name that is neither item nor option. Any value out of range, in a wrong unit or
    contradicting another gives status `invalid`, never a number.
    """
    given, confirmed = _confirmed(instrument, given)
    if instrument.adapt:
        given = instrument.adapt({split_name(instrument, key)[0] if key.lower() in instrument.items else key: value
                                  for key, value in given.items()})  # fmt: skip
    raw, options = _sorted_out(instrument, given)
    confirmed |= {name for name, value in raw.items() if isinstance(value, Fact) and value.confirmed}
    entries: dict[str, ItemEntry] = {}
    problems: dict[str, str] = {}
    for name, item in instrument.items.items():
        try:
            entries[name] = read(name, item, raw.get(name), options.get(BELOW_LIMIT, AS_RANGE), name in confirmed)
        except ItemError as error:
            problems[f"{error.code}:{name}"] = str(error)
    rule = intern(f"{instrument.name}/{instrument.version}")
    rests_on = _rests_on(entries)
    if problems:
        codes = tuple(dict.fromkeys(code.partition(":")[0] for code in problems))
        return Finding(
            instrument.name, None, Status.INVALID, flags=codes, reasons=tuple(problems.values()), rule=rule,
            components=_shown(entries), rests_on=rests_on, day=day,
        )  # fmt: skip
    if confirmed:
        options |= instrument.answered(frozenset(confirmed), **options)
    return _concluded(instrument, entries, options, rule, day, bounded)


def without_confirmed(given: Mapping[str, Any], known: Collection[str] = ()) -> tuple[dict[str, Any], set[str]]:
    """What is given without `confirm=ITEM`, and what it names; an item of that name is none. Raises UnknownItem."""
    keys = [key for key in given if key.lower() in ("confirm", "confirmed") and key.lower() not in known]
    names: set[str] = set()
    for key in keys:
        said = given[key]
        if isinstance(said, bool) or not (said is None or isinstance(said, str | Collection)):
            example = next(iter(known), "value")
            raise UnknownItem(
                f"{key} is {said!r}. Write the name of the item that was checked, such as {key}={example}"
            )
        names |= set(filter(None, re.split(r"[\s,;]+", said) if isinstance(said, str) else said or ()))
    return {key: value for key, value in given.items() if key not in keys}, names


def _confirmed(instrument: Instrument, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], set[str]]:
    """What is given, and the items whose values a person confirmed, under their own names. Raises UnknownItem."""
    rest, names = without_confirmed(given, instrument.items)
    unknown = [name for name in names if split_name(instrument, name)[0] not in instrument.items]
    if unknown:
        raise UnknownItem(_unknown(instrument, min(unknown)))
    return rest, {split_name(instrument, name)[0] for name in names}


def _sorted_out(instrument: Instrument, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Items under their own names, and options; other names an item goes by, and names with a unit, are accepted."""
    raw: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for key, value in given.items():
        name, unit = split_name(instrument, key)
        if name in instrument.options:
            options[name] = _option(instrument, name, value)
        elif name not in instrument.items:
            raise UnknownItem(_unknown(instrument, key))
        elif name in raw:
            raise UnknownItem(f"{instrument.name}: {name} is given twice (as {key} too)")
        else:
            raw[name] = with_unit(key, value, unit)
    return raw, {name: choice for name, choice in options.items() if choice != instrument.options[name][0]}


def chosen_options(instrument: Instrument, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options among `name=value` that differ from the defaults. Raises UnknownItem for anything else."""
    raw, options = _sorted_out(instrument, given)
    if raw:
        raise UnknownItem(f"{next(iter(raw))} is an item of {instrument.name}: each row of the table gives its own")
    return options


def _option(instrument: Instrument, name: str, value: Any) -> Any:
    for choice in instrument.options[name]:
        if str(choice).lower() == str(value).lower():
            return choice
    raise UnknownItem(
        f"{instrument.name}: {name}={value} is not one of {', '.join(map(str, instrument.options[name]))}"
    )


def _unknown(instrument: Instrument, name: str) -> str:
    said = {key: " ".join((item.about, *item.also)) for key, item in instrument.items.items()}
    hint = did_you_mean(name, said | dict.fromkeys(instrument.options, ""))
    if name.lower() in (instrument.name, "points", "result", "score", "sum", "total"):
        hint = f" {instrument.title} is worked out from its items."
    return f"{instrument.name} has no item {name!r}.{hint} Items: {', '.join((*instrument.items, *instrument.options))}"


def _concluded(
    instrument: Instrument, entries: Mapping[str, ItemEntry], options: Mapping[str, Any], rule: str, day: Day | None,
    bounded: bool = True,
) -> Finding:  # fmt: skip
    values = {name: entry.value for name, entry in entries.items()}
    results = instrument.scalar(**options)(**(values if instrument.is_exact else _as_doubles(values)))
    flags = dict[str, str]()
    for code, text in (said for entry in entries.values() for said in entry.flags.items()):
        flags[code] = f"{flags[code]}; {text}" if code in flags else text
    wrong, queries, unusable = (
        [instrument.sentences(sort, **options)[int(number)] for number in _true(results, f"{sort}:")]
        for sort in ("check", "query", "unless")
    )
    flags |= {code: instrument.sentence(code, **options) for code in _true(results, "flag:")}
    found, missing = results["value"], _missing(instrument, values, results)
    status, reasons = _status(instrument, values, results, missing)
    if wrong:
        status, reasons, flags = Status.INVALID, wrong, {"CONTRADICTION": "", **flags}
    elif status is Status.NOT_APPLICABLE:
        reasons = [f"not applicable: {why}" for why in unusable] or reasons
    elif queries:
        status, reasons, flags = Status.MISSING, queries, {"QUERY": "", **flags}
    decided = status is Status.OK or (status is Status.INDETERMINATE and is_open(found))
    flags |= _near(instrument, found) if decided else {}
    if instrument.unconfirmed:
        flags["rule_unconfirmed"] = instrument.unconfirmed
    undecided = bounded and status in (Status.MISSING, Status.INDETERMINATE)
    possible = _possible(instrument, values, options, missing) if undecided else {}
    category = results.get("category") if decided else None
    return Finding(
        instrument.name,
        found if status is Status.OK else None,
        status,
        category=None if is_open(category) else category,
        unit=instrument.unit,
        **_reported_bounds(instrument, possible, options),
        components=MappingProxyType(
            dict(_shown(entries))
            | ({} if wrong else _parts(results, possible))  # never a number
            | {name: choices[0] for name, choices in instrument.options.items()}
            | {name: choice for name, choice in options.items() if name != ANSWERED}
        ),
        missing=tuple(missing),
        flags=tuple(flags),
        reasons=(*reasons, *(text for text in flags.values() if text)),
        rule=rule,
        rests_on=_rests_on(entries),
        day=day,
    )


def _true(results: Mapping[str, Any], prefix: str) -> list[str]:
    """The names of the conditions of one sort that hold."""
    return [key.removeprefix(prefix) for key, found in results.items() if key.startswith(prefix) and found is True]


def _rests_on(entries: Mapping[str, ItemEntry]) -> tuple[Fact, ...]:
    """What was recorded, also where it is not scored."""
    return tuple(entry.fact for entry in entries.values() if entry.fact.value is not None)


def _as_doubles(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Fraction) else value for name, value in values.items()}


def _missing(instrument: Instrument, values: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """Items that are not known and matter, unless another item that may stand in for them is known."""
    gone = []
    for name, item in instrument.items.items():
        if values[name] is not None or not item.needed or results.get(f"asked:{name}") is False:
            continue
        stands_in = any(values[other] is not None for other in item.missing_when) or None
        if results.get(f"item:{name}", stands_in) is None:
            gone.append(name)
    return gone


def _status(
    instrument: Instrument, values: Mapping[str, Any], results: Mapping[str, Any], missing: list[str]
) -> tuple[Status, list[str]]:
    if results["applies"] is False:
        return Status.NOT_APPLICABLE, ["the condition for using this instrument is not met"]
    if results["applies"] is not True:
        return Status.INDETERMINATE, _open_reasons(values, missing)
    if results["value"] is not None and not is_open(results["value"]):
        return Status.OK, []
    if is_open(results["value"]) and not missing:
        return Status.INDETERMINATE, _open_reasons(values, missing)
    if not missing and results["required"] is True:
        return Status.INDETERMINATE, _undecided(instrument, values)
    if results["required"] is not True:
        return Status.MISSING, [_not_known(name) for name in missing]
    return instrument.when_missing, [_not_known(name) for name in missing]


def _open_reasons(values: Mapping[str, Any], missing: list[str]) -> list[str]:
    """What leaves an answer open: items not known, and those of which only an interval is."""
    spans = [
        f"{name} is known as {value} only, and the answer differs within it"
        for name, value in values.items()
        if isinstance(value, Interval)
    ]
    return [*map(_not_known, missing), *spans]


def _not_known(name: str) -> str:
    return intern(f"{name} is not known")


def _undecided(instrument: Instrument, values: Mapping[str, Any]) -> list[str]:
    """Why nothing missing by itself explains an unknown value: what could still settle it."""
    helpers = [name for name, item in instrument.items.items() if values[name] is None and not item.needed]
    return [f"not decided by what is given; may settle it: {', '.join(helpers)}" if helpers else "not defined here"]


def _near(instrument: Instrument, value: Any) -> dict[str, str]:
    """The flag of a value so close to a limit of any of its bands that rounding it first could change the band."""
    if instrument.near is None or value is None:
        return {}
    low, high = (value.low, value.high) if isinstance(value, Interval) else (value, value)
    limits = [band.upper for bands in instrument.bands.values() for band in bands if band.upper is not None]
    close = [limit for limit in limits if low - limit < instrument.near and limit - high < instrument.near]
    if not close:
        return {}
    return {"NEAR_THRESHOLD": f"within {instrument.near} of {plain(close[0])}: rounding first could change the band"}


def _reported_bounds(
    instrument: Instrument, possible: Mapping[str, Possible], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Between what the value lies, or the part that stands for it, or what lies from one part to another."""
    if not possible:
        return {}
    match instrument.traced(**options).bounds_of:
        case None:
            return _bounds(possible["value"])
        case str(part):
            return _bounds(possible[f"part:{part}"])
        case (lowest, highest):
            return _bounds(_from_to(possible[f"part:{lowest}"], possible[f"part:{highest}"]))


def _from_to(lowest: Possible, highest: Possible) -> Possible:
    if not isinstance(lowest, Interval) or not isinstance(highest, Interval) or lowest.low > highest.high:
        return UNKNOWN
    unknown = lowest.may_be_unknown or highest.may_be_unknown
    return Interval(lowest.low, highest.high, lowest.low_open, highest.high_open, unknown)


def _bounds(possible: Possible) -> dict[str, Any]:
    """A finding's bounds, whether their ends belong to them, and whether there may be no value at all."""
    if not isinstance(possible, Interval):
        return {"bounds": _ends(possible), "may_be_unknown": None in possible}
    opened = (possible.low_open, possible.high_open)
    return {"bounds": _ends(possible), "bounds_open": opened, "may_be_unknown": possible.may_be_unknown}


def _possible(
    instrument: Instrument, values: Mapping[str, Any], options: Mapping[str, Any], missing: list[str]
) -> dict[str, Possible]:
    """What each root may still be; an item that another stands in for, or a helper, stays unknown."""
    ranges = dict.fromkeys(instrument.items, UNKNOWN) | {name: instrument.possible[name] for name in missing}
    return instrument.bounds(**options)(values, ranges)


def _ends(possible: Possible | None) -> tuple[Any, ...] | None:
    """The ends of an interval (None where open), or the labels or truths still possible."""
    if possible is None:
        return None
    if isinstance(possible, Interval):
        return None if possible.ends == (None, None) else possible.ends
    open_to = tuple(sorted((item for item in possible if item is not None), key=str))
    return (
        open_to if len(open_to) > 1 else None
    )  # one answer left, and still unknown: what would settle it is not listed


def _parts(results: Mapping[str, Any], possible: Mapping[str, Possible]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, result in results.items():
        kind, _, name = key.partition(":")
        if kind == "part":
            shown[name] = None if is_open(result) else result
            ends = _ends(possible.get(key)) if shown[name] is None else None
            if ends is not None:
                shown[f"{name}_bounds"] = ends
        elif kind == "band" and name:
            shown[name] = None if is_open(result) else result
    return shown


def _shown(entries: Mapping[str, ItemEntry]) -> dict[str, Any]:
    shown = {name: entry.value for name, entry in entries.items() if entry.value is not None}
    return shown | {f"{name}_recorded": entry.recorded for name, entry in entries.items() if entry.recorded}
