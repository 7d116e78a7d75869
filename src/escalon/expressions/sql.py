"""The reading as SQL text, for a warehouse: a select over a table with one row per visit.

Parts that are used more than once are bound in layers of sub-selects, so the text grows with distinct parts only. A
function outside its domain is NULL, never an error and never infinite; NaN is NULL from loading on. DuckDB and
PostgreSQL texts are executed by the tests; the text for Spark is generated, not executed.
"""

import re
from collections.abc import Mapping, Sequence

from escalon.expressions.dialects import Dialect, dialect
from escalon.expressions.exactness import TOLERANCE, computed_steps
from escalon.expressions.program import Program
from escalon.expressions.tree import COMPARISONS, DOMAIN, INFIX, Input, Kind, Literal, Op, TreeError

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MENTION = re.compile("\0(\\d+)\0")
_DEEPEST = 40  # nested brackets in one expression


def sql(
    program: Program,
    exact: bool,
    dialect_name: str = "duckdb",
    table: str = "visits",
    columns: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
) -> str:
    """A select that yields the columns in `keep`, and each root under its name, for every row of a table.

    `table` is SQL: a name, or a select in brackets. `columns` says what to read for an input where that is not the
    column of its name: `{"esr": "lab.esr_mm_h"}`. Numbers come out as doubles, truths as booleans, labels as text.
    """
    spelling = dialect(dialect_name)
    writer = _Writer(program, exact, spelling)
    read = columns or {}
    loads = [
        f"{_load(step.node, read.get(step.node.name, spelling.name(step.node.name)), spelling)} AS i{number}"
        for number in program.needed
        if isinstance((step := program.steps[number]).node, Input)
    ]
    loads += [f"{spelling.name(name)} AS k{number}" for number, name in enumerate(keep)]
    text = f"SELECT {', '.join(loads) or 'NULL AS nothing'}\nFROM {table}"
    for layer in writer.layers():
        bound = ", ".join(f"{writer.expression(number)} AS s{number}" for number in layer)
        text = f"SELECT *, {bound}\nFROM (\n{text}{spelling.fence}\n) AS earlier"
    kept = [f"k{number} AS {spelling.name(name)}" for number, name in enumerate(keep)]
    roots = [
        f"{writer.part(number, program.steps[number].kind)} AS {spelling.name(name)}"
        for name, number in program.roots.items()
    ]
    return f"SELECT {', '.join([*kept, *roots])}\nFROM (\n{text}{spelling.fence}\n) AS loaded"


def _load(node: Input, column: str, spelling: Dialect) -> str:
    if node.kind is Kind.TRUTH:
        return spelling.truth_column.format(x=column)
    return f"CAST({column} AS {spelling.text})" if node.kind is Kind.LABEL else spelling.number_column.format(x=column)


