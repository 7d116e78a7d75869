"""An adversary who knows every shown count, and all that is true of any group of people, cannot fix a small count.

Not the bounds of `disclosure`, but the people themselves are searched: each list of verdicts (by disease) may be had by any
number of people, and an integer programme finds the fewest and the most people a hidden count may hold under all that is shown.
"""

import itertools
import random

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from escalon.facts import Day
from escalon.feasibility.attrition import Attrition, compared
from escalon.protocol import load_study

CLAUSES = ("I-1a", "I-2d", "E-5")
GROUPS = ("RA", "SLE", "none")
VERDICTS = (0, 1, 2)
KINDS = [(group, verdicts) for group in GROUPS for verdicts in itertools.product(VERDICTS, repeat=len(CLAUSES))]


def sums(group, verdicts):
    """What one person of a kind adds to each count of its disease."""
    failed, is_open = verdicts.count(1), verdicts.count(2)
    found = {"people": 1, "eligible": failed == 0 and is_open == 0, "undecided": failed == 0 and is_open > 0}
    for k, verdict in enumerate(verdicts):
        found |= {
            f"not_met_{k}": verdict == 1,
            f"unknown_{k}": verdict == 2,
            f"left_{k}": 1 not in verdicts[: k + 1],
            f"alone_{k}": verdict == 1 and failed == 1,
            f"gained_{k}": (verdict == 1 and failed == 1 and is_open == 0)
            or (verdict == 2 and failed == 0 and is_open == 1),
            f"share_{k}": verdict == 1 and 1 / failed,
        }
    return {name: float(value) for name, value in found.items()}


ADDED = [sums(*kind) for kind in KINDS]
COUNTS = tuple(ADDED[0])


def hospital(draw):
    """Some people of each kind; many kinds have few."""
    return [draw.choice((0, 0, 0, 1, 2, 3, 6, 12, 30)) for _ in KINDS]


def study_of_three():
    study = load_study("nct07052565")
    kept = {
        "inclusion": tuple(one for one in study.inclusion if one.id in CLAUSES),
        "exclusion": tuple(one for one in study.exclusion if one.id in CLAUSES),
    }
    return study.model_copy(update=kept)


def attrition_of(study, people):
    counts = {group: dict.fromkeys(COUNTS, 0.0) for group in GROUPS}
    for (group, _), added, number in zip(KINDS, ADDED, people, strict=True):
        for name in COUNTS:
            counts[group][name] += number * added[name]
    return Attrition(study, Day(2026, 11, 1), counts)


def row_of(name):
    """What one person of each kind adds to a count as `Attrition` names it."""
    what, _, group = name.partition(" ")
    found = []
    for (own, _), added in zip(KINDS, ADDED, strict=True):
        possible = added["eligible"] + added["undecided"]
        value = {"possible": possible, "excluded": 1 - possible}.get(what, added.get(what, 0.0))
        if what.startswith("removed_"):
            k = int(what[8:])
            value = (added[f"left_{k - 1}"] if k else 1.0) - added[f"left_{k}"]
        found.append(value if group in ("", own) else 0.0)
    return np.array(found)


def reach(name, constraints):
    """The fewest and the most people a count may hold."""
    row, found = row_of(name), []
    for sign in (1, -1):
        answer = milp(sign * row, constraints=constraints, integrality=np.ones(len(KINDS)), bounds=Bounds(0, 400))
        assert answer.status in (0, 1), answer.message
        found.append(round(sign * answer.fun))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_no_small_count_can_be_fixed_from_all_that_is_shown(seed):
    found = attrition_of(study_of_three(), hospital(random.Random(seed)))
    shown = {name: count for name, count in found.shown.items() if count is not None}
    assert len(shown) > len(found.all_counts) / 4
    constraints = [LinearConstraint(row_of(name), count, count) for name, count in shown.items()]
    shares = {k: share for k in range(len(CLAUSES)) if (share := found.share(k)) is not None}
    for k, share in shares.items():  # in whole percent of those kept out
        row, excluded = row_of(f"share_{k}"), row_of("excluded")
        constraints.append(LinearConstraint(row - (share - 0.5) / 100 * excluded, 0, np.inf))
        constraints.append(LinearConstraint(row - (share + 0.5) / 100 * excluded, -np.inf, 0))
    small = [
        name
        for name, count in found.all_counts.items()
        if 0 < count < found.smallest and not name.startswith(("passing", "nearly", "obtain"))
    ]
    fixed = {name: reach(name, constraints) for name in small}
    assert {name: ends for name, ends in fixed.items() if ends[0] == ends[1]} == {}


def test_the_adversary_finds_what_is_shown_outright():
    people = [0] * len(KINDS)
    people[0], people[1] = 40, 3
    constraints = [LinearConstraint(row_of("people"), 43, 43), LinearConstraint(row_of("eligible"), 40, 40)]
    constraints.append(LinearConstraint(row_of("undecided"), 0, 0))
    assert reach("excluded", constraints) == [3, 3]


def one_disease(study, eligible, excluded):
    counts = {(0, 0, 0): eligible, (0, 1, 0): excluded}
    return attrition_of(study, [counts.get(verdicts, 0) if group == "RA" else 0 for group, verdicts in KINDS])


@pytest.mark.parametrize(
    ("eligible", "told"),
    [(40, (40, 60)), (42, (None, None)), (36, (None, None)), (60, (60, 40)), (63, (60, 40)), (64, (60, 40)), (65, (65, 35)),
     (1, (5, 95)), (0, (0, 100)), (97, (95, 5)), (100, (100, 0))],
)  # fmt: skip
def test_another_rule_is_told_in_whole_steps_from_the_studys(eligible, told):
    study = study_of_three()
    found, other = one_disease(study, 40, 60), one_disease(study, eligible, 100 - eligible)
    [row] = compared(found, [("a", other)])
    assert (row["eligible"], row["excluded"], row["steps_of"]) == (*told, 5)


def test_no_two_rules_by_one_command_or_by_two_differ_by_a_few():
    """Whatever somebody asks, one rule at a time or several, what is shown is so many whole steps apart."""
    study = study_of_three()
    found = one_disease(study, 40, 60)
    rows = [compared(found, [("a", one_disease(study, eligible, 100 - eligible))])[0] for eligible in range(101)]
    for name in ("eligible", "excluded"):
        shown = [row[name] for row in rows if row[name] is not None]
        assert len(shown) > 80
        assert {(one - shown[0]) % 5 for one in shown} == {0}
        assert all(one == 0 or one >= 5 for one in shown)


def test_a_reader_cannot_tell_which_of_five_numbers_another_rule_gives():
    study = study_of_three()
    found = one_disease(study, 40, 60)
    told = {}
    for eligible in range(45, 95):
        [row] = compared(found, [("a", one_disease(study, eligible, 100 - eligible))])
        told.setdefault((row["eligible"], row["undecided"], row["excluded"]), []).append(eligible)
    assert {len(some) for some in told.values()} == {5}
