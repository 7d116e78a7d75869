"""One participant on one time axis: it ends where the record does, and is as wide as the sheet."""

import re

from escalon.drawing import WIDTH, ValueMark
from escalon.reporting.figures.participant_axis import Axis, Values, participant_axis


def axis(reached: float, *days: float) -> str:
    spots = tuple(ValueMark(day, 5.0, f"day {day:g}: 5", "5", href="") for day in days)
    return participant_axis(Axis(1, "infusion, level 1", 28, reached, (), (), (Values("DAS28", "", spots),)), "P01")


def test_nothing_is_drawn_for_days_that_have_not_come() -> None:
    drawn = axis(20, 0, 7, 14)
    ticks = {int(day) for day in re.findall(r">(\d+)</text>", drawn)}
    assert 60 not in ticks
    assert max(float(x) for x in re.findall(r'x="([\d.]+)"[^>]*>28</text>', drawn)) > 0.85 * WIDTH


def test_the_days_after_the_first_thirty_take_more_room_the_more_there_are() -> None:
    def place(drawn: str) -> float:
        return next(float(x) for x in re.findall(r'x="([\d.]+)"[^>]*>28</text>', drawn))

    month, two_months, year = (place(axis(day, 0, day)) for day in (31, 60, 365))
    assert month > two_months > year
    assert year > 0.55 * WIDTH