class _Writer:
    """Writes each step as an expression over inputs (`i…`) and the steps bound in earlier layers (`s…`)."""

    def __init__(self, program: Program, exact: bool, spelling: Dialect) -> None:
        self.program = program
        self.spelling = spelling
        self.computed = computed_steps(program) if exact else frozenset()
        self.bound: dict[int, int] = {}
        self._bind_shared_parts()

    def layers(self) -> list[list[int]]:
        """The bound steps, those that rest on inputs only first."""
        return [
            [number for number, layer in self.bound.items() if layer == wanted]
            for wanted in range(1, max(self.bound.values(), default=0) + 1)
        ]

    def _bind_shared_parts(self) -> None:
        """Bind what is mentioned more than once, in the layer after the last one it rests on."""
        mentions = dict.fromkeys(self.program.needed, 0)
        for number in self.program.roots.values():
            mentions[number] += 1
        bare = _Bare(self.program, self.spelling, self.computed)
        for number in self.program.needed:
            for part in _MENTION.findall(bare.expression(number)):
                mentions[int(part)] += 1
        self.depth: dict[int, int] = {}
        self.rests_on: dict[int, int] = {}
        for number in self.program.needed:
            parts = self.program.steps[number].parts
            deepest = 1 + max((0 if part in self.bound else self.depth[part] for part in parts), default=0)
            layer = max((self.bound.get(part, self.rests_on[part]) for part in parts), default=0)
            self.depth[number], self.rests_on[number] = deepest, layer
            step = self.program.steps[number]
            if isinstance(step.node, Op) and step.kind is not None and (mentions[number] > 1 or deepest > _DEEPEST):
                self.bound[number] = layer + 1

    def part(self, number: int, wanted: Kind | None) -> str:
        """A step as part of an expression; an unknown literal gets the type that stands there."""
        step = self.program.steps[number]
        if step.kind is None:
            types = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: self.spelling.text}
            return f"CAST(NULL AS {types.get(wanted or Kind.NUMBER, self.spelling.double)})"
        if isinstance(step.node, Input):
            return f"i{number}"
        return f"s{number}" if number in self.bound else self.expression(number)

    def expression(self, number: int) -> str:
        """The SQL of one step."""
        step = self.program.steps[number]
        match step.node:
            case Literal(bool(value)):
                return "TRUE" if value else "FALSE"
            case Literal(str(value)):
                return self.spelling.label(value)
            case Literal(value) if value is not None:
                return self.spelling.literal(float(value))
            case Literal() | Input():
                return self.part(number, step.kind)
            case Op(name) if name in ("case", "otherwise", "known", "count_known") or step.kind is Kind.TRUTH:
                return self._logic(name, step.parts, step.kind)
            case Op(name):
                return self._number(name, step.parts)
            case _:
                raise TreeError(f"{step.node!r} reads a history; a layer above must put an input in its place")

    def _logic(self, name: str, parts: tuple[int, ...], kind: Kind | None) -> str:
        match name:
            case "and" | "or":
                return f"({f' {name.upper()} '.join(self.part(part, Kind.TRUTH) for part in parts)})"
            case "not":
                return f"(NOT {self.part(parts[0], Kind.TRUTH)})"
            case "known":
                return f"({self.part(parts[0], None)} IS NOT NULL)"
            case "count_known":
                one, zero = self._digit(1), self._digit(0)
                known = [f"CASE WHEN {self.part(part, None)} IS NOT NULL THEN {one} ELSE {zero} END" for part in parts]
                return f"({' + '.join(known)})"
            case "otherwise":
                return f"COALESCE({', '.join(self.part(part, kind) for part in parts)})"
            case "case":
                condition = self.part(parts[0], Kind.TRUTH)
                then, other = (self.part(part, kind) for part in parts[1:])
                return f"CASE WHEN {condition} THEN {then} WHEN NOT {condition} THEN {other} END"
            case "at_least":
                return self._reached(parts)
            case _:
                return self._compared(name, parts)

    def _digit(self, value: int) -> str:
        return self.spelling.literal(float(value))

    def _reached(self, parts: tuple[int, ...]) -> str:
        node = self.program.steps[parts[0]].node
        needed = node.value if isinstance(node, Literal) and isinstance(node.value, int) else 0
        conditions = [self.part(part, Kind.TRUTH) for part in parts[1:]]
        if needed <= 0 or needed > len(conditions):
            return "TRUE" if needed <= 0 else "FALSE"
        yes = " + ".join(f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition in conditions)
        no = " + ".join(f"CASE WHEN NOT {condition} THEN 1 ELSE 0 END" for condition in conditions)
        return f"CASE WHEN {yes} >= {needed} THEN TRUE WHEN {no} > {len(conditions) - needed} THEN FALSE END"

    def _compared(self, name: str, parts: tuple[int, ...]) -> str:
        if name not in COMPARISONS:
            raise TreeError(f"{name} is not written in SQL yet")
        kinds = [self.program.steps[part].kind for part in parts]
        kind = next((kind for kind in kinds if kind is not None), None)
        a, b = (self.part(part, kind) for part in parts)
        if self.computed.isdisjoint(parts):
            return f"({a} {_SIGNS[name]} {b})"
        tolerance = self.spelling.literal(TOLERANCE)
        if name in ("eq", "ne"):
            return f"(ABS({a} - {b}) {'<=' if name == 'eq' else '>'} {tolerance})"
        return f"({a} - {b} {_SIGNS[name]} {'-' if name in ('lt', 'ge') else ''}{tolerance})"

    def _number(self, name: str, parts: tuple[int, ...]) -> str:
        v = [self.part(part, Kind.NUMBER) for part in parts]
        at = DOMAIN.get(name)
        if at is not None and parts[at] in self.computed:
            v[at] = (
                f"CASE WHEN ABS({v[at]}) <= {self.spelling.literal(TOLERANCE)} THEN {self._digit(0)} ELSE {v[at]} END"
            )
        match name:
            case "add" | "sub" | "mul":
                return f"({f' {INFIX[name]} '.join(v)})"
            case "div":
                return f"({v[0]} / NULLIF({v[1]}, {self._digit(0)}))"
            case "neg":
                return f"(-{v[0]})"
            case "abs":
                return f"ABS({v[0]})"
            case "min" | "max":
                return self._extreme("LEAST" if name == "min" else "GREATEST", v)
            case "max_known":
                return v[0] if len(v) == 1 else f"GREATEST({', '.join(v)})"  # these engines skip NULL here
            case "sum_known":
                total = " + ".join(f"COALESCE({part}, {self._digit(0)})" for part in v)
                return f"CASE WHEN COALESCE({', '.join(v)}) IS NOT NULL THEN {total} END"
            case _:
                return self._function(name, v)

    def _extreme(self, function: str, v: list[str]) -> str:
        if len(v) == 1:
            return v[0]
        known = " AND ".join(f"{part} IS NOT NULL" for part in v)
        return f"CASE WHEN {known} THEN {function}({', '.join(v)}) END"

    def _function(self, name: str, v: list[str]) -> str:
        """Engines raise or give infinity outside a domain, so the argument is NULL there.

        Beyond what a double holds an exponential is NULL, and below 10⁻³⁰⁰ it is 0.
        """
        x, zero = v[0], self._digit(0)
        lowest, highest = self.spelling.literal(-690.0), self.spelling.literal(709.78)
        match name:
            case "sqrt":
                return f"SQRT(CASE WHEN {x} >= {zero} THEN {x} END)"
            case "ln":
                return f"LN(CASE WHEN {x} > {zero} THEN {x} END)"
            case "exp":
                return f"CASE WHEN {x} < {lowest} THEN {zero} WHEN {x} <= {highest} THEN EXP({x}) END"
            case "power":
                y, one = v[1], self._digit(1)
                power = (
                    f"CASE WHEN {y} * LN({x}) < {lowest} THEN {zero} "
                    f"WHEN {y} * LN({x}) <= {highest} THEN POWER({x}, {y}) END"
                )
                at_zero = f"CASE WHEN {y} > {zero} THEN {zero} WHEN {y} = {zero} THEN {one} END"
                return f"CASE WHEN {x} = {zero} THEN {at_zero} WHEN {x} > {zero} THEN {power} END"
            case _:
                raise TreeError(f"{name} is not written in SQL yet")


class _Bare(_Writer):
    """Writes one step with marks in place of its parts, to see how often each is mentioned."""

    def __init__(self, program: Program, spelling: Dialect, computed: frozenset[int]) -> None:
        self.program, self.spelling, self.computed = program, spelling, computed

    def part(self, number: int, wanted: Kind | None) -> str:
        return f"\0{number}\0"
