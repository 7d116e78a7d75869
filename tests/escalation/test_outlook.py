"""What can still happen: probabilities that add up, figures that can be read, and the same end as the sweep."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from escalon.escalation import EscalationError, at_most, three_plus_three
from escalon.escalation.boin import boin
from escalon.escalation.evaluation import Simulation, compare
from escalon.escalation.outlook import outlook
from escalon.escalation.rolling_six import RollingSix
from escalon.escalation.scenario import Scenario
from escalon.escalation.sweep import sweep
from escalon.reporting.figures.comparison import comparison_svg
from escalon.reporting.figures.outlook import outlook_svg

P3 = (0.05, 0.15, 0.30)
RULES = {"3+3": three_plus_three(3, "V2") & at_most(18), "boin": boin(3, "0.25") & at_most(18)}
CONDUCTS = ["", "1NNN", "1NNN 2NNT", "1NNP", "1NNN 2NP", "1NN", "1NNPP", "1NNNN", "1TTT"]


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("so_far", CONDUCTS)
def test_the_leaves_of_the_tree_and_the_ends_of_the_trial_add_up_to_one(name, so_far):
    found = outlook(RULES[name], so_far, P3, depth=2)
    leaves = [node.probability for node in found.root.walk() if not node.branches]
    assert sum(leaves) == pytest.approx(1, abs=1e-12)
    forecast = found.forecasts[0]
    assert sum(forecast.mtd) + forecast.unsettled == pytest.approx(1, abs=1e-12)
    assert sum(forecast.cohorts.values()) == pytest.approx(1, abs=1e-12)
    assert sum(forecast.participants.values()) == pytest.approx(1, abs=1e-12)
    mean = sum(count * share for count, share in forecast.participants.items())
    assert forecast.still_to_treat == pytest.approx(mean, abs=1e-10)


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("so_far", ["", "1NNN 2NNT", "1NNN 2NNP", "1NN", "1PP", "1NNN 2NP", "1NNN 2TP", "1NNP"])
def test_a_tree_to_the_end_and_the_forecast_say_the_same(name, so_far):
    rule = three_plus_three(2, "V2") if name == "3+3" else boin(2, "0.25") & at_most(9)
    found = outlook(rule, so_far, (0.1, 0.35), depth=8)
    ends = dict.fromkeys(range(3), 0.0)
    for node in found.root.walk():
        if not node.branches:
            assert node.decision.action == "stop"
            ends[node.decision.mtd] += node.probability
    assert list(ends.values()) == pytest.approx(list(found.forecasts[0].mtd), abs=1e-12)


def test_the_outlook_from_the_beginning_is_the_operating_characteristics():
    forecast = outlook(RULES["3+3"], "", P3).forecasts[0]
    exact = sweep(RULES["3+3"]).under(P3)
    assert list(forecast.mtd) == pytest.approx(exact.selection.exact.tolist(), abs=1e-12)
    assert forecast.still_to_treat == pytest.approx(float(exact.size), abs=1e-12)
    assert (forecast.earliest, forecast.latest) == (1, 6)
    assert sum(forecast.cohorts.values()) == pytest.approx(1)


def test_without_risks_nothing_is_assumed():
    found = outlook(RULES["3+3"], "1NNN", depth=1)
    assert found.forecasts == ()
    assert all(node.probability is None for node in found.root.walk())


def test_several_sets_of_risks_give_several_forecasts():
    found = outlook(RULES["3+3"], "1NNN", [P3, (0.2, 0.4, 0.6)], depth=1)
    assert [forecast.risks for forecast in found.forecasts] == [P3, (0.2, 0.4, 0.6)]


@pytest.mark.parametrize("so_far", CONDUCTS)
def test_the_figure_is_well_formed_and_tells_every_decision(so_far):
    found = outlook(RULES["3+3"], so_far, P3)
    words = " ".join(ElementTree.fromstring(outlook_svg(found)).itertext())
    assert so_far in words
    assert "How it ends" in words
    assert outlook_svg(found) == outlook_svg(outlook(RULES["3+3"], so_far, P3))


def test_the_comparison_figure_marks_simulated_numbers():
    designs = [RULES["3+3"], RollingSix(3, 28)]
    found = compare(designs, [Scenario("truth", P3)], 0.25, Simulation(200, 1, 14))
    words = list(ElementTree.fromstring(comparison_svg(found)).itertext())
    assert sum("±" in word for word in words) == 1
    assert "rolling six" in words


def test_risks_must_fit_the_levels():
    with pytest.raises(EscalationError, match="one DLT risk per level: 3"):
        outlook(RULES["3+3"], "1NNN", (0.1, 0.2))
