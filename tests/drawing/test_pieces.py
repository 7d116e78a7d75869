"""Laws of the pieces: ticks are round and within, labels keep their order and their distance, no number is no place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.drawing import (
    Linear,
    SymLog,
    WidenedStart,
    picture,
    round_ticks,
    scale_over,
    shortened,
    spread,
    text,
    width_of,
    wrapped,
)
from escalon.drawing.scales import spoken

NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@given(st.lists(st.floats(0, 500), min_size=1, max_size=12), st.floats(1, 30))
def test_spread_keeps_the_order_and_the_distance(wanted, gap):
    found = spread(wanted, gap, 0, 1000)
    ranks = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    placed = [found[rank] for rank in ranks]
    assert all(after - before >= gap - 1e-6 for before, after in pairwise(placed))
    assert all(0 <= place <= 1000 for place in placed)


def test_labels_with_room_stay_where_they_want_to_be():
    assert spread([40, 10, 90], 20, 0, 100) == [40, 10, 90]
    assert spread([50, 50], 10, 0, 100) == [45, 55]


@given(NUMBERS, st.floats(0.001, 1e6))
def test_ticks_are_few_round_and_within(low, span):
    ticks = round_ticks(low, low + span)
    assert len(ticks) <= 6
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)


def test_known_ticks():
    assert round_ticks(0, 60) == [0, 20, 40, 60]
    assert round_ticks(0, 3.2) == [0, 1, 2, 3]
    assert spoken([-1500, 0, 0.05, 12345]) == ["−1\u2009500", "0", "0.05", "12\u2009345"]


@given(st.lists(NUMBERS, min_size=1, max_size=9))
def test_a_scale_holds_every_value_between_its_ends(values):
    scale = scale_over(values, 100, 0)
    assert all(-1e-6 <= scale.at(value) <= 100 + 1e-6 for value in values)


@given(st.floats(-60, 900), st.floats(-60, 900))
def test_a_broken_axis_keeps_the_order_of_days(one, other):
    axis = WidenedStart(((-28, 0), (0, 0.12), (30, 0.62), (365, 1)), 0, 700)
    assert (axis.at(one) < axis.at(other)) == (one < other) or abs(one - other) < 1e-9
    assert axis.at(30) - axis.at(0) > axis.at(365) - axis.at(90)


def test_zero_has_a_place_on_the_axis_of_counts():
    axis = SymLog(10, 1000, 200, 0)
    assert axis.at(0) == 200
    assert axis.at(10) > axis.at(100) > axis.at(1000) == 0


@given(st.text(max_size=60), st.floats(20, 300))
def test_shortened_words_fit(words, room):
    assert width_of(shortened(words, 11, room), 11) <= max(room, width_of("…", 11))


def test_lines_are_broken_at_words():
    assert wrapped("age 17, needed 18 or more", 11, 70) == ["age 17,", "needed 18", "or more"]


def test_words_beyond_the_width_make_the_figure_wider_instead_of_being_cut():
    assert 'viewBox="-8' in picture(
        [text(4, 10, "P01 · level 1 " * 3, anchor="start"), text(-4, 30, "x")], "two labels"
    )
    wide = picture([text(700, 20, "not evaluable")], "one label")
    assert float(wide.split('viewBox="0 0 ')[1].split()[0]) > 770


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_place_is_not_drawn(value):
    with pytest.raises(ValueError, match="no place in a figure"):
        text(value, 0, "lost")


def test_one_value_alone_has_a_place():
    assert Linear(5, 5, 0, 100).at(5) == 0
