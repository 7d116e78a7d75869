"""Made-up people in an engine, and the same criteria asked of them there and one by one."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from escalon.criteria import examine
from escalon.expressions.tree import Node
from escalon.facts import Facts
from escalon.feasibility.population import Everybody
from escalon.feasibility.steps import FACTS, RELATIONS, Steps, members_of, numbered
from escalon.feasibility.stepwise import StepwiseQuery
from tests.criteria.strategies import DRUGS, EVENTS, LABELS, NUMBERS, TRUTHS, situation
from tests.feasibility.recorded import rows

NAMES = numbered((*NUMBERS, *TRUTHS, *EVENTS, *DRUGS, *LABELS))
TYPES = {
    "duckdb": ("DOUBLE", "VARCHAR"), "postgres": ("double precision", "text"), "spark": ("DOUBLE", "STRING"),
}  # fmt: skip
_TYPES = """
    person INTEGER n INTEGER known BOOLEAN lo D lo_open BOOLEAN hi D hi_open BOOLEAN upper D lower D said BOOLEAN word T
    dated BOOLEAN d0 DATE d1 DATE e0 DATE e1 DATE ongoing BOOLEAN open_end BOOLEAN unit T k INTEGER
""".split()
_COLUMN_TYPES = dict(zip(_TYPES[::2], _TYPES[1::2], strict=True))


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, float):
        return f"'{value!r}'".replace("inf", "Infinity")
    return str(value) if isinstance(value, int) else f"'{value}'"


def facts_text(people: Sequence[Facts], dialect: str, where: Any, names: Mapping[str, int] = NAMES) -> str:
    double, text = TYPES[dialect]
    kinds = {name: {"D": double, "T": text}.get(kind, kind) for name, kind in _COLUMN_TYPES.items()}
    assert list(kinds) == list(FACTS)
    cells = [
        ", ".join(literal(value) for value in row)
        for row in rows(dict(enumerate(people)), names.get, where.meanings, where.as_of)
    ] or [", ".join("NULL" for _ in kinds)]
    values = ",\n".join(f"({row})" for row in cells)
    typed = ", ".join(f"CAST(v.{name} AS {kind}) AS {name}" for name, kind in kinds.items())
    return f"SELECT {typed} FROM (VALUES {values}) AS v({', '.join(kinds)}) WHERE v.person IS NOT NULL"


def statement(
    trees: Mapping[str, Node],
    people: Sequence[Facts],
    dialect: str,
    where: Any,
    more: Mapping[str, int] = MappingProxyType({}),
) -> str:
    names = {**NAMES, **more}
    steps = Steps(dialect, names.__getitem__, members_of(where.meanings))
    ids = " UNION ALL ".join(f"SELECT {number} AS person" for number in range(len(people)))
    steps.texts["people"] = ids
    facts = facts_text(people, dialect, where, names)
    steps.texts |= {name: f"SELECT {', '.join(columns)} FROM ({facts}) AS facts" for name, columns in RELATIONS.items()}
    population = Everybody(trees, where)
    population.write(steps)
    return StepwiseQuery(steps.texts, population.select(steps)).text(dialect)


def disagreements(
    query: Callable[[str], list[tuple[Any, ...]]],
    dialect: str,
    trees: Sequence[Node],
    people: Sequence[Facts],
    where: Any,
    more: Mapping[str, int] = MappingProxyType({}),
) -> list[tuple[Any, ...]]:
    named = {f"c{number}": tree for number, tree in enumerate(trees)}
    found = {row[0]: row[1:] for row in query(statement(named, people, dialect, where, more))}
    assert sorted(found) == list(range(len(people)))
    wrong = []
    for number, facts in enumerate(people):
        here = type(where)(facts, where.as_of, where.anchors, where.meanings, where.index)
        for tree, truth in zip(trees, found[number], strict=True):
            wanted = examine(tree, here).value
            if wanted is not truth:
                wrong.append((tree, tuple(facts), wanted, truth))
    return wrong


__all__ = ["disagreements", "situation", "statement"]
