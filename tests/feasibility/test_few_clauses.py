"""A reader who solves the linear programme over every pattern of verdicts finds no small count, however few clauses there are."""

import random
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from escalon.facts import Day
from escalon.feasibility.attrition import Attrition
from escalon.protocol import load_study

STUDY = load_study("nct07052565")
MET, NOT_MET, UNKNOWN = range(3)


def things(clauses):
    """What is counted of a pattern of verdicts, written anew here."""

    def fails(p):
        return [k for k, one in enumerate(p) if one == NOT_MET]

    found = {
        "people": lambda p: True,
        "eligible": lambda p: set(p) == {MET},
        "undecided": lambda p: not fails(p) and UNKNOWN in p,
    }
    for k in range(clauses):
        found[f"not_met_{k}"] = lambda p, k=k: p[k] == NOT_MET
        found[f"unknown_{k}"] = lambda p, k=k: p[k] == UNKNOWN
        found[f"left_{k}"] = lambda p, k=k: all(j > k for j in fails(p))
        found[f"alone_{k}"] = lambda p, k=k: fails(p) == [k]
        found[f"gained_{k}"] = lambda p, k=k: p[k] != MET and set(p[:k] + p[k + 1 :]) <= {MET}
        found[f"share_{k}"] = lambda p, k=k: 1 / len(fails(p)) if p[k] == NOT_MET else 0
    return found


@pytest.mark.parametrize("seed", range(24))
def test_no_small_count_can_be_worked_out_of_a_few_clauses(seed):
    draw = random.Random(seed)
    clauses, groups = draw.choice((1, 2, 3)), ("RA", "SLE", "none")[: draw.choice((1, 2, 3))]
    cells = [(group, p) for group in groups for p in product((MET, NOT_MET, UNKNOWN), repeat=clauses)]
    drawn = draw.choices(range(len(cells)), [draw.random() ** 4 for _ in cells], k=draw.choice((20, 40, 80, 150)))
    people = np.bincount(drawn, minlength=len(cells))
    rows = {name: np.array([float(of(p)) for _, p in cells]) for name, of in things(clauses).items()}
    here = {group: np.array([float(one == group) for one, _ in cells]) for group in groups}
    counts = {group: {name: float(row * mine @ people) for name, row in rows.items()} for group, mine in here.items()}
    own = STUDY.model_copy(update={"inclusion": STUDY.inclusion[:clauses], "exclusion": ()})
    shown = Attrition(own, Day(2026, 11, 1), {name: one for name, one in counts.items() if one["people"]}).shown
    rows["possible"] = rows["eligible"] + rows["undecided"]
    rows["excluded"] = rows["people"] - rows["possible"]
    heads = ("people", "eligible", "undecided", "possible", "excluded")
    rows |= {f"{name} {group}": rows[name] * mine for name in heads for group, mine in here.items()}
    known = [name for name, count in shown.items() if count is not None and name in rows]
    ties = {"A_eq": [rows[name] for name in known] or None, "b_eq": [shown[name] for name in known] or None}
    for name, row in rows.items():
        if not name.startswith("share") and 0 < row @ people < 5:
            least, most = linprog(row, **ties), linprog(-row, **ties)
            if least.status == most.status == 0:
                assert np.floor(1e-6 - most.fun) - np.ceil(least.fun - 1e-6) >= 4, name


def test_a_clause_without_title_and_words_is_called_by_its_rule():
    [titled, told, bare] = (one.model_copy() for one in STUDY.inclusion[:3])
    told, bare = (one.model_copy(update={"title": "", **more}) for one, more in ((told, {}), (bare, {"says": ""})))
    own = STUDY.model_copy(update={"inclusion": (titled, told, bare), "exclusion": ()})
    assert [one.heading for one in own.criteria] == [titled.title, str(told.says), bare.rule]
    counts = dict.fromkeys(things(3), 0.0)
    said = Attrition(own, Day(2026, 11, 1), {"none": counts}).as_json()["clauses"]
    assert [one["title"] for one in said] == [one.heading for one in own.criteria]
