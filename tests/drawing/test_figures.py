"""Laws of every figure: no label on another, none cut off, the same bytes, nothing a strict content policy refuses."""

import itertools
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from escalon.drawing import width_of
from tests.drawing.figures import FIGURES, SIZES

SVG = "{http://www.w3.org/2000/svg}"
EVERY = [pytest.param(name, size, id=f"{name}-{size}") for name in FIGURES for size in SIZES]


@dataclass(frozen=True)
class Placed:
    words: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other):
        """Whether two texts share more than a hair: half a point, which is less than the gap between two lines."""
        hair = 0.5
        return (
            self.left < other.right - hair and other.left < self.right - hair
            and self.top < other.bottom - hair and other.top < self.bottom - hair
        )  # fmt: skip


def texts(svg):
    """Every text of a figure where it stands, measured with the metrics of the widest face it may be shown in."""
    root = ElementTree.fromstring(svg)
    for one in root.iter(f"{SVG}text"):
        words, size = "".join(one.itertext()), float(one.get("font-size", "11"))
        wide = width_of(words, size, bold=one.get("font-weight") == "600")
        x, y = float(one.get("x", "0")), float(one.get("y", "0"))
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[one.get("text-anchor", "start")]
        yield Placed(words, left, y - 0.76 * size, left + wide, y + 0.24 * size)


@pytest.mark.parametrize(("name", "size"), EVERY)
def test_no_label_lies_on_another(name, size):
    """Case PG-20: month labels, ticks and end labels of 18 windows lay on each other."""
    placed = [one for one in texts(FIGURES[name](size)) if one.words.strip()]
    clashes = [(a.words, b.words) for a, b in itertools.combinations(placed, 2) if a.meets(b)]
    assert placed
    assert clashes == []


@pytest.mark.parametrize(("name", "size"), EVERY)
def test_no_label_is_cut_off(name, size):
    drawn = FIGURES[name](size)
    left, top, wide, high = map(float, ElementTree.fromstring(drawn).get("viewBox", "").split())
    for one in texts(drawn):
        assert left <= one.left, one
        assert one.right <= left + wide, one
        assert top <= one.top, one
        assert one.bottom <= top + high, one


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_nothing_that_a_strict_content_policy_refuses(name):
    drawn = FIGURES[name](5)
    assert not re.search(
        r"<script|<style|\bstyle=|\bon[a-z]+=|javascript:|<foreignObject|https?://(?!www\.w3\.org/2000/svg)", drawn
    )


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_its_data_to_those_who_cannot_see_it(name):
    root = ElementTree.fromstring(FIGURES[name](5))
    assert root.get("role") == ("group" if root.find(f".//{SVG}a") is not None else "img")
    assert len(root.get("aria-label", "")) > 40


@pytest.mark.parametrize("name", FIGURES)
def test_every_colour_is_one_with_a_meaning(name):
    from escalon.drawing.tokens import paints

    known = {paint.light for paint in paints()} | {"none"}
    drawn = FIGURES[name](9)
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) <= known
    classes = {one for paint in paints() for one in (f"f-{paint.name}", f"s-{paint.name}")}
    assert {one for some in re.findall(r'class="([^"]+)"', drawn) for one in some.split()} <= classes


def test_the_same_data_draw_the_same_bytes_in_another_process():
    code = (
        "import sys, hashlib\nfrom tests.drawing.figures import FIGURES\n"
        "print(hashlib.sha256(''.join(draw(9) for draw in FIGURES.values()).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "7")
    }  # fmt: skip
    assert len(told) == 1
