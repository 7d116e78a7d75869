"""One definition, every scale: the grades as columns and as SQL are those of one observation at a time."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from escalon.expressions.columns import compile_columns
from escalon.expressions.program import Program
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.instruments.kit.catalogue import catalogue, family
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory, laboratory_terms, terms_of

SAFETY = [name for name, found in catalogue().items() if family(found) == "safety"]
ROWS = 60


def observations(name: str) -> list[dict[str, Any]]:
    """Seeded random observations; one input in six is missing."""
    draw = random.Random(name)
    return [{key: value(item, draw) for key, item in catalogue()[name].items.items()} for _ in range(ROWS)]


def value(item: Any, draw: random.Random) -> Any:
    if draw.random() < 1 / 6:
        return None
    match item.kind:
        case Kind.TRUTH:
            return draw.random() < 0.5
        case Kind.LABEL:
            return draw.choice(item.choices)
        case Kind.INTEGER:
            return draw.randint(int(item.low or 0), int(item.high or 20))
    low, high = float(item.low or 0), float(item.high if item.high is not None else 2000)
    return round(draw.choice((draw.uniform(low, high), draw.uniform(low, min(high, low + 10)))), 1)


def value_only(name: str) -> Program:
    whole = catalogue()[name].program()
    return Program(whole.steps, {"value": whole.roots["value"]})


@pytest.mark.parametrize("name", SAFETY)
def test_columns_agree_with_one_observation(name: str) -> None:
    some, instrument = observations(name), catalogue()[name]
    program = value_only(name)
    labels = sorted({choice for item in instrument.items.values() for choice in item.choices})
    reading = compile_columns(program, instrument.is_exact, labels)
    found = reading({node.name: [one[node.name] for one in some] for node in program.inputs}, rows=ROWS)["value"]
    decoded = reading.decode(found) if program.steps[program.roots["value"]].kind is Kind.LABEL else found
    for one, result in zip(some, decoded, strict=True):
        expected = instrument.scalar()(**one)["value"]
        missing = result is None or (not isinstance(result, str) and np.isnan(result))
        same = (
            result == expected
            if isinstance(expected, str | None)
            else result == pytest.approx(float(expected), abs=1e-9)
        )
        assert missing if expected is None else same, one


@pytest.mark.parametrize(
    "name", ["crs", "icans", "ctcae_alanine_aminotransferase_increased", "ctcae_hyponatremia", "iec_hs"]
)
def test_sql_agrees_with_one_observation(name: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the warehouse extra is not installed")
    some, instrument = observations(name), catalogue()[name]
    kinds = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: "VARCHAR", Kind.INTEGER: "INTEGER", Kind.NUMBER: "DOUBLE"}
    columns = ", ".join(f"{key} {kinds[item.kind]}" for key, item in instrument.items.items())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE visits (place INTEGER, {columns})")
        marks = ", ".join("?" for _ in range(len(instrument.items) + 1))
        connection.executemany(
            f"INSERT INTO visits VALUES ({marks})", [[place, *one.values()] for place, one in enumerate(some)]
        )
        text = sql(value_only(name), instrument.is_exact, keep=("place",))
        found = dict(connection.execute(text).fetchall())
    for place, one in enumerate(some):
        assert found[place] == instrument.scalar()(**one)["value"], one


CONVERTIBLE = [name for name, (lab, _) in laboratory_terms().items() if lab.quantity.accepts and not lab.variant]


@pytest.mark.parametrize("name", CONVERTIBLE)
def test_unit_never_changes_a_grade(name: str) -> None:
    from escalon.facts import convert

    lab, instrument = laboratory_terms()[name]
    # Febrile neutropenia is graded when asked for by its term, not for any neutrophil count.
    test = lab.quantity.name if lab in terms_of(lab.quantity.name) else lab.term.name
    for one in observations(name):
        own = {key: one[key] for key in ("value", *lab.limits) if one[key] is not None}
        results = []
        for unit in (lab.quantity.unit, *lab.quantity.accepts):
            known = {
                key: (convert(amount, lab.quantity.unit, unit, lab.quantity.substance), unit)
                for key, amount in own.items()
            }
            rest = {key: amount for key, amount in one.items() if key not in ("value", *lab.limits)}
            found = grade_laboratory(test, unit=unit, **known, **rest)
            results.append([(each.value, each.bounds) for each in found if each.name == instrument.name])
        assert results[0] == results[1] != [], one
