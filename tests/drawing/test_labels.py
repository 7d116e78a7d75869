"""Words beside lines: clear of them where there is room, never left out for their sake; a negative number has a minus."""

from __future__ import annotations

from escalon.drawing import Box, DrawnCourse, Linear, Panel, SymLog, ValueMark, panel, text
from escalon.drawing.labels import Label, placed
from escalon.drawing.tokens import dose


def test_a_label_keeps_clear_of_a_line_where_it_can():
    wide = Box(0, 0, 200, 100)
    on_the_line = Label(50, 53, "9")
    line = Box(0, 50, 200, 50)
    [free] = placed([on_the_line], (), wide, [line])
    assert not free.texts[0].meets(line)
    [narrow] = placed([on_the_line], (), Box(0, 44, 200, 57), [line])
    assert narrow.texts[0].meets(line)


def test_the_first_value_of_a_level_course_stands_beside_its_line():
    spots = tuple(ValueMark(day, 9, label="9" if day == 28 else "") for day in (28.0, 90.0, 180.0))
    room = Box(20, 20, 220, 120)
    y = Linear(0, 10, 120, 20)
    course = DrawnCourse(spots, dose(1))
    [said] = [piece.texts[0] for piece in panel(Panel(room, Linear(0, 365, 20, 220), y, (course,))) if piece.texts]
    assert not said.meets(Box(20, y.at(9), 220, y.at(9)))


def test_a_negative_number_has_a_minus_and_a_code_its_hyphen():
    assert "level −1 · day −6" in text(0, 0, "level -1 · day -6").markup
    assert "P-01, 2025-03-01" in text(0, 0, "P-01, 2025-03-01").markup


def test_a_scale_of_counts_has_a_tick_near_its_end():
    assert SymLog(0.5, 4.2, 100, 0).ticks() == [0, 0.5, 1, 2]
    assert SymLog(25, 240, 100, 0).ticks() == [0, 25, 100, 200]
