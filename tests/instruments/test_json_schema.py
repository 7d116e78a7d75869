"""The JSON schema of an instrument and what `assess` reads say the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import jsonschema_rs
import pytest

from escalon.facts import Status
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.readings import json_schema
from tests.instruments.drawn_visits import drawn_visits

every = pytest.mark.parametrize("instrument", catalogue().values(), ids=lambda one: one.name)
MISREAD = {"UNIT_MISSING", "WRONG_UNIT", "OUT_OF_RANGE", "NOT_A_NUMBER", "NOT_A_CHOICE", "NOT_A_TRUTH"}


def sent(instrument: Instrument, visit: dict[str, Any]) -> dict[str, Any]:
    """A visit as a script sends it."""
    values = {name: float(value) if isinstance(value, Fraction) else value for name, value in visit.items()}
    stated = {name for name, item in instrument.items.items() if item.needs_unit and values[name] is not None}
    return values | {name: {"value": values[name], "unit": instrument.items[name].unit} for name in stated}


@every
def test_a_visit_that_fits_the_schema_is_read(instrument: Instrument) -> None:
    schema = json_schema(instrument)
    jsonschema_rs.meta.validate(schema)
    fits = jsonschema_rs.Draft202012Validator(schema)
    for visit in drawn_visits(instrument, 15):
        row = sent(instrument, visit)
        fits.validate(row)
        assert not MISREAD & set(assess(instrument.name, **row).flags), row


@every
def test_what_is_out_of_range_or_not_offered_fits_neither(instrument: Instrument) -> None:
    fits = jsonschema_rs.Draft202012Validator(json_schema(instrument))
    for name, item in instrument.items.items():
        if item.high is not None and not item.needs_unit:
            wrong: Any = float(item.high) + 1
        elif item.choices:
            wrong = "something else"
        elif item.needs_unit:
            wrong = 7
        else:
            continue
        assert not fits.is_valid({name: wrong}), name
        assert assess(instrument.name, **{name: wrong}).status is Status.INVALID or instrument.adapt, name
    assert not fits.is_valid({"no_such_item": 1})


def test_options_stand_in_the_schema_with_their_default():
    found = json_schema(catalogue()["das28_crp"])["properties"]["below_limit"]
    assert found == {"enum": ["range", "half", "limit", "zero"], "default": "range"}
