"""Scenarios: what the rule sees, what is enrolled in vain, how long it takes; each against a naive count."""

from __future__ import annotations

import random

import numpy as np
import pytest

from escalon.escalation import EscalationError, next_dose, three_plus_three
from escalon.escalation.enrolment import Pace, duration_law, enrolment_law
from escalon.escalation.evaluation import compare
from escalon.escalation.scenario import Basket, Dosing, Scenario, grid, random_monotone, random_truths, scenario_from
from escalon.escalation.scenario_files import read_scenarios
from escalon.escalation.sweep import sweep

RULE = three_plus_three(3, "V2")
ENSEMBLE = sweep(RULE)
TRIALS = 3_000
Z = 4.9


def naive_trial(draw, rng):
    """One trial in which every participant is drawn from the scenario's own story; returns (MTD, enrolled, days)."""
    known: dict[tuple, object] = {}
    n, t, words, enrolled, cohorts = [0] * 3, [0] * 3, [], 0, 0
    while True:
        key = tuple(words)
        if key not in known:
            known[key] = next_dose(RULE, " ".join(words))
        decision = known[key]
        if decision.action == "stop":
            return decision.mtd, enrolled, cohorts, sum(n)
        letters = ""
        while len(letters) < decision.size:
            enrolled += 1
            seen = draw(decision.level - 1, rng)
            if seen != "X":
                letters += seen
        n[decision.level - 1] += decision.size
        t[decision.level - 1] += letters.count("T")
        cohorts += 1
        words.append(f"{decision.level}{letters}")


def simulate(draw):
    rng = random.Random(5)
    return np.array([naive_trial(draw, rng) for _ in range(TRIALS)])


def assert_close(observed, exact):
    error = observed.std() / np.sqrt(len(observed))
    assert abs(observed.mean() - exact) <= Z * error + 1e-9


@pytest.mark.slow
def test_late_dlts_are_unseen_and_the_rest_stays_exact():
    scenario = Scenario("late", (0.1, 0.3, 0.5), late=0.4)

    def draw(level, rng):
        return "T" if rng.random() < scenario.risks[level] and rng.random() < 0.6 else "N"

    ends = simulate(draw)
    found = ENSEMBLE.under(scenario.seen)
    for mtd in range(4):
        assert_close((ends[:, 0] == mtd).astype(float), float(found.selection[mtd]))


@pytest.mark.slow
def test_replacement_keeps_the_law_of_evaluable_participants_and_adds_enrolment():
    scenario = Scenario("leaving", (0.1, 0.3, 0.5), not_evaluable=0.25)

    def draw(level, rng):
        if rng.random() < scenario.risks[level]:
            return "T"
        return "X" if rng.random() < 0.25 else "N"

    ends = simulate(draw)
    found = ENSEMBLE.under(scenario.seen)
    for mtd in range(4):
        assert_close((ends[:, 0] == mtd).astype(float), float(found.selection[mtd]))
    law = enrolment_law(ENSEMBLE, scenario)
    assert law.probability.exact.sum() == pytest.approx(1, abs=1e-9)
    assert_close(ends[:, 1].astype(float), float(law.mean()))
    assert_close((ends[:, 1] > 18).astype(float), float(law.more_than(18)))


@pytest.mark.slow
def test_diseases_of_different_risk_pool_exactly():
    scenario = Scenario("basket", baskets=(Basket("RA", 0.25, (0.0, 0.1, 0.2)), Basket("SLE", 0.75, (0.1, 0.3, 0.6))))
    assert scenario.risks == pytest.approx((0.075, 0.25, 0.5))

    def draw(level, rng):
        disease = scenario.baskets[0] if rng.random() < 0.25 else scenario.baskets[1]
        return "T" if rng.random() < disease.risks[level] else "N"

    ends = simulate(draw)
    found = ENSEMBLE.under(scenario.seen)
    for mtd in range(4):
        assert_close((ends[:, 0] == mtd).astype(float), float(found.selection[mtd]))
    by_disease = scenario.dlts_by_disease(found.patients.exact)
    np.testing.assert_allclose(by_disease["RA"] + by_disease["SLE"], found.dlts.exact, rtol=1e-12)


