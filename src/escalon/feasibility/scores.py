"""Scores over a population: every instrument that clauses read, computed from the items that stand on one day of a person.

The rule is the one that scores a visit, written as SQL by the same compiler. Items of one day belong together; age, sex,
height and weight are taken from the latest earlier entry. Two values of one item on a day, or one that no body has, leave the
score of that day open. Where an item is missing the score lies between what it could still be, as at a visit. An item of
which silence counts as no is a no where nothing at all is recorded of it, on a day under observation.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from escalon.conduct.judge.scores import STANDING
from escalon.expressions.program import Program
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.expressions.widened import names_of_ends, widened
from escalon.facts.unit import factor
from escalon.feasibility.computable import root_of
from escalon.feasibility.steps import READINGS, Steps
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.visits import may_be_settled
from escalon.protocol.study import Study

_NUMBERS = (Kind.NUMBER, Kind.INTEGER)
_EMPTY = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: "VARCHAR(9)"}


@dataclass(frozen=True)
class DayScore:
    """One instrument over `score_items`, and the names it gives."""

    study: Study
    instrument: Instrument
    names: tuple[str, ...]
    ages: bool
    """Whether the row of `age` holds the day of birth."""
    parts: tuple[str, ...] = ()
    """Selects of rows of the scores it is made of."""
    silent: frozenset[str] = frozenset()

    def write(self, steps: Steps) -> dict[str, str]:
        """Write the steps of the score; returns a select of rows of `readings` for each name it gives."""
        name, rows = self.instrument.name, "score_items"
        if self.parts:
            rows = f"{name}_entries"
            steps.texts[rows] = "\nUNION ALL\n".join(["SELECT * FROM score_items", *self.parts])
        dated = {key: n for key, n in self._numbers(steps).items() if key not in ("age", "sex")}
        own = {n for key, n in dated.items() if key not in STANDING} or set(dated.values())
        table = self._write_sheet(steps, rows, dated, own)
        inputs = ", ".join(self._inputs(steps))
        steps.texts[f"{name}_items"] = f"SELECT t.person, t.day, {inputs}\nFROM {table}"
        keep = ["person", "day", "wrong", "meant"]
        if self._open_root:
            keep += [column for item in self._read for column in (*self._columns(item), f"{item}_given")]
        steps.texts[f"{name}_scored"] = sql(
            self._program, self.instrument.is_exact, steps.dialect_name, f"{name}_items", keep=keep
        )
        found = {each: self._rows(steps, each) for each in self.names}
        if self._open_root:
            self._write_bounds(steps)
            found[name] += f"\nUNION ALL\n{self._open_rows(steps)}"
        return found

    def _write_sheet(self, steps: Steps, rows: str, dated: Mapping[str, int], own: Collection[int]) -> str:
        """A row for each day that has an item of its own, with what stands for the person; returns what to read."""
        name, numbers = self.instrument.name, self._numbers(steps)
        cells = [cell for key, n in dated.items() for cell in self._cells(steps, key, n, "x")]
        among = f"dated AND d0 = d1 AND n IN ({_list(dated.values())})"
        steps.texts[f"{name}_sheet"] = (
            f"SELECT person, d0 AS day, {', '.join(cells)}\nFROM {rows} WHERE {among}\n"
            f"GROUP BY person, d0 HAVING BOOL_OR(known AND n IN ({_list(own)}))"
        )
        table = f"{name}_sheet AS t"
        standing = {key: n for key, n in numbers.items() if key in STANDING}
        if standing:
            steps.texts[f"{name}_latest"] = (
                "SELECT * FROM (SELECT i.*, t.day, MAX(i.d0) OVER (PARTITION BY i.person, t.day, i.n) AS edge\n"
                f"FROM {name}_sheet AS t JOIN {rows} AS i ON i.person = t.person\n"
                f"WHERE i.known AND i.n IN ({_list(standing.values())}) AND (NOT i.dated OR i.d1 <= t.day)) AS earlier "
                "WHERE d0 = edge"
            )
            latest = [cell for key, n in standing.items() for cell in self._cells(steps, key, n, "w")]
            steps.texts[f"{name}_standing"] = (
                f"SELECT person AS who, day AS on_day, {', '.join(latest)}\nFROM {name}_latest GROUP BY person, day"
            )
            table += f" LEFT JOIN {name}_standing AS s ON t.person = s.who AND t.day = s.on_day"
        if silent := [numbers[key] for key in self._quiet if key in numbers]:
            said = ", ".join(f"BOOL_OR(n = {n}) AS said{n}" for n in silent)
            steps.texts[f"{name}_spoken"] = f"SELECT person AS speaker, {said}\nFROM {rows} GROUP BY person"
            table += f" LEFT JOIN {name}_spoken AS q ON t.person = q.speaker"
        if silent and steps.observed:
            steps.texts[f"{name}_seen"] = (
                f"SELECT DISTINCT t.person AS seen, t.day AS seen_day FROM {name}_sheet AS t JOIN {steps.observed} AS o\n"
                "ON t.person = o.person WHERE o.o0 <= t.day AND o.o1 >= t.day"
            )
            table += f" LEFT JOIN {name}_seen AS o ON t.person = o.seen AND t.day = o.seen_day"
        return table

    # ---- which names the items are taken from

    def _keys(self, item: str) -> tuple[str, ...]:
        return (self.instrument.keys[item], *self.instrument.items[item].of)

    def _numbers(self, steps: Steps) -> dict[str, int]:
        """The number of every name an item may be taken from, of those that the study or a part of it gives."""
        keys = dict.fromkeys(key for item in self.instrument.items for key in self._keys(item))
        return {key: steps.number(key) for key in keys if key in self.study.vocabulary or self._is_part(key)}

    def _is_part(self, key: str) -> bool:
        return bool(self.parts) and key.partition(".")[0] in self.study.instruments

    @cached_property
    def _quiet(self) -> frozenset[str]:
        """The names of yes-or-no items of which silence counts as no."""
        items = self.instrument.items
        return self.silent & {key for item in items if items[item].kind is Kind.TRUTH for key in self._keys(item)}

    # ---- the rule

    @cached_property
    def _open_root(self) -> tuple[str, ...]:
        """The roots between which the score lies where it is open: one, or one for each end; none of what is no number."""
        whole, base = self.instrument.program(), self.instrument.name
        named = self.instrument.traced().bounds_of
        roots = (
            ("value",)
            if named is None
            else tuple(f"part:{one}" for one in ([named] if isinstance(named, str) else named))
        )
        numeric = all(whole.steps[whole.roots[root]].kind in _NUMBERS for root in (*roots, "value"))
        return roots if numeric and base in self.names else ()

    @cached_property
    def _subset(self) -> Program:
        """The wanted results of the rule, what makes them void, and whether an item that is missing matters."""
        whole = self.instrument.program()
        wanted = {"value", "applies", *(root_of(self.instrument, name.partition(".")[2]) for name in self.names)}
        sorts = ("check:", "asked:", "item:") if self._open_root else ("check:",)
        return Program(
            whole.steps, {name: at for name, at in whole.roots.items() if name in wanted or name.startswith(sorts)}
        )

    @cached_property
    def _program(self) -> Program:
        """The results, with every number as an interval."""
        items = self.instrument.items
        numbers = {one.name for one in self._subset.inputs if items[one.name].kind in _NUMBERS}
        return widened(self._subset, numbers, {name: (items[name].low, items[name].high) for name in numbers})

    @cached_property
    def _bounded(self) -> Program:
        """What the score may still be, with every item that is missing as any of what it can be."""
        whole, items = self.instrument.program(), self.instrument.items
        subset = Program(whole.steps, {name: whole.roots[name] for name in self._open_root})
        ranges = {name: item.choices or (item.low, item.high) for name, item in items.items()}
        return widened(subset, {one.name for one in subset.inputs}, ranges, sure=True)

    @cached_property
    def _read(self) -> tuple[str, ...]:
        """The items that any result reads."""
        whole = self.instrument.program()
        read = {one.name for one in self._subset.inputs}
        read |= {one.name for one in Program(whole.steps, {name: whole.roots[name] for name in self._open_root}).inputs}
        helping = {other for name in read for other in self.instrument.items[name].missing_when}
        return tuple(name for name in self.instrument.items if name in read | helping)

    # ---- what stands for an item

    def _cells(self, steps: Steps, key: str, n: int, prefix: str) -> Iterator[str]:
        """What stands for a name among rows: its ends, its truth or its word, whether it is given, and whether it is void."""
        item = next(item for name, item in self.instrument.items.items() if key in self._keys(name))
        cell, own = f"{prefix}{n}", f"n = {n} AND known"

        def most(of: str, text: str) -> str:
            return f"{of}(CASE WHEN {own} THEN {text} END)"

        yield f"COALESCE(BOOL_OR({own}), FALSE) AS {cell}_given"
        if item.kind in _NUMBERS and key == "age" and self.ages:
            ages = [_years(steps, "MAX(day)", day) for day in (most("MAX", "d1"), most("MIN", "d0"))]
            yield f"{ages[0]} AS {cell}_low, {ages[1]} AS {cell}_high"
            yield f"FALSE AS {cell}_low_open, FALSE AS {cell}_high_open, FALSE AS {cell}_void"
        elif item.kind in _NUMBERS:
            low = f"NULLIF({most('MIN', 'lo')}, {steps.infinite('-')})"
            high = f"NULLIF({most('MAX', 'hi')}, {steps.infinite()})"
            yield f"{low} AS {cell}_low, {high} AS {cell}_high"
            yield f"COALESCE(BOOL_OR({own} AND lo_open), FALSE) AS {cell}_low_open"
            yield f"COALESCE(BOOL_OR({own} AND hi_open), FALSE) AS {cell}_high_open"
            several = f"{most('MIN', 'lo')} <> {most('MAX', 'lo')} OR {most('MIN', 'hi')} <> {most('MAX', 'hi')}"
            yield f"COALESCE({several} OR BOOL_OR({own} AND lo IS NULL), FALSE) AS {cell}_void"
        elif item.kind is Kind.TRUTH:
            both = f"BOOL_OR({own} AND said) AND BOOL_OR({own} AND NOT said)"
            yield f"BOOL_OR(CASE WHEN {own} THEN said END) AS {cell}_said"
            yield f"COALESCE({both} OR BOOL_OR({own} AND said IS NULL), FALSE) AS {cell}_void"
        else:
            yield f"{most('MIN', 'word')} AS {cell}_word"
            yield f"COALESCE({most('MIN', 'word')} <> {most('MAX', 'word')}, FALSE) AS {cell}_void"

    def _inputs(self, steps: Steps) -> Iterator[str]:
        """Each item of the day, or of the latest earlier entry; whether one is void; and whether a score was meant."""
        numbers, void, given = self._numbers(steps), [], {}
        for name, item in self.instrument.items.items():
            # The first of its names that the day has; what stands for the person from an earlier day only then.
            places = [(key, f"{letter}{numbers[key]}") for key in self._keys(name) if key in numbers for letter in
                      (("t.x", "s.w") if key in STANDING else ("t.x",)) if (letter, key) not in _UNDATED]  # fmt: skip
            silent = [
                self._silence(steps, numbers[key]) for key in self._keys(name) if key in self._quiet & numbers.keys()
            ]
            for column, text in self._picked(steps, item, name, places, silent):
                yield f"{text} AS {column}"
            flags = [f"COALESCE({cell}_given, FALSE)" for _, cell in places] + silent
            given[name] = f"({' OR '.join(flags)})" if flags else "FALSE"
            yield f"{given[name]} AS {name}_given"
            cases = " ".join(f"WHEN {cell}_given THEN {cell}_void" for _, cell in places)
            void += [f"COALESCE(CASE {cases} END, FALSE)"] if places else []
        yield f"({' OR '.join(void)}) AS wrong"
        yield f"({self._meant(given)}) AS meant"

    def _picked(
        self, steps: Steps, item: Item, name: str, places: list[tuple[str, str]], silent: list[str]
    ) -> Iterator[tuple[str, str]]:
        """The columns of an item, each from the first of the places that is given."""
        for column, end in zip(self._columns(name), _CELLS.get(item.kind, _ENDS), strict=True):
            cases = []
            for key, cell in places:
                text = f"{cell}_{end}"
                if end == "word":
                    words = " ".join(
                        f"WHEN {steps.literal(one.lower())} THEN {steps.literal(one)}" for one in item.choices
                    )
                    text = f"CASE {text} {words} END"
                elif end in ("low", "high") and (times := self._times(item, key)) != 1:
                    text = f"{text} * {steps.literal(float(times))}"
                cases.append(f"WHEN {cell}_given THEN {text}")
            cases += [f"WHEN {quiet} THEN FALSE" for quiet in silent]
            kind = "BOOLEAN" if end.endswith("_open") else _EMPTY.get(item.kind, steps.spelling.double)
            yield column, f"CASE {' '.join(cases)} END" if cases else f"CAST(NULL AS {kind})"

    def _columns(self, name: str) -> tuple[str, ...]:
        return names_of_ends(name) if self.instrument.items[name].kind in _NUMBERS else (name,)

    def _silence(self, steps: Steps, n: int) -> str:
        """Whether a name is a no because nothing is recorded of it at all, on a day under observation."""
        return f"(NOT COALESCE(q.said{n}, FALSE){' AND o.seen IS NOT NULL' if steps.observed else ''})"

    def _times(self, item: Item, key: str) -> Any:
        """What to multiply by to have the unit of the instrument."""
        of = self.study.vocabulary.get(key)
        return factor(of.unit, item.unit, of.substance) if of and of.unit and item.unit else 1

    def _meant(self, given: Mapping[str, str]) -> str:
        """Whether so much was recorded that a score was meant: half of what the day itself has to give."""
        items = self.instrument.items
        own = [name for name in items if self.instrument.keys[name] not in STANDING] or list(items)
        wanted = [name for name in own if items[name].needed]
        parts = []
        for name in wanted:
            instead = [other for other in items if name in items[other].instead_of]
            some = [
                one for one in (given[one] for one in (name, *items[name].missing_when, *instead)) if one != "FALSE"
            ]
            parts += [f"CASE WHEN {' OR '.join(some)} THEN 1 ELSE 0 END"] if some else []
        return f"2 * ({' + '.join(parts) or '0'}) >= {len(wanted)}"

    # ---- what it gives

    def _void(self, steps: Steps) -> str:
        checks = [
            f"COALESCE({steps.spelling.name(one)}, FALSE)" for one in self._subset.roots if one.startswith("check:")
        ]
        return f"({' OR '.join(['wrong', *checks])})"

    def _rows(self, steps: Steps, name: str) -> str:
        """The rows of `readings` of one result, but those of an open score that `_open_rows` gives."""
        root, quote = root_of(self.instrument, part := name.partition(".")[2]), steps.spelling.name
        kind = self._subset.steps[self._subset.roots[root]].kind
        use = f"COALESCE({quote('applies')}, FALSE) AND " if part in ("", "category") else ""
        holds = f"{use}NOT {self._void(steps)}"
        value = f"CASE WHEN {holds} THEN {quote(root)} END"
        cells = {"known": f"COALESCE({holds} AND {quote(root)} IS NOT NULL, FALSE)"}
        if kind in _NUMBERS:
            cells |= {"lo": value, "hi": value}
        else:
            cells |= {"said": value} if kind is Kind.TRUTH else {"word": f"LOWER({value})"}
        where = "meant"
        if may_be_settled(self.instrument):
            settled = f"NOT {quote('applies')} OR ({quote('applies')} AND {quote('value')} IS NOT NULL)"
            where += f" OR (NOT {self._void(steps)} AND ({settled}))"
        if self._open_root and not part:
            where = f"({where}) AND NOT ({self._is_open(steps)})"
        return f"SELECT {self._row(steps, name, cells)}\nFROM {self.instrument.name}_scored WHERE {where}"

    def _row(self, steps: Steps, name: str, given: Mapping[str, str]) -> str:
        double, text = steps.spelling.double, steps.spelling.text
        cells = dict.fromkeys(("lo", "hi", "upper", "lower"), f"CAST(NULL AS {double})")
        cells |= {"person": "person", "n": str(steps.number(name)), "lo_open": "FALSE", "hi_open": "FALSE", "known": "FALSE",
                  "said": "CAST(NULL AS BOOLEAN)", "word": f"CAST(NULL AS {text})", "dated": "TRUE", "d0": "day", "d1": "day",
                  **given}  # fmt: skip
        return ", ".join(f"{cells[column]} AS {column}" for column in READINGS)

    def _is_open(self, steps: Steps) -> str:
        quote = steps.spelling.name
        return f"meant AND {quote('value')} IS NULL AND COALESCE({quote('applies')}, TRUE) AND NOT {self._void(steps)}"

    def _write_bounds(self, steps: Steps) -> None:
        """Between what the score lies on the days on which it is open."""
        name, cells = self.instrument.name, ["person", "day"]
        for item in dict.fromkeys(one.name for one in self._bounded.inputs):
            base = item if item in self.instrument.items else item.removesuffix("_open")
            if base in self.instrument.items and item != base and self.instrument.items[base].kind not in _NUMBERS:
                cells.append(f"{self._is_missing(steps, base)} AS {item}")
            elif item in self._read:
                cells.append(item)
        for item in self._read:
            asked = self.instrument.items[item]
            if asked.kind in _NUMBERS and set(names_of_ends(item)) & {one.name for one in self._bounded.inputs}:
                low, low_open, high, high_open = names_of_ends(item)
                gone = self._is_missing(steps, item)
                for end, limit in ((low, asked.low), (high, asked.high)):
                    cells.append(f"CASE WHEN {gone} THEN {_limit(steps, limit)} ELSE {end} END AS {end}")
                cells += [low_open, high_open]
        table = f"(SELECT {', '.join(cells)} FROM {name}_scored WHERE {self._is_open(steps)}) AS still_open"
        steps.texts[f"{name}_bounded"] = sql(
            self._bounded, self.instrument.is_exact, steps.dialect_name, table, keep=["person", "day"]
        )

    def _is_missing(self, steps: Steps, name: str) -> str:
        """Whether an item is not known and matters, and no other stands in for it."""
        item, roots, quote = self.instrument.items[name], self._subset.roots, steps.spelling.name
        if not item.needed:
            return "FALSE"
        parts = [f"NOT {name}_given"]
        if f"asked:{name}" in roots:
            parts.append(f"COALESCE({quote(f'asked:{name}')}, TRUE)")
        if f"item:{name}" in roots:
            root = f"item:{name}"
            is_number = (
                self._subset.steps[roots[root]].kind in _NUMBERS and names_of_ends(root)[0] in self._program.roots
            )
            ends = names_of_ends(root)[::2] if is_number else ()
            parts += [f"{quote(one)} IS NULL" for one in (root, *ends)]
        elif item.missing_when:
            parts.append(f"NOT ({' OR '.join(f'{one}_given' for one in item.missing_when)})")
        return f"({' AND '.join(parts)})"

    def _open_rows(self, steps: Steps) -> str:
        """The rows of `readings` of an open score: not known, and between what it lies."""
        quote = steps.spelling.name
        low, low_open, *_ = map(quote, names_of_ends(self._open_root[0]))
        *_, high, high_open = map(quote, names_of_ends(self._open_root[-1]))
        there = f"WHEN {low} IS NOT NULL OR {high} IS NOT NULL THEN"
        if len(self._open_root) > 1:
            there = f"WHEN {low} IS NOT NULL AND {high} IS NOT NULL AND {low} <= {high} THEN"
        cells = {
            "lo": f"CASE {there} COALESCE({low}, {steps.infinite('-')}) END", "lo_open": f"COALESCE({low_open}, FALSE)",
            "hi": f"CASE {there} COALESCE({high}, {steps.infinite()}) END", "hi_open": f"COALESCE({high_open}, FALSE)",
        }  # fmt: skip
        return f"SELECT {self._row(steps, self.instrument.name, cells)}\nFROM {self.instrument.name}_bounded"


_ENDS = ("low", "low_open", "high", "high_open")
_CELLS = {Kind.TRUTH: ("said",), Kind.LABEL: ("word",)}
_UNDATED = {("t.x", "age"), ("t.x", "sex")}
"""What a day itself never has."""


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, dict.fromkeys(numbers)))


def _limit(steps: Steps, limit: Any) -> str:
    return f"CAST(NULL AS {steps.spelling.double})" if limit is None else steps.literal(float(limit))


def _years(steps: Steps, day: str, born: str) -> str:
    """Completed years on a day."""
    in_year = [f"EXTRACT(MONTH FROM {one}) * 100 + EXTRACT(DAY FROM {one})" for one in (born, day)]
    years = f"EXTRACT(YEAR FROM {day}) - EXTRACT(YEAR FROM {born}) - CASE WHEN {in_year[0]} > {in_year[1]} THEN 1 ELSE 0 END"
    return f"CAST({years} AS {steps.spelling.double})"
