"""An instrument: a published score, index or classification, written once as a plain function and traced."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from escalon.expressions.bounds import compile_bounds
from escalon.expressions.possible import Possible
from escalon.expressions.program import Program, program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import Symbol, all_of, any_of, as_node, case, negated, otherwise, symbol
from escalon.expressions.tree import Node, Op
from escalon.facts import Status, exact
from escalon.instruments.kit.bands import Band, banded, parse_bands
from escalon.instruments.kit.item import BELOW_LIMIT, BELOW_LIMIT_COUNTS_AS, Item
from escalon.instruments.kit.ranges import with_ranges

ANSWERED = "answered"
"""Beside the options: which questions to a visit a person answered, so that they hold nothing back."""
_INEXACT = frozenset({"sqrt", "ln", "exp", "power"})
_Made = TypeVar("_Made")


def _kept(make: Callable[..., _Made]) -> Callable[..., _Made]:
    """A method of an instrument and its options that makes each thing once; an instrument is there as long as the program."""
    return cache(make)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an instrument's function returns when it yields more than a number.

    `value` is the score or label; `applies` says whether the instrument may be used at all, and `unless` maps a sentence to a
    condition under which it may not (another disease explains the findings); `parts` are intermediate terms
    shown beside the result; `bounds_of` names the part whose bounds are reported when the value is unknown, or two parts,
    of which the first gives the low end and the second the high end; `flags` map a code to a condition and its sentence;
    `contradictions` map a sentence to a condition that makes the input invalid; `asked_when` maps an item to the condition
    under which it matters: where that is false, it is not missing. `read_as` says what an item counts as where others may
    stand in for it, so that it is missing only if they do not settle it. `queries` map a sentence to a condition under
    which nothing is scored until the entry is confirmed (status missing, flag QUERY). Without `required` there is no value
    and the status is missing, whatever the other items say.
    """

    value: Any
    applies: Any = True
    unless: Mapping[str, Any] = field(default_factory=dict)
    category: Any = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    bounds_of: str | tuple[str, str] | None = None
    flags: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    contradictions: Mapping[str, Any] = field(default_factory=dict)
    asked_when: Mapping[str, Any] = field(default_factory=dict)
    read_as: Mapping[str, Any] = field(default_factory=dict)
    queries: Mapping[str, Any] = field(default_factory=dict)
    required: Any = True

    @property
    def usable(self) -> Any:
        """Whether the instrument may be used: a known no where one of the conditions against it holds."""
        return all_of(self.applies, negated(any_of(*self.unless.values()))) if self.unless else self.applies

    @property
    def scored(self) -> Any:
        """The value, unknown where something required is missing or a query is open."""
        value = self.value if self.required is True else case(self.required, self.value, None)
        if not self.queries:
            return value
        return case(otherwise(any_of(self.queries.values()), False), None, value)

    def without_queries(self, answered: Iterable[str]) -> "Outcome":
        """The same where a person answered some of its questions: they hold nothing back, and are flagged CONFIRMED."""
        gone = tuple(answered)
        condition = any_of([self.queries[sentence] for sentence in gone])
        flags = {**self.flags, "CONFIRMED": (condition, f"confirmed although {'; '.join(gone)}")}
        left = {sentence: asked for sentence, asked in self.queries.items() if sentence not in gone}
        return replace(self, queries=left, flags=flags)


