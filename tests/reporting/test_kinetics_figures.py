"""Figures of cells in blood: what stands on them, and the same bytes for the same data."""

import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from escalon.facts import UnitError
from escalon.kinetics import Limits, profile
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure

DAYS = [-1, 1, 4, 7, 10, 14, 21, 28, 60, 90, 180, 360]
LIMITS = Limits("copies/µL", 5, lod=2)


def courses():
    """Nine invented participants of three groups."""
    draw = random.Random(3)
    for number in range(9):
        peak = draw.uniform(300, 9000)
        levels = [peak * part for part in (0, 0.005, 0.05, 0.4, 1, 0.7, 0.2, 0.06, 0.015, 0.004, 0.001, 0.0003)]
        course = profile(DAYS, [round(level, 1) for level in levels], LIMITS, f"S{number:02d}")
        yield replace(course, group=f"level {number // 3 + 1}")


def test_a_figure_has_its_limit_its_axis_and_its_unit():
    drawn = kinetics_figure(courses())
    texts = " ".join(re.findall(r"<text[^>]*>([^<]+)", drawn))
    for part in ("LLOQ 5", "copies/µL", "days from the end of infusion", "10\u2009000", "level 1", "level 3"):
        assert part in texts
    assert ET.fromstring(drawn).tag.endswith("svg")


def test_the_same_data_draw_the_same_bytes_in_another_process():
    code = (
        "from tests.reporting.test_kinetics_figures import courses\n"
        "from escalon.reporting.figures.kinetics import kinetics_figure\n"
        "import sys; sys.stdout.buffer.write(kinetics_figure(courses()).encode())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert other.stdout == kinetics_figure(courses()).encode()


def test_nothing_to_draw_is_said():
    assert "no sample with a result" in kinetics_figure([])
    assert "no sample with a result" in kinetics_figure([profile([7], [None], LIMITS)])
    assert "no sample with a result" in b_cell_figure([])


def test_one_figure_has_one_unit():
    with pytest.raises(UnitError, match="one figure has one unit"):
        kinetics_figure([profile([7], [100], LIMITS), profile([7], [100], Limits("copies/µg", 50))])


def test_one_person_with_one_sample_below_the_limit_is_drawn():
    assert "LLOQ 5" in kinetics_figure([profile([7], [0], LIMITS)])


def test_b_cells_show_aplasia_and_recovery():
    counts = profile([-3, 14, 60, 120, 150], [120, 0, 0, 60, 75], Limits("/uL", 1), "S01", "cd19_b_cells")
    drawn = b_cell_figure([counts])
    assert "recovery from 50" in drawn
    assert "aplasia below 10" in drawn
    assert ET.fromstring(drawn).tag.endswith("svg")
