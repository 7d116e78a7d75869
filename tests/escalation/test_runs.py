"""Runs of end states: taken together or one by one, the same sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.escalation import at_most
from escalon.escalation import ensemble as ensemble_module
from escalon.escalation.boin import boin
from escalon.escalation.runs import Runs
from escalon.escalation.sweep import sweep

STATE = st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 3))


@given(ways=st.dictionaries(STATE, st.integers(1, 12), min_size=1), seed=st.integers(0, 99))
def test_runs_hold_every_state_once(ways, seed):
    rng = np.random.default_rng(seed)
    lower, upper, weight_of = rng.random(5), rng.random(4), rng.random((4, 2))
    expected = np.zeros((3, 2))
    for (group, low, up), count in ways.items():
        expected[group] += count * weight_of[up] * lower[low] * upper[up]
    group_of, lower_of, upper_of = np.array(sorted(ways)).T
    counts = np.array([ways[state] for state in sorted(ways)], dtype=np.float64)
    runs = Runs.of(group_of, lower_of, upper_of, counts, weight_of[upper_of])
    found = np.zeros((3, 2))
    for at, group in enumerate(runs.group_of):
        terms, some = slice(*runs.terms[at : at + 2]), slice(*runs.runs[at : at + 2])
        above = (runs.weights[terms] * upper[runs.upper_of[terms], None]).sum(axis=0)
        found[group] += above * (runs.factor[some] * lower[runs.lower_of[some]]).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_proportional_runs_of_one_group_are_summed_once():
    group_of, lower_of, upper_of = np.array([[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2], [5, 7, 5, 7, 5, 7]])
    runs = Runs.of(group_of, lower_of, upper_of, np.array([2.0, 4, 3, 6, 1, 2]), np.ones((6, 1)))
    assert runs.group_of.tolist() == [0, 1]
    assert runs.factor.tolist() == [2, 3, 1]
    assert runs.weights.ravel().tolist() == [1, 2, 1, 2]
    assert runs.upper_of.tolist() == [5, 7, 5, 7]


@pytest.mark.parametrize("size", [51, 60])
def test_a_compiled_batch_equals_the_plain_one_where_ways_are_held_exactly_and_where_not(size, monkeypatch):
    pytest.importorskip("numba")
    ensemble = sweep(boin(3, 0.3, up_to=size) & at_most(size))
    many = np.random.default_rng(5).random((70, 3))
    many[0], many[1] = 0, 1
    found = []
    for threshold in (0, 10**18):
        monkeypatch.setattr(ensemble_module, "WORTH_COMPILING", threshold)
        found.append(ensemble.under(many))
    compiled, plain = found
    np.testing.assert_allclose(compiled.selection.exact, plain.selection.exact, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(compiled.patients.exact, plain.patients.exact, rtol=1e-11)
    np.testing.assert_allclose(compiled.selection.exact.sum(axis=1) + compiled.unsettled.exact, 1, atol=1e-12)
