"""Days, full and partial: a comparison answers only what the record settles."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Duration
from escalon.facts.day import DayError, Moment, read_moment

dates = st.dates(date(1990, 1, 1), date(2040, 12, 31))
days = st.one_of(dates.map(Day.of), dates.map(lambda d: Day(d.year, d.month)), dates.map(lambda d: Day(d.year)))


@given(days)
def test_a_day_is_read_back_as_it_is_printed(day):
    assert Day.parse(str(day)) == day


@given(days, days, st.data())
def test_a_comparison_holds_for_every_day_it_may_be(one, other, data):
    def some(day: Day) -> date:
        return day.earliest + timedelta(days=data.draw(st.integers(0, (day.latest - day.earliest).days)))

    first, second = some(one), some(other)
    assert one.is_before(other) in (None, first < second)
    assert one.is_by(other) in (None, first <= second)


@given(dates, st.integers(0, 60), st.sampled_from(("day", "week", "month", "year")))
def test_a_duration_before_is_never_later(when, number, unit):
    assert Duration(number, unit).before(Day.of(when)).earliest <= when


@pytest.mark.parametrize(
    ("day", "duration", "before"),
    [
        ("2025-03-31", "1 month", "2025-02-28"),
        ("2024-03-31", "1 month", "2024-02-29"),
        ("2025-02-28", "12 months", "2024-02-28"),
        ("2024-02-29", "1 year", "2023-02-28"),
        ("2025-03-05", "4 weeks", "2025-02-05"),
    ],
)
def test_months_clamp_to_the_end_of_the_month(day, duration, before):
    assert str(Duration.parse(duration).before(Day.parse(day))) == before


NO_DATES = "1.3.2025|2025-13|2025-02-30||yesterday|0025-03-01|9999-12-31".split("|")


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_says_what_to_write(text):
    with pytest.raises(DayError, match=r"2025|calendar|year"):
        Day.parse(text)


@pytest.mark.parametrize(
    ("text", "day", "clock", "moved"),
    [
        ("2026-03-10T07:30+08:00", "2026-03-10", time(7, 30), False),
        ("2026-03-09T23:30Z", "2026-03-10", time(7, 30), True),
        ("2026-03-10T00:30+09:00", "2026-03-09", time(23, 30), True),
        ("2026-03-10 20:15-05:00", "2026-03-11", time(9, 15), True),
        ("2026-03-10 20:15", "2026-03-10", time(20, 15), False),
        ("2026-03-10", "2026-03-10", None, False),
    ],
)
def test_a_clock_with_an_offset_is_read_in_the_time_of_the_site(text, day, clock, moved):
    found = read_moment(text, zone=ZoneInfo("Asia/Shanghai"))
    assert (found.day, found.clock) == (Day.parse(day), clock)
    assert found.note == (f"{text} is {day} {clock:%H:%M} in the site's own time" if moved else "")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *((text, "2024-05") for text in ("5/2024", "05/2024", "05.2024", "05-2024", "2024-5", "2024/5")),
        *((text, "2024-05-13") for text in ("2024–05–13", "2024年5月13号", "20240513T0930", "2024-05-13T093015Z")),
    ],
)
def test_what_can_mean_one_month_or_one_day_only_is_read(text, day):
    assert Day.parse(text) == Day.parse(day)


@pytest.mark.parametrize("text", ["0/2024", "05/24", "2024.5", "20240513T093", "2024-05-13 0930", "5/2024 09:30"])
def test_what_may_mean_something_else_is_refused(text):
    with pytest.raises(DayError, match="Write"):
        Day.parse(text)


def test_where_no_zone_is_known_a_clock_stays_as_it_was_written():
    assert read_moment("2026-03-10T07:30+08:00") == Moment(Day(2026, 3, 10), time(7, 30))


def test_a_moment_as_statistical_programs_write_it():
    assert read_moment("07FEB2025:09:30:00") == read_moment("2025-02-07T09:30")
    with pytest.raises(DayError, match="no clock"):
        read_moment("07FEB2025:late")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2025-03-UNK", "2025-03"), ("2025-UNK-UNK", "2025"), ("2025-UNK", "2025"), ("UNK-UNK-2025", "2025")],
)
def test_a_part_that_is_said_to_be_unknown_is_left_open(text: str, day: str) -> None:
    assert str(Day.parse(text)) == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("14-Mar-25", "two digits"),
        ("14.03.25", "two digits"),
        ("00.03.2025", "Write 2025-03"),
        ("2025-03-14T24:00", "00:00 of the day after"),
    ],
)
def test_what_is_refused_says_what_is_wrong_with_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Day.parse(text)
