"""A colour, a mark and a label mean the same thing in every figure; one axis has one unit."""

from datetime import date
from itertools import pairwise

import pytest

from escalon.drawing.tokens import (
    ALARM,
    GOOD,
    INK,
    MUTED,
    OPEN,
    PAPER,
    contrast,
    dose,
    grade,
    over,
    paints,
    shape,
    state,
    stylesheet,
)
from escalon.facts import UnitError
from escalon.reporting.figures.cohorts import CohortCourse, cohorts_figure
from escalon.reporting.figures.groups import looks
from escalon.reporting.figures.swimmer import Swimmer, swimmer_plot
from escalon.reporting.figures.trajectories import Measure, Point, trajectories


def test_a_level_keeps_its_colour_and_shape_where_a_lower_one_is_absent():
    """Case PG-18: the skin score of a report in which nobody with that disease was dosed at level 1."""
    points = tuple(Point(f"P{level}", level, day, 20.0 - day / 30) for level in (2, 3) for day in (0, 28, 90))
    alone = trajectories([Measure("mRSS", points)])
    assert dose(2).light in alone
    assert dose(1).light not in alone
    assert looks(["level 3", "level 2"])["level 2"] == looks(["level 1", "level 2"])["level 2"]
    for drawn in (
        cohorts_figure([CohortCourse("P1", 2, date(2025, 1, 1), date(2025, 1, 28), "no_dlt")], date(2025, 3, 1)),
        swimmer_plot([Swimmer("P1", 2, 100)], "2025-09-01"),
    ):
        assert dose(2).light in drawn
        assert dose(1).light not in drawn


def test_levels_differ_in_shape_and_darken_with_the_dose():
    assert len({shape(level) for level in range(1, 6)}) == 5
    darkness = [contrast(dose(level).light, PAPER.light) for level in (1, 2, 3)]
    assert darkness == sorted(darkness)
    dark = [contrast(dose(level).dark, PAPER.dark) for level in (1, 2, 3)]
    assert dark == sorted(dark)
    assert min(*darkness, *dark) > 3  # WCAG 2.2, success criterion 1.4.11


def test_grades_darken_with_their_number_so_that_grey_printing_keeps_their_order():
    inked = [contrast(grade(value).light, PAPER.light) for value in range(6)]
    assert all(low < high for low, high in pairwise(inked))
    better = [contrast(state(place, 4).light, PAPER.light) for place in range(3)]
    assert better == sorted(better, reverse=True)


@pytest.mark.parametrize("paint", [INK, MUTED, ALARM, OPEN, GOOD], ids=lambda paint: paint.name)
def test_words_can_be_read_on_paper_and_on_a_dark_screen(paint):
    assert contrast(paint.light, PAPER.light) >= 4.5  # WCAG 2.2, success criterion 1.4.3
    assert contrast(paint.dark, PAPER.dark) >= 4.5


def test_what_is_printed_inside_a_mark_can_be_read():
    for paint in [*map(grade, range(6)), *map(dose, range(1, 6)), *(state(place, 5) for place in range(5))]:
        assert contrast(over(paint).light, paint.light) >= 4.5, paint
        assert contrast(over(paint).dark, paint.dark) >= 4.5, paint


def test_red_is_only_a_dlt_or_an_alarm():
    quiet = cohorts_figure([CohortCourse("P1", 1, date(2025, 1, 1), date(2025, 1, 28), "pending")], date(2025, 3, 1))
    loud = cohorts_figure(
        [CohortCourse("P1", 1, date(2025, 1, 1), date(2025, 1, 28), "dlt", date(2025, 1, 9))], date(2025, 3, 1)
    )
    assert ALARM.light not in quiet
    assert ALARM.light in loud


def test_a_dark_page_has_a_rule_for_every_paint():
    sheet = stylesheet()
    assert all(f".f-{paint.name}{{fill:{paint.dark}}}" in sheet for paint in paints())
    assert len({paint.name for paint in paints()}) == len(list(paints()))


def test_the_pages_style_sheet_is_the_one_the_paints_make():
    from pathlib import Path

    import escalon.web

    written = (Path(escalon.web.__file__).parent / "static" / "figures.css").read_text(encoding="utf-8")
    assert written.partition("*/\n")[2] == stylesheet()  # else write it anew from `escalon.drawing.tokens.stylesheet()`


def test_values_in_two_units_are_never_drawn_on_one_axis():
    """Design, section 0.3: one participant in mm among others in cm made the figure run to 60 and lie flat at 6."""
    points = [Point("P01", 1, day, value, "cm", str(value)) for day, value in ((0, 6.1), (28, 4.0), (90, 2.0))]
    points += [Point("P07", 2, 0, 61.0, "mm", "61")]
    with pytest.raises(UnitError, match="one axis has one unit, not cm and mm"):
        Measure("Physician's global", tuple(points))
