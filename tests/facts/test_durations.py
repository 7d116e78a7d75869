"""A duration is a number and a unit of time; anything else is refused with what to write."""

import pytest

from escalon.facts import Duration
from escalon.facts.day import DayError


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [("4 weeks", 4, "week"), ("28 days", 28, "day"), ("1 year", 1, "year"), ("6 months", 6, "month")],
)
def test_a_duration_is_read(text, number, unit):
    read = Duration.parse(text)
    assert (read.number, read.unit) == (number, unit)


@pytest.mark.parametrize("text", ["", "weeks", "3 fortnights", "4", "four weeks", "4 weeks ago"])
def test_what_is_no_duration_is_refused_with_what_to_write(text):
    with pytest.raises(DayError, match="Write it as 4 weeks, 28 days, 6 months or 1 year"):
        Duration.parse(text)
