"""The axis of days: never more than seventeen labels, and the finest step that allows it."""

import re

import pytest

from escalon.reporting.figures.swimmer import _axis


@pytest.mark.parametrize(("last", "step"), [(28, 7), (112, 7), (113, 14), (365, 28), (1500, 182), (9000, 365)])
def test_the_step_grows_with_the_time_followed(last, step):
    labels = [int(day) for day in re.findall(r">(\d+)</text>", "".join(_axis(0, last, 0, 100)))]
    assert labels == list(range(0, last + 1, step))
