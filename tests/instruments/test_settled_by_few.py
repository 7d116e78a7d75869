"""What one or two entries settle is settled: whatever else is found at that visit, the answer is the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments.kit.catalogue import catalogue
from escalon.instruments.kit.visits import may_be_settled
from tests.instruments.visits import assessed, visits

SETTLED = sorted(name for name, one in catalogue().items() if may_be_settled(one))
OPEN = (Status.MISSING, Status.INDETERMINATE)


@pytest.mark.parametrize("name", SETTLED)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_few_entries_settle_no_further_entry_changes(name: str, data: st.DataObject) -> None:
    instrument = catalogue()[name]
    whole = data.draw(visits(instrument, missing=False))
    some = data.draw(st.lists(st.sampled_from(sorted(whole)), min_size=1, max_size=2, unique=True))
    few = assessed(instrument, {item: value for item, value in whole.items() if item in some})
    needed = {item for item, one in instrument.items.items() if one.needed}
    if few.status not in (Status.OK, Status.NOT_APPLICABLE) or needed <= set(some):
        return
    full = assessed(instrument, whole)
    if full.status is not Status.INVALID:
        assert (full.status, full.value, full.category) == (few.status, few.value, few.category), some


def test_what_is_settled_and_what_is_not_by_one_entry() -> None:
    sle = catalogue()["sle_2019"]
    assert assessed(sle, {"ana": False}).value == "not_met"  # the entry criterion, doi:10.1002/art.40930
    assert assessed(sle, {"ana": True}).status in OPEN
    ra = catalogue()["ra_2010"]
    first = next(name for name, item in ra.items.items() if item.needed)
    assert assessed(ra, dict.fromkeys([first])).status in OPEN
