"""What holds for every instrument, drawn from what its own items accept."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalon.expressions.tree import Kind
from escalon.facts import Status, convert
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.catalogue import family
from escalon.instruments.kit.instrument import Instrument
from tests.instruments.visits import assessed, recorded, values, visits, within

OPEN = (Status.MISSING, Status.INDETERMINATE)
INSTRUMENTS = [
    found for found in catalogue().values() if family(found) in ("activity", "classification") and found.adapt is None
]
LONG = 80
"""So many items make random visits slow: BILAG-2004 and what rests on it."""


def each(some: list[Instrument]) -> pytest.MarkDecorator:
    marked = [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * (len(one.items) > LONG)) for one in some]
    return pytest.mark.parametrize("instrument", marked)


every = each(INSTRUMENTS)
CONVERTED = [found for found in INSTRUMENTS if any(item.accepts for item in found.items.values())]
some = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@every
@some
@given(data=st.data())
def test_bounds_contain_every_completion_of_what_is_missing(instrument, data):
    visit = data.draw(visits(instrument))
    visit[data.draw(st.sampled_from([name for name, item in instrument.items.items() if item.needed]))] = None
    before = assessed(instrument, visit)
    if before.status in OPEN:
        completed = visit | {name: data.draw(values(instrument.items[name])) for name in before.missing}
        after = assessed(instrument, completed)
        part = instrument.traced().bounds_of
        result = after.components[part] if isinstance(part, str) else after.value
        assert after.status is not Status.OK or within(result, before.bounds), (result, before.bounds)


@every
@some
@given(data=st.data())
def test_an_open_finding_has_no_value_and_says_why(instrument, data):
    finding = assessed(instrument, data.draw(visits(instrument)))
    if finding.status is not Status.OK:
        assert finding.value is None
        assert finding.category is None
        assert finding.reasons
    else:
        assert finding.value is not None


@each(CONVERTED)
@some
@given(data=st.data())
def test_another_accepted_unit_gives_the_same_finding(instrument, data):
    visit = data.draw(visits(instrument))
    name = data.draw(st.sampled_from([name for name, item in instrument.items.items() if item.accepts]))
    item = instrument.items[name]
    visit[name] = data.draw(values(item))
    entries = recorded(instrument, visit)
    other = data.draw(st.sampled_from(item.accepts))
    elsewhere = entries | {name: (convert(visit[name], item.unit, other, item.substance), other)}
    here, there = assess(instrument.name, **entries), assess(instrument.name, **elsewhere)
    assert (here.value, here.category, here.status, here.flags) == (
        there.value,
        there.category,
        there.status,
        there.flags,
    )


@every
def test_nothing_recorded_is_never_a_value_of_zero(instrument):
    finding = assess(instrument.name)
    assert finding.value is None
    assert finding.status in (*OPEN, Status.NOT_APPLICABLE)


@every
def test_a_value_beyond_its_range_is_invalid_and_names_the_item(instrument):
    for name, item in instrument.items.items():
        if item.high is not None:
            finding = assessed(instrument, {name: item.high + 1})
            assert (finding.status, finding.value) == (Status.INVALID, None)
            assert any(reason.startswith(name) and item.range_text() in reason for reason in finding.reasons)


@every
def test_a_fraction_is_no_whole_number(instrument):
    for name, item in instrument.items.items():
        if item.kind is Kind.INTEGER:
            assert assessed(instrument, {name: (item.low or 0) + Fraction(1, 2)}).status is Status.INVALID


@every
def test_a_label_that_is_not_offered_is_invalid_and_lists_the_labels(instrument):
    for name, item in instrument.items.items():
        if item.kind is Kind.LABEL:
            finding = assessed(instrument, {name: "something else"})
            assert finding.status is Status.INVALID
            assert any(all(choice in reason for choice in item.choices) for reason in finding.reasons)
