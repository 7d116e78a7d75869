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


def worked_out(clauses, groups, cells, people):
    """The small counts that a linear programme over the cells, pairs of disease and pattern, places within four numbers."""
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
            if least.status == most.status == 0 and np.floor(1e-6 - most.fun) - np.ceil(least.fun - 1e-6) < 4:
                yield name


@pytest.mark.parametrize("seed", range(24))
def test_no_small_count_can_be_worked_out_of_a_few_clauses(seed):
    draw = random.Random(seed)
    clauses, groups = draw.choice((1, 2, 3)), ("RA", "SLE", "none")[: draw.choice((1, 2, 3))]
    cells = [(group, p) for group in groups for p in product((MET, NOT_MET, UNKNOWN), repeat=clauses)]
    drawn = draw.choices(range(len(cells)), [draw.random() ** 4 for _ in cells], k=draw.choice((20, 40, 80, 150)))
    assert list(worked_out(clauses, groups, cells, np.bincount(drawn, minlength=len(cells)))) == []


@pytest.mark.parametrize("seed", range(8))
def test_no_small_count_can_be_worked_out_where_few_of_many_clauses_keep_somebody_out(seed):
    """A warehouse that holds a few of the names: all 70 clauses are told, and four of them fail anybody at all."""
    draw = random.Random(seed)
    failing = sorted(draw.sample(range(len(STUDY.criteria)), 4))
    patterns = [p for p in product((0, 1), repeat=4) if any(p)]
    people = np.array([draw.choice((0, 0, 1, 2, 3, 8, 20, 40)) for _ in patterns])
    excluded = int(people.sum())
    everybody = {"people": excluded + 200.0, "eligible": 0.0, "undecided": 200.0}
    rows = {"excluded": np.ones(len(patterns))}
    for k in range(len(STUDY.criteria)):
        at = failing.index(k) if k in failing else None
        before = sum(one <= k for one in failing)
        rows[f"left_{k}"] = np.array([-float(any(p[:before])) for p in patterns])
        if at is not None:
            rows[f"not_met_{k}"] = np.array([float(p[at]) for p in patterns])
            rows[f"alone_{k}"] = np.array([float(p[at] and sum(p) == 1) for p in patterns])
            rows[f"first_{k}"] = np.array([float(p[at] and sum(p) > 1 and not any(p[:at])) for p in patterns])
            rows[f"share_{k}"] = np.array([p[at] / sum(p) for p in patterns])
        everybody |= {f"{name}_{k}": 0.0 for name in ("not_met", "unknown", "alone", "gained", "share")}
        everybody[f"left_{k}"] = everybody["people"] + rows[f"left_{k}"] @ people
        everybody |= {
            f"{name}_{k}": rows[f"{name}_{k}"] @ people for name in ("not_met", "alone", "share") if at is not None
        }
        everybody[f"gained_{k}"] = everybody[f"alone_{k}"]
    somewhere = next(k for k in range(len(STUDY.criteria)) if k not in failing)
    everybody[f"unknown_{somewhere}"] = everybody[f"gained_{somewhere}"] = everybody["undecided"]
    found = Attrition(STUDY, Day(2026, 11, 1), {"RA": everybody})
    base = {name: everybody["people"] if name.startswith("left") else 0 for name in rows}
    known = [name for name in rows if found.shown.get(name) is not None]
    shares = [(k, share) for k in failing if (share := found.share(k)) is not None]
    ties = {
        "A_eq": [rows[name] for name in known] or None,
        "b_eq": [found.shown[name] - base[name] for name in known] or None,
        "A_ub": [sign * rows[f"share_{k}"] for k, _ in shares for sign in (1, -1)] or None,
        "b_ub": [(sign * share + 0.5) * excluded / 100 for _, share in shares for sign in (1, -1)] or None,
    }
    for name in (f"{kind}_{k}" for kind in ("alone", "first", "not_met") for k in failing):
        if 0 < rows[name] @ people < 5:
            least, most = linprog(rows[name], **ties), linprog(-rows[name], **ties)
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


def test_a_share_that_is_withheld_hides_no_other_count():
    """Shares are the least wanted; once they are not said nobody weighs them, and how many fail and are left is shown."""
    people = dict(zip(product((MET, NOT_MET, UNKNOWN), repeat=2), (150, 150, 1, 0, 2, 3, 2, 2, 60), strict=True))
    counts = {name: float(sum(of(p) * many for p, many in people.items())) for name, of in things(2).items()}
    own = STUDY.model_copy(update={"inclusion": STUDY.inclusion[:2], "exclusion": ()})
    found = Attrition(own, Day(2026, 11, 1), {"RA": counts})
    assert (found.shown["not_met_0"], found.share(0), found.share(1)) == (5, None, None)
    assert (found.shown["left_0"], found.shown["left_1"]) == (365, 213)


@pytest.mark.parametrize("seed", range(24))
def test_no_small_count_can_be_worked_out_where_few_of_six_clauses_are_failed_or_unknown_of_anybody(seed):
    """With one clause unknown, whom its removal gains are the undecided and who fail it alone: two of three tell the third."""
    draw = random.Random(seed)
    failing, unknown = draw.sample(range(6), 3), draw.sample(range(6), draw.choice((1, 2)))
    verdicts = [(MET, *[NOT_MET][: k in failing], *[UNKNOWN][: k in unknown]) for k in range(6)]
    groups = ("RA", "SLE")[: 3 - len(unknown)]
    cells = [(group, p) for group in groups for p in product(*verdicts)]
    people = np.array([draw.choice((0, 0, 1, 2, 3, 8, 60, 150)) for _ in cells])
    assert list(worked_out(6, groups, cells, people)) == []
