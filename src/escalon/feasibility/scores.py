"""Scores over a population: every instrument that clauses read, computed from the items that stand on one day of a person.

The rule is the one that scores a visit, written as SQL by the same compiler. Items of one day belong together; age, sex,
height and weight are taken from the latest earlier entry. Two values of one item on a day, or one that no body has, leave the
score of that day open, as does an item that is missing: what it might have been is not weighed here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from escalon.conduct.judge.scores import STANDING
from escalon.expressions.program import Program
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.expressions.widened import names_of_ends, widened
from escalon.facts.unit import factor
from escalon.feasibility.mapping import WarehouseMapping
from escalon.feasibility.steps import READINGS, Steps
from escalon.instruments.kit.catalogue import find
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.visits import compares_visits, may_be_settled, reads_baseline
from escalon.protocol.study import Study

_NUMBERS = (Kind.NUMBER, Kind.INTEGER)


def computable(study: Study, mapping: WarehouseMapping, names: Iterable[str]) -> dict[str, list[str]]:
    """The instruments that can be computed from what is mapped, and of each the names wanted; a mapped score is read as it is."""
    found: dict[str, list[str]] = {}
    for name in names:
        base = name.partition(".")[0]
        if base not in study.instruments or {name, base} & mapping.concepts.keys():
            continue
        if not unscored(study, mapping, name):
            found.setdefault(base, []).append(name)
    return found


def unscored(study: Study, mapping: WarehouseMapping, name: str) -> str:
    """Why a score cannot be computed from what is mapped; empty where it can."""
    base, _, part = name.partition(".")
    one = find(base)
    if one.adapt or compares_visits(one) or reads_baseline(one) or _root(part) not in one.program().roots:
        return "its items are not such as one day of a warehouse holds. Map the score itself"
    gone = [key for item, key in one.keys.items() if one.items[item].needed and not _is_mapped(mapping, key)]
    if gone:
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        return f"it is computed from items, and nothing is mapped for {', '.join(gone[:3])}{more}. Map them, or the score itself"
    return ""


def _is_mapped(mapping: WarehouseMapping, key: str) -> bool:
    people = mapping.people
    stands = bool(people and ((key == "age" and people.birth) or (key == "sex" and people.sex)))
    return stands or key in mapping.concepts


def items_of(study: Study, mapping: WarehouseMapping, names: Iterable[str]) -> tuple[str, ...]:
    """The names that the scores are computed from."""
    keys = (key for base in computable(study, mapping, names) for key in find(base).keys.values())
    return tuple(dict.fromkeys(key for key in keys if _is_mapped(mapping, key)))


def _root(part: str) -> str:
    return f"part:{part}" if part else "value"


@dataclass(frozen=True)
class DayScore:
    """One instrument over `score_items`, and the names it gives."""

    study: Study
    instrument: Instrument
    names: tuple[str, ...]
    ages: bool
    """Whether the row of `age` holds the day of birth."""

    def write(self, steps: Steps) -> Iterator[str]:
        """Write the steps of the score; yields a select of rows of `readings` for each name it gives."""
        name = self.instrument.name
        numbers = {key: steps.number(key) for key in self.keys.values() if key in self.study.vocabulary}
        dated = {item: key for item, key in self.keys.items() if key in numbers and key not in ("age", "sex")}
        standing = {item: key for item, key in self.keys.items() if key in numbers and key in STANDING}
        own = [key for key in dated.values() if key not in STANDING] or list(dated.values())
        among = ", ".join(str(numbers[key]) for key in dict.fromkeys(dated.values()))
        cells = [cell for item, key in dated.items() for cell in self._cells(steps, item, numbers[key], "")]
        any_own = ", ".join(str(numbers[key]) for key in dict.fromkeys(own))
        steps.texts[f"{name}_sheet"] = (
            f"SELECT person, d0 AS day, {', '.join(cells)}\nFROM score_items WHERE dated AND d0 = d1 AND n IN ({among})\n"
            f"GROUP BY person, d0 HAVING BOOL_OR(known AND n IN ({any_own}))"
        )
        table = f"{name}_sheet AS t"
        if standing:
            stood = ", ".join(str(numbers[key]) for key in standing.values())
            steps.texts[f"{name}_latest"] = (
                "SELECT * FROM (SELECT i.*, t.day, MAX(i.d0) OVER (PARTITION BY i.person, t.day, i.n) AS edge\n"
                f"FROM {name}_sheet AS t JOIN score_items AS i ON i.person = t.person\n"
                f"WHERE i.known AND i.n IN ({stood}) AND (NOT i.dated OR i.d1 <= t.day)) AS earlier WHERE d0 = edge"
            )
            latest = [cell for item, key in standing.items() for cell in self._cells(steps, item, numbers[key], "was_")]
            steps.texts[f"{name}_standing"] = (
                f"SELECT person AS who, day AS on_day, {', '.join(latest)}\nFROM {name}_latest GROUP BY person, day"
            )
            table += f" LEFT JOIN {name}_standing AS s ON t.person = s.who AND t.day = s.on_day"
        steps.texts[f"{name}_items"] = (
            f"SELECT t.person, t.day, {', '.join(self._inputs(dated, standing))}\nFROM {table}"
        )
        steps.texts[f"{name}_scored"] = sql(
            self._program,
            self.instrument.is_exact,
            steps.dialect_name,
            f"{name}_items",
            keep=["person", "day", "wrong", "meant"],
        )
        for each in self.names:
            yield self._rows(steps, each)

    @property
    def keys(self) -> Mapping[str, str]:
        """Each item, and the name it has in data."""
        return self.instrument.keys

    @cached_property
    def _program(self) -> Program:
        """The wanted results of the rule, and what makes them void, with its numbers as intervals."""
        whole, items = self.instrument.program(), self.instrument.items
        wanted = {"applies", *(_root(name.partition(".")[2]) for name in self.names)}
        roots = {name: at for name, at in whole.roots.items() if name in wanted or name.startswith("check:")}
        numbers = {name for name, item in items.items() if item.kind in _NUMBERS}
        subset = Program(whole.steps, roots)
        inputs = {one.name for one in subset.inputs} & numbers
        return widened(subset, inputs, {name: (items[name].low, items[name].high) for name in inputs})

    def _cells(self, steps: Steps, item: str, n: int, prefix: str) -> Iterator[str]:
        """What stands for an item among rows: its ends, its truth or its word, whether it is given, and whether it is void."""
        kind, own = self.instrument.items[item].kind, f"n = {n} AND known"

        def most(of: str, text: str) -> str:
            return f"{of}(CASE WHEN {own} THEN {text} END)"

        yield f"COALESCE(BOOL_OR({own}), FALSE) AS {prefix}{item}_given"
        if kind in _NUMBERS and item == "age" and self.ages:
            born = [most("MAX", "d1"), most("MIN", "d0")]
            ages = [_years(steps, "MAX(day)", day) for day in born]
            yield f"{ages[0]} AS {prefix}{item}_low, {ages[1]} AS {prefix}{item}_high"
            yield f"FALSE AS {prefix}{item}_low_open, FALSE AS {prefix}{item}_high_open, FALSE AS {prefix}{item}_void"
        elif kind in _NUMBERS:
            times = steps.literal(float(self._times(item)))
            low, high = (
                f"NULLIF({most(*end)}, {steps.infinite(sign)})"
                for end, sign in ((("MIN", "lo"), "-"), (("MAX", "hi"), ""))
            )
            yield f"{low} * {times} AS {prefix}{item}_low, {high} * {times} AS {prefix}{item}_high"
            yield f"COALESCE(BOOL_OR({own} AND lo_open), FALSE) AS {prefix}{item}_low_open"
            yield f"COALESCE(BOOL_OR({own} AND hi_open), FALSE) AS {prefix}{item}_high_open"
            several = f"{most('MIN', 'lo')} <> {most('MAX', 'lo')} OR {most('MIN', 'hi')} <> {most('MAX', 'hi')}"
            yield f"COALESCE({several} OR BOOL_OR({own} AND lo IS NULL), FALSE) AS {prefix}{item}_void"
        elif kind is Kind.TRUTH:
            yield f"BOOL_OR(CASE WHEN {own} THEN said END) AS {prefix}{item}"
            yield f"COALESCE(BOOL_OR({own} AND said) AND BOOL_OR({own} AND NOT said), FALSE) AS {prefix}{item}_void"
        else:
            choices = " ".join(
                f"WHEN {steps.literal(one.lower())} THEN {steps.literal(one)}"
                for one in self.instrument.items[item].choices
            )
            yield f"CASE {most('MIN', 'word')} {choices} END AS {prefix}{item}"
            yield f"COALESCE({most('MIN', 'word')} <> {most('MAX', 'word')}, FALSE) AS {prefix}{item}_void"

    def _times(self, item: str) -> Any:
        """What to multiply by to have the unit of the instrument."""
        of, asked = self.study.vocabulary[self.keys[item]], self.instrument.items[item]
        return factor(of.unit, asked.unit, of.substance) if of.unit and asked.unit else 1

    def _inputs(self, dated: Mapping[str, str], standing: Mapping[str, str]) -> Iterator[str]:
        """Each item of the day, or of the latest earlier entry; whether one is void; and whether a score was meant."""
        void, given = [], {}
        for item, asked in self.instrument.items.items():
            places = [prefix for prefix, some in (("t.", dated), ("s.was_", standing)) if item in some]
            for column in names_of_ends(item) if asked.kind in _NUMBERS else (item,):
                typed = "BOOLEAN" if column.endswith("_open") or asked.kind is Kind.TRUTH else "DOUBLE PRECISION"
                empty = "CAST(NULL AS VARCHAR(9))" if asked.kind is Kind.LABEL else f"CAST(NULL AS {typed})"
                yield f"{self._first(item, column, places) if places else empty} AS {column}"
            if places:
                void.append(f"COALESCE({self._first(item, f'{item}_void', places)}, FALSE)")
                given[item] = f"COALESCE({self._first(item, f'{item}_given', places)}, FALSE)"
        yield f"({' OR '.join(void)}) AS wrong"
        yield f"({self._meant(given)}) AS meant"

    @staticmethod
    def _first(item: str, column: str, places: list[str]) -> str:
        """A column of the day where the item is given there, else of the latest earlier entry."""
        if len(places) == 1:
            return f"{places[0]}{column}"
        return f"CASE WHEN t.{item}_given THEN t.{column} ELSE s.was_{column} END"

    def _meant(self, given: Mapping[str, str]) -> str:
        """Whether so much was recorded that a score was meant: half of what the day itself has to give."""
        items = self.instrument.items
        own = [name for name in items if self.keys[name] not in STANDING] or list(items)
        wanted = [name for name in own if items[name].needed]
        parts = []
        for name in wanted:
            instead = [other for other in items if name in items[other].instead_of]
            some = [given[one] for one in (name, *items[name].missing_when, *instead) if one in given]
            parts += [f"CASE WHEN {' OR '.join(some)} THEN 1 ELSE 0 END"] if some else []
        return f"2 * ({' + '.join(parts) or '0'}) >= {len(wanted)}"

    def _rows(self, steps: Steps, name: str) -> str:
        """The rows of `readings` of one result."""
        root = _root(name.partition(".")[2])
        whole, quote = self.instrument.program(), steps.spelling.name
        kind = whole.steps[whole.roots[root]].kind
        checks = [f"COALESCE({quote(check)}, FALSE)" for check in whole.roots if check.startswith("check:")]
        use = f"COALESCE({quote('applies')}, FALSE) AND " if root == "value" else ""
        holds = f"{use}NOT ({' OR '.join(['wrong', *checks])})"
        double, text = steps.spelling.double, steps.spelling.text
        cells = dict.fromkeys(("lo", "hi", "upper", "lower"), f"CAST(NULL AS {double})")
        cells |= {"person": "person", "n": str(steps.number(name)), "lo_open": "FALSE", "hi_open": "FALSE",
                  "said": "CAST(NULL AS BOOLEAN)", "word": f"CAST(NULL AS {text})", "dated": "TRUE", "d0": "day", "d1": "day",
                  "known": f"COALESCE({holds} AND {quote(root)} IS NOT NULL, FALSE)"}  # fmt: skip
        if kind in _NUMBERS:
            low, low_open, high, high_open = map(quote, names_of_ends(root))
            there = f"WHEN {holds} AND ({low} IS NOT NULL OR {high} IS NOT NULL) THEN"
            cells["lo"] = f"CASE {there} COALESCE({low}, {steps.infinite('-')}) END"
            cells["hi"] = f"CASE {there} COALESCE({high}, {steps.infinite()}) END"
            cells |= {"lo_open": f"COALESCE({low_open}, FALSE)", "hi_open": f"COALESCE({high_open}, FALSE)"}
        elif kind is Kind.TRUTH:
            cells["said"] = f"CASE WHEN {holds} THEN {quote(root)} END"
        else:
            cells["word"] = f"CASE WHEN {holds} THEN LOWER({quote(root)}) END"
        listed = ", ".join(f"{cells[column]} AS {column}" for column in READINGS)
        decided = f" OR {quote(root)} IS NOT NULL" if may_be_settled(self.instrument) else ""
        return f"SELECT {listed}\nFROM {self.instrument.name}_scored WHERE meant{decided}"


def _years(steps: Steps, day: str, born: str) -> str:
    """Completed years on a day."""
    in_year = [f"EXTRACT(MONTH FROM {one}) * 100 + EXTRACT(DAY FROM {one})" for one in (born, day)]
    years = f"EXTRACT(YEAR FROM {day}) - EXTRACT(YEAR FROM {born}) - CASE WHEN {in_year[0]} > {in_year[1]} THEN 1 ELSE 0 END"
    return f"CAST({years} AS {steps.spelling.double})"
