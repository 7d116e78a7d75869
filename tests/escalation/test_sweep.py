"""The sweep is exact: laws, independent enumerations, and naive simulations."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.escalation import (
    EscalationError,
    Rule,
    Stop,
    Thresholds,
    a_plus_b,
    at_most,
    coherent,
    enough_and_staying,
    enough_at_current,
    enough_at_next,
    expand_at_mtd,
    next_dose,
    no_skipping,
    parse_conduct,
    parse_design,
    three_plus_three,
    total_dlts,
)
from escalon.escalation.boin import boin
from escalon.escalation.crm import crm
from escalon.escalation.errors import TooManyStates
from escalon.escalation.evaluation import Simulation, evaluate
from escalon.escalation.i3_plus_3 import i3_plus_3
from escalon.escalation.keyboard import keyboard
from escalon.escalation.scenario import Scenario
from escalon.escalation.simulation import simulate
from escalon.escalation.sweep import sweep
from tests.escalation import naive_trials
from tests.escalation.naive_three_plus_three import paths

SKELETON = (0.05, 0.12, 0.25)
RULES: dict[str, Rule] = {
    "V1": three_plus_three(3, "V1"),
    "V2": three_plus_three(3, "V2"),
    "V3": three_plus_three(3, "V3"),
    "2+4": a_plus_b(3, Thresholds(2, 4, 1, 1, 2), "V2"),
    "expanded": three_plus_three(3, "V1") & expand_at_mtd(9),
    "capped 3+3": three_plus_three(3, "V2") & at_most(10),
    "boin": boin(3, "0.25") & at_most(18),
    "boin one by one": boin(3, "0.25", cohort=1) & at_most(8),
    "boin odd": boin(3, "0.3", cohort=4) & enough_and_staying(8) & at_most(18),
    "keyboard": keyboard(3, "0.3") & enough_at_current(9) & at_most(15),
    "i3+3": i3_plus_3(3, "0.25") & enough_at_next(9) & at_most(18),
    "crm": crm(SKELETON, 0.25) & no_skipping() & at_most(15),
    "crm stopped": crm(SKELETON, 0.25, cohort=2, model="logistic") & total_dlts(4) & at_most(12),
    "crm in one line": parse_design("crm target=0.25 skeleton=0.05/0.12/0.25 size=15", 3),
    "boin coherent": boin(3, "0.25", cohort=2) & coherent("0.25") & at_most(10),
    "below the start": parse_design("3+3 V2 lowest=-1 size=15", 3),
}
ENSEMBLES = {name: sweep(rule) for name, rule in RULES.items()}
EACH = pytest.mark.parametrize("name", list(RULES))

risks = st.floats(0, 1)
truths = st.tuples(risks, risks, risks)


@EACH
@settings(max_examples=25)
@given(truth=truths)
def test_probabilities_add_up_to_one(name, truth):
    found = ENSEMBLES[name].under(truth)
    assert found.selection.exact.sum() + float(found.unsettled) == pytest.approx(1, abs=1e-12)
    assert found.sizes.probability.exact.sum() == pytest.approx(1, abs=1e-12)


@EACH
def test_in_rational_arithmetic_they_add_up_to_exactly_one(name):
    assert sum(ENSEMBLES[name].exactly([Fraction(1, 7), Fraction(2, 9), Fraction(3, 11)]).values()) == 1


@EACH
@settings(max_examples=25)
@given(truth=truths)
def test_expected_dlts_are_risk_times_expected_participants(name, truth):
    ensemble = ENSEMBLES[name]
    treated, dlts = ensemble.expect(ensemble.n.T, truth), ensemble.expect(ensemble.t.T, truth)
    np.testing.assert_allclose(dlts, np.array(truth) * treated, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ensemble.under(truth).patients.exact, treated, rtol=1e-12, atol=1e-13)


@EACH
def test_a_batch_equals_its_single_calls(name):
    many = np.random.default_rng(3).random((150, 3))
    batch = ENSEMBLES[name].under(many)
    for number in (0, 63, 64, 127, 149):
        one = ENSEMBLES[name].under(many[number])
        np.testing.assert_allclose(batch[number].selection.exact, one.selection.exact, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(batch[number].patients.exact, one.patients.exact, rtol=1e-12)
        np.testing.assert_allclose(
            batch[number].sizes.probability.exact, one.sizes.probability.exact, rtol=1e-12, atol=1e-15
        )


@EACH
@pytest.mark.parametrize("truth", [(0, 0, 0), (1, 1, 1), (0, 1, 1), (0, 0, 1), (1, 0, 0)])
def test_certain_risks_give_finite_answers(name, truth):
    found = ENSEMBLES[name].under(truth)
    assert np.isfinite(found.selection.exact).all()
    assert np.isfinite(found.patients.exact).all()
    assert found.selection.exact.sum() + float(found.unsettled) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("variant", ["V1", "V2", "V3"])
def test_the_sweep_equals_an_independent_enumeration_of_paths_in_fractions(variant):
    truth = [Fraction(1, 20), Fraction(3, 20), Fraction(3, 10)]
    expected: dict[int, Fraction] = {}
    for path, mtd in paths(3, variant):
        chance = Fraction(1)
        for level, dlts in path:
            chance *= comb(3, dlts) * truth[level - 1] ** dlts * (1 - truth[level - 1]) ** (3 - dlts)
        expected[mtd] = expected.get(mtd, Fraction(0)) + chance
    assert ENSEMBLES[variant].exactly(truth) == expected


@pytest.mark.parametrize("name", ["V1", "V2", "V3", "2+4", "expanded", "capped 3+3", "boin", "keyboard", "i3+3", "crm"])
def test_conduct_along_every_path_agrees_with_the_sweep(name):
    """Walk the tree with `next_dose`, as a trial would, and add up the probabilities of its leaves."""
    rule, truth = RULES[name], (0.1, 0.25, 0.45)
    mtds, treated = np.zeros(5), np.zeros(3)

    def walk(words: str, counts: tuple[int, ...], chance: float) -> None:
        decision = next_dose(rule, words)
        if isinstance(decision, Stop):
            mtds[(-1 if decision.mtd is None else decision.mtd) + 1] += chance
            treated[:] += chance * np.array(counts)
            return
        p, size = truth[decision.level - 1], decision.size
        after = tuple(count + size * (level == decision.level) for level, count in enumerate(counts, start=1))
        for dlts in range(size + 1):
            cohort = f"{decision.level}{'N' * (size - dlts)}{'T' * dlts}"
            walk(f"{words} {cohort}", after, chance * comb(size, dlts) * p**dlts * (1 - p) ** (size - dlts))

    walk("", (0, 0, 0), 1.0)
    found = ENSEMBLES[name].under(truth)
    np.testing.assert_allclose(mtds[1:], found.selection.exact, atol=1e-12)
    assert mtds[0] == pytest.approx(float(found.unsettled), abs=1e-12)
    np.testing.assert_allclose(treated, found.patients.exact, rtol=1e-12)


TRIALS = 40_000
Z = 4.9  # two-sided one in a million: with some hundred comparisons a false alarm is a one in ten thousand event


def assert_inside(mtds, treated, dlts, found) -> None:
    """Every exact number lies in the confidence interval of the naive simulation."""
    for level in range(found.truth.size + 1):
        p = min(float(found.selection[level]), 1.0)
        assert abs(np.mean(mtds == level) - p) <= Z * np.sqrt(p * (1 - p) / len(mtds)) + 1e-9, level
    for name, observed, exact in (("n", treated, found.patients), ("t", dlts, found.dlts)):
        for level in range(found.truth.size):
            error = observed[:, level].std() / np.sqrt(len(observed))
            assert abs(observed[:, level].mean() - float(exact[level])) <= Z * error + 1e-9, (name, level)
    size = treated.sum(axis=1)
    for value, probability in found.sizes.items():
        p = min(float(probability), 1.0)
        assert abs(np.mean(size == value) - p) <= Z * np.sqrt(p * (1 - p) / len(size)) + 1e-9, value


def run(naive, trials: int = TRIALS):
    rng = random.Random(20261123)
    ends = [naive(rng) for _ in range(trials)]
    return tuple(np.array(part) for part in zip(*ends, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["V1", "V2", "V3"])
def test_a_naive_simulation_contains_every_exact_number_of_the_3_plus_3(variant):
    truth = [0.08, 0.2, 0.4]
    assert_inside(*run(lambda rng: naive_trials.three_plus_three(truth, variant, rng)), ENSEMBLES[variant].under(truth))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "target", "size"), [([0.05, 0.15, 0.30], 0.25, 18), ([0.25, 0.35, 0.5, 0.6], 0.3, 24)]
)
def test_a_naive_simulation_contains_every_exact_number_of_boin(truth, target, size):
    exact = sweep(boin(len(truth), target) & at_most(size)).under(truth)
    assert_inside(*run(lambda rng: naive_trials.boin(truth, target, size, 3, rng)), exact)


@pytest.mark.slow
def test_a_naive_simulation_contains_every_exact_number_of_the_crm_with_its_limits():
    truth = [0.30, 0.45, 0.60]
    exact = ENSEMBLES["crm in one line"].under(truth)
    naive = run(lambda rng: naive_trials.crm(truth, list(SKELETON), 0.25, 15, 3, rng, limited=True), trials=3_000)
    assert_inside(*naive, exact)
    assert float(exact.none.exact) > 0.1


def test_a_naive_simulation_contains_every_exact_number_of_the_crm():
    truth = [0.08, 0.2, 0.4]
    exact = ENSEMBLES["crm"].under(truth)
    assert_inside(*run(lambda rng: naive_trials.crm(truth, list(SKELETON), 0.25, 15, 3, rng), trials=3_000), exact)


@EACH
def test_our_own_simulator_agrees_within_its_printed_errors(name):
    truth = (0.1, 0.25, 0.45)
    exact, simulated = ENSEMBLES[name].under(truth), simulate(RULES[name], truth, 20_000, seed=7)
    for ours, theirs in (
        (exact.selection, simulated.selection),
        (exact.patients, simulated.patients),
        (exact.dlts, simulated.dlts),
        (exact.size, simulated.size),
        (exact.total_dlts, simulated.total_dlts),
    ):
        assert (np.abs(ours.exact - theirs.value) <= Z * theirs.standard_error + 1e-9).all()


def test_the_same_seed_gives_the_same_simulation():
    one, two = (simulate(RULES["boin"], (0.1, 0.2, 0.3), 500, seed=4) for _ in range(2))
    assert (one.selection.value == two.selection.value).all()


def test_simulated_numbers_cannot_be_read_as_exact():
    simulated = simulate(RULES["V2"], (0.1, 0.2, 0.3), 500, seed=4)
    with pytest.raises(EscalationError, match="These numbers are simulated"):
        simulated.selection.exact  # noqa: B018
    assert "±" in f"{simulated.none}"
    assert "±" not in f"{ENSEMBLES['V2'].under((0.1, 0.2, 0.3)).none}"
    assert simulated.as_json()["selection"]["standard_error"] is not None
    assert simulated.as_json()["method"] == "simulated (500 trials, seed 4)"


def test_a_sweep_from_a_tally_continues_the_trial():
    """The law of total probability over the first cohort gives back the whole."""
    rule, truth = RULES["boin"], (0.1, 0.25, 0.45)
    whole = ENSEMBLES["boin"].under(truth).selection.exact
    mixed = np.zeros(4)
    for dlts in range(4):
        start = parse_conduct(f"1{'N' * (3 - dlts)}{'T' * dlts}").tally(3)
        chance = comb(3, dlts) * truth[0] ** dlts * (1 - truth[0]) ** (3 - dlts)
        mixed += chance * sweep(rule, start).under(truth).selection.exact
    np.testing.assert_allclose(mixed, whole, rtol=1e-12)


def test_a_rule_without_an_end_is_refused():
    with pytest.raises(EscalationError, match="rule & at_most"):
        sweep(boin(1, "0.3", up_to=400))


def test_too_many_states_are_refused_and_named():
    with pytest.raises(TooManyStates, match="too many to sweep; simulate"):
        sweep(boin(6, "0.3") & at_most(36), most_states=1_000)
    with pytest.raises(TooManyStates, match="too many states"):
        sweep(boin(12, "0.3", cohort=1) & at_most(40))


@pytest.mark.parametrize(
    ("truth", "says"),
    [
        ((0.1, 0.2), "one DLT risk per level: 3"),
        ((0.1, 1.2, 0.3), "1.2 at level 2 is outside"),
        ((0.1, float("nan"), 0.3), "outside"),
    ],
)
def test_risks_that_cannot_be_are_refused(truth, says):
    with pytest.raises(EscalationError, match=says):
        ENSEMBLES["V2"].under(truth)


def test_a_design_with_too_many_states_is_simulated_and_says_so():
    scenario = Scenario("truth", (0.1, 0.2, 0.3))
    (found,) = evaluate(RULES["boin"], [scenario], 0.25, Simulation(300, 2), most_states=5)
    assert found.characteristics.method == "simulated (300 trials, seed 2)"
    assert found.as_json()["exact"] is False
    assert found.as_json()["p_correct"]["standard_error"] > 0
    (exact,) = evaluate(RULES["boin"], [scenario], 0.25, Simulation())
    assert exact.as_json()["p_correct"]["standard_error"] is None