class Items(Mapping[str, Symbol]):
    """An instrument's items as symbols, by key or by attribute: `it["seizure"]`, `it.seizure`."""

    def __init__(self, symbols: Mapping[str, Symbol]) -> None:
        self._symbols = symbols

    def __getitem__(self, name: str) -> Symbol:
        return self._symbols[name]

    def __getattr__(self, name: str) -> Symbol:
        try:
            return self._symbols[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def __len__(self) -> int:
        return len(self._symbols)


@dataclass(frozen=True, eq=False)
class Instrument:
    """A published instrument. Called with plain numbers in canonical units it gives the value, or None if unknown.

    An Interval may stand for a number; the value is then one too, unless every number in it gives the same.
    """

    name: str
    title: str
    source: str
    about: str
    rule: Callable[..., Any]
    items: Mapping[str, Item]
    options: Mapping[str, tuple[Any, ...]]
    bands: Mapping[str, tuple[Band, ...]]
    code: str
    takes_items: bool
    flags: Mapping[str, tuple[Callable[..., Any], str]] = field(default_factory=dict)
    unit: str | None = None
    version: str = "1"
    near: float | None = None
    when_missing: Status = Status.MISSING
    unconfirmed: str | None = None
    notes: str = ""
    adapt: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    default_bands: bool = True
    also: tuple[str, ...] = ()
    """Further names it goes by."""

    def __call__(self, *values: Any, **named: Any) -> Any:
        """The value for items in canonical units; None where something needed is not known."""
        reading = self._value_reading
        if named:
            values = tuple(reading.take(values, named, self))
        return reading.positional(*values)

    @_kept
    def program(self, **options: Any) -> Program:
        """The traced program with the given options: roots `value`, `category`, `applies`, `flag:…`, `part:…`, `check:…`."""
        return program(self._roots(options))

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Every other name an item goes by, with the item's own name."""
        return {other: name for name, item in self.items.items() for other in item.also}

    @cached_property
    def of_the_visit(self) -> Mapping[str, Item]:
        """The items that belong to the visit itself: neither a value at baseline nor which form that was taken from."""
        before = {name for name, item in self.items.items() if item.baseline_of is not None}
        return {name: item for name, item in self.items.items() if not {name, item.source_of} & before}

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The name each item has in data: the one several instruments share, or `<instrument>.<item>`."""
        return {name: item.fact or f"{self.name}.{name}" for name, item in self.items.items()}

    @cached_property
    def is_exact(self) -> bool:
        """Whether it is computed in exact arithmetic; roots and logarithms are doubles."""
        return not any(isinstance(step.node, Op) and step.node.name in _INEXACT for step in self.program().steps)

    @_kept
    def scalar(self, **options: Any) -> Callable[..., dict[str, Any]]:
        """The compiled reading of all roots for one visit."""
        return compile_scalar(self.program(**options), self.is_exact)

    @_kept
    def bounds(self, **options: Any) -> Callable[..., dict[str, Possible]]:
        """What the value and each part may still be, for one visit with items missing."""
        whole = self.program(**options)
        roots = {name: at for name, at in whole.roots.items() if name == "value" or name.startswith("part:")}
        return compile_bounds(Program(whole.steps, roots))

    @cached_property
    def possible(self) -> Mapping[str, Possible]:
        """What each item may be while it is missing."""
        return {name: item.possible() for name, item in self.items.items()}

    @cached_property
    def _value_reading(self) -> "_ValueReading":
        return _ValueReading(self)

    def _roots(self, options: Mapping[str, Any]) -> dict[str, Node]:
        symbols = self._symbols
        outcome = self.traced(**options)
        roots = {"value": outcome.scored, "applies": outcome.usable, "required": outcome.required}
        for number, (name, bands) in enumerate(self.bands.items()):
            roots[f"band:{name}"] = banded(roots["value"], bands)
            if number == 0 and self.default_bands:
                roots["category"] = roots[f"band:{name}"]
        if outcome.category is not None:
            roots["category"] = outcome.category
        roots |= {f"part:{name}": term for name, term in outcome.parts.items()}
        roots |= {f"flag:{code}": condition for code, (condition, _) in outcome.flags.items()}
        roots |= {f"flag:{code}": _with_named(condition, symbols) for code, (condition, _) in self.flags.items()}
        # Numbered, because PostgreSQL cuts a column's name after 63 bytes; `sentences` has the words.
        roots |= {f"check:{number}": condition for number, condition in enumerate(outcome.contradictions.values())}
        roots |= {f"unless:{number}": condition for number, condition in enumerate(outcome.unless.values())}
        roots |= {f"asked:{name}": condition for name, condition in outcome.asked_when.items()}
        roots |= {f"item:{name}": term for name, term in outcome.read_as.items()}
        roots |= {f"query:{number}": condition for number, condition in enumerate(outcome.queries.values())}
        return {name: as_node(term) for name, term in roots.items()}

    @_kept
    def traced(self, **options: Any) -> Outcome:
        """What the function returns when called with a symbol for each item."""
        options.pop(BELOW_LIMIT, None)  # a matter of reading values, not of the rule
        answered = options.pop(ANSWERED, ())
        symbols = self._symbols
        result = self.rule(Items(symbols), **options) if self.takes_items else self.rule(**symbols, **options)
        outcome = result if isinstance(result, Outcome) else Outcome(result)
        return outcome.without_queries(answered) if answered else outcome

    def answered(self, confirmed: frozenset[str], **options: Any) -> dict[str, Any]:
        """The questions to a visit that read an item whose value was confirmed, as `program` and `traced` take them."""
        outcome = self.traced(**options)
        answered = tuple(
            sentence
            for sentence, condition in outcome.queries.items()
            if confirmed & {read.name for read in program({"asked": as_node(condition)}).inputs}
        )
        return {ANSWERED: answered} if answered else {}

    def sentence(self, code: str, **options: Any) -> str:
        """What a flag of this instrument means."""
        if code in self.flags:
            return self.flags[code][1]
        return self.traced(**options).flags[code][1]

    def sentences(self, sort: str, **options: Any) -> tuple[str, ...]:
        """What each numbered `check` (a contradiction), `query` (an entry to confirm) or `unless` (no use) says."""
        outcome = self.traced(**options)
        return tuple({"check": outcome.contradictions, "query": outcome.queries, "unless": outcome.unless}[sort])

    @cached_property
    def _symbols(self) -> dict[str, Symbol]:
        return {name: symbol(name, item.kind) for name, item in self.items.items()}

    def __repr__(self) -> str:
        return f"<instrument {self.name}: {self.title}>"


class _ValueReading:
    """The quick way from plain numbers to the value alone."""

    def __init__(self, instrument: Instrument) -> None:
        whole = instrument.program()
        only = Program(whole.steps, {"value": whole.roots["value"]})
        self.names = tuple(instrument.items)
        self._reading: Any = compile_scalar(only, instrument.is_exact)
        self._convert = exact if instrument.is_exact else float
        self._places = [self.names.index(item.name) for item in only.inputs]

    def take(self, values: tuple[Any, ...], named: Mapping[str, Any], instrument: Instrument) -> Iterator[Any]:
        unknown = set(named) - set(self.names)
        if unknown:
            raise TypeError(
                f"{instrument.name} has no item {', '.join(sorted(unknown))}. Items: {', '.join(self.names)}"
            )
        yield from values
        for name in self.names[len(values) :]:
            yield named.get(name)

    def positional(self, *values: Any) -> Any:
        given = [self._convert(value) if isinstance(value, float) else value for value in values]
        given += [None] * (len(self.names) - len(given))
        try:
            return self._reading.positional(*[given[place] for place in self._places])["value"]
        except TypeError:  # an interval is no number; the reading by name takes it, and names what it does not take
            return self._reading(**dict(zip(self.names, given, strict=False)))["value"]


def _with_named(condition: Callable[..., Any], symbols: Mapping[str, Symbol]) -> Any:
    wanted = inspect.signature(condition).parameters
    return condition(**{name: symbols[name] for name in wanted})


def instrument(
    title: str,
    *,
    source: str,
    items: Mapping[str, Item] | None = None,
    bands: str | Mapping[str, str] | None = None,
    name: str = "",
    code: str = "",
    **stated: Any,
) -> Callable[[Callable[..., Any]], Instrument]:
    """Make a plain function an instrument; what else is `stated` is as in `Instrument`.

    Items are the function's annotated parameters (`tender: Joints28`), or `items=` for long lists, when the function takes
    one argument with an attribute per item. Keyword-only parameters are options: the default first, every choice in their
    `Literal` annotation. `bands` may name several sets; the first gives the category, unless
    `default_bands` is false because several circulate and none is the instrument's own. `flags` map a code to a condition on
    items and its sentence. `adapt` turns what people write into items before anything is read (a list of drug names into a
    count). `near` flags a double closer than this to a limit of any bands. `unconfirmed` says why
    the rule still needs a source.
    """
    sets = {"": bands} if isinstance(bands, str) else dict(bands or {})

    def wrap(rule: Callable[..., Any]) -> Instrument:
        own, options = _parameters(rule)
        ranged = {key: with_ranges(item, key) for key, item in (own if items is None else items).items()}
        if any(item.below_limit for item in ranged.values()):
            options[BELOW_LIMIT] = tuple(BELOW_LIMIT_COUNTS_AS)
        called = name or rule.__name__
        return Instrument(
            called, title, source, inspect.getdoc(rule) or "", rule, ranged, options,
            {label: parse_bands(text) for label, text in sets.items()},
            code or called.upper().replace("_", "")[:8], items is not None, **stated,
        )  # fmt: skip

    return wrap


def _parameters(rule: Callable[..., Any]) -> tuple[dict[str, Item], dict[str, tuple[Any, ...]]]:
    """The items among a function's parameters, and its options with their choices, the default first."""
    hints = get_type_hints(rule, include_extras=True)
    items: dict[str, Item] = {}
    options: dict[str, tuple[Any, ...]] = {}
    for name, parameter in inspect.signature(rule).parameters.items():
        hint = hints.get(name)
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            others = [choice for choice in get_args(hint) if choice != parameter.default]
            options[name] = (parameter.default, *others)
        elif get_origin(hint) is Annotated:
            items[name] = next(mark for mark in get_args(hint) if isinstance(mark, Item))
    return items, options
