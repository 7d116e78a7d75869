"""The axis of days: never more than seventeen labels, and the finest step that allows it."""

import pytest

from escalon.drawing import day_ticks


@pytest.mark.parametrize(("last", "step"), [(28, 7), (112, 7), (113, 14), (365, 28), (1500, 182), (9000, 730)])
def test_the_step_grows_with_the_time_followed(last, step):
    assert day_ticks(0, last) == list(range(0, last + 1, step))