def test_without_leaving_enrolment_is_the_law_of_size():
    law = enrolment_law(ENSEMBLE, Scenario("all stay", (0.1, 0.2, 0.3)))
    sizes = ENSEMBLE.under((0.1, 0.2, 0.3)).sizes
    assert law.values.tolist() == sizes.values.tolist()
    np.testing.assert_allclose(law.probability.exact, sizes.probability.exact, rtol=1e-12)


def test_durations_follow_from_cohorts_and_participants():
    law = duration_law(ENSEMBLE, (0.05, 0.15, 0.30), Pace(window=28, days_between=14, review=7))
    sizes = ENSEMBLE.under((0.05, 0.15, 0.30)).sizes
    assert law.values.tolist() == [63 * (size // 3) for size in sizes.values.tolist()]
    np.testing.assert_allclose(law.probability.exact, sizes.probability.exact, rtol=1e-12)


def test_a_spread_of_doses_with_nothing_spread_changes_nothing():
    plain = Scenario("plain", (0.05, 0.15, 0.30))
    still = Scenario("still", (0.05, 0.15, 0.30), dosing=Dosing((1e5, 3e5, 6e5)))
    np.testing.assert_allclose(still.seen, plain.seen, rtol=1e-9)


def test_underdosed_participants_lower_the_risk_that_is_seen():
    short = Scenario(
        "short", (0.05, 0.15, 0.30), dosing=Dosing((1e5, 3e5, 6e5), spread=0.2, underdosed=0.2, reaches=0.5)
    )
    assert (short.seen < np.array(short.risks)).all()
    assert any("counted at their level" in note for note in short.notes())


def test_a_falling_truth_is_allowed_and_named():
    scenario = Scenario("odd", (0.3, 0.1, 0.2))
    assert not scenario.is_monotone
    assert scenario.notes() == ("the true risk falls at some level: not monotone",)
    assert compare([RULE], [scenario], 0.25).as_json()["results"][0]["monotone"] is False


def test_random_truths_rise_and_their_mtd_is_near_the_target():
    drawn = random_truths(5, 200, seed=2, target=0.3)
    assert (np.diff(drawn, axis=1) >= 0).all()
    nearest = np.abs(drawn - 0.3).argmin(axis=1)
    assert set(nearest) == {0, 1, 2, 3, 4}
    assert [one.risks for one in random_monotone(3, 4, 1)] == [one.risks for one in random_monotone(3, 4, 1)]


def test_a_grid_holds_every_rising_combination_once():
    assert len({scenario.risks for scenario in grid(3, (0.1, 0.2, 0.3))}) == 10


def test_scenario_files(tmp_path):
    (tmp_path / "truths.csv").write_text("name,1,2,3\nmild,0.05,0.1,0.2\nsteep,0.1,0.3,0.6\n", encoding="utf-8")
    assert [one.name for one in read_scenarios(tmp_path / "truths.csv")] == ["mild", "steep"]
    (tmp_path / "truths.toml").write_text(
        '[[scenario]]\nname = "late"\nrisks = [0.1, 0.2, 0.3]\nlate = 0.2\n'
        '[[scenario]]\nname = "basket"\n[[scenario.baskets]]\nname = "RA"\nshare = 1\nrisks = [0.1, 0.2, 0.3]\n',
        encoding="utf-8",
    )
    assert [one.late for one in read_scenarios(tmp_path / "truths.toml")] == [0.2, 0.0]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("a.csv", "risk,1\nx,0.1\n", "line 1: write the header"),
        ("a.csv", "name,1,2\nx,0.1,abc\n", "line 2: could not convert"),
        ("a.csv", "name,1,2\nx,0.1,1.4\n", "line 2: DLT risk 1.4 at level 2"),
        ("a.csv", "name,1,2\n", "no scenarios"),
        ("a.toml", "[[scenario]]\nrisk = [0.1]\n", "scenario 1: unknown key risk"),
        ("a.toml", "[[scenario]]\nname = 'x'\n", "has no risks"),
        ("a.toml", "[[scenario]\n", "a.toml"),
    ],
)
def test_a_slip_in_a_scenario_file_is_named(tmp_path, file, text, says):
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(EscalationError, match=says):
        read_scenarios(tmp_path / file)


def test_shares_must_add_up():
    with pytest.raises(EscalationError, match=r"add up to 0\.8"):
        scenario_from({"name": "b", "baskets": [{"name": "RA", "share": 0.8, "risks": [0.1]}]})
