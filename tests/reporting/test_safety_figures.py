"""The figures of section 5 drawn from a whole trial: counts in one unit a panel, states of disease, nothing on anything else."""

import itertools
import re

import pytest

from escalon.reporting.sections.safety_figures import blood_counts, swimmer
from escalon.reporting.view import View
from tests.drawing.test_figures import texts


@pytest.fixture(scope="module")
def view(study, trial):
    from escalon.conduct.judge.cutoff import last_day

    return View(study, trial, last_day(trial.trial))


def clashes(svg):
    placed = [one for one in texts(svg) if one.words.strip()]
    return [(a.words, b.words) for a, b in itertools.combinations(placed, 2) if a.meets(b)]


def test_counts_stand_in_one_unit_with_the_limits_of_their_grades(view):
    drawn = blood_counts(view)
    assert drawn is not None
    words = {one.words for one in texts(drawn.svg)}
    assert {"Neutrophils, 10⁹/L", "Platelets, 10⁹/L", "level 1", "level 3", "grade 4"} <= words
    assert clashes(drawn.svg) == []
    assert "Neutrophils: " in drawn.alt


def by_das28(score):
    """Bands of the DAS28 as published: 2.6, 3.2 and 5.1 (EULAR; Fransen & van Riel 2005)."""
    return "remission" if score < 2.6 else "low" if score <= 3.2 else "moderate" if score <= 5.1 else "high"


def test_everybody_has_a_lane_and_the_state_of_their_own_score(view):
    drawn = swimmer(view)
    words = [one.words for one in texts(drawn.svg)]
    lanes = [word for word in words if " · level " in word]
    assert len(lanes) == len(view.population) == len(set(lanes))
    assert clashes(drawn.svg) == []
    boxes = re.findall(r"P\d+ [^:<]+: (\d+\.\d+), (remission|low|moderate|high)\b", drawn.svg)  # read when pointed at
    assert boxes
    assert all(by_das28(float(score)) == state for score, state in boxes)
    assert "dashed: end of registered follow-up" in words
