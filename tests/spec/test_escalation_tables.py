"""Every row of the tables in spec/escalation/ holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.escalation.boundaries import boundaries

from escalon.escalation import (
    Outcome,
    Treated,
    at_most,
    conduct_of,
    dlt_window,
    enough_and_staying,
    next_dose,
    parse_conduct,
    parse_design,
    sentinel,
    stagger,
    three_plus_three,
    whole_cohort_first,
)
from escalon.escalation.boin import boin, boin_table, boundary_rates
from escalon.escalation.crm import DoseToxicity, crm, posterior, skeleton
from escalon.escalation.decision_table import DecisionTable
from escalon.escalation.exact_beta import upper_tail
from escalon.escalation.i3_plus_3 import i3_plus_3
from escalon.escalation.isotonic import isotonic_estimates
from escalon.escalation.keyboard import keyboard_table, mtpi2
from escalon.escalation.rolling_six import placement
from escalon.escalation.sweep import sweep
from escalon.escalation.tite_crm import TiteCrm, adaptive_weights, tite_posterior

SPEC = Path(__file__).parents[2] / "spec" / "escalation"


def table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading of a specification page."""
    lines = iter((SPEC / f"{page}.md").read_text(encoding="utf-8").splitlines())
    next(line for line in lines if line.lstrip("#").strip().startswith(heading))
    rows = [cells(line) for line in table_lines(lines)]
    header, _, *body = rows
    assert body, f"no rows under {heading}"
    return [dict(zip(header, row, strict=True)) for row in body]


def table_lines(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("|"):
            yield line
            break
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(page: str, heading: str):
    return pytest.mark.parametrize("row", table(page, heading), ids=lambda row: next(iter(row.values())))


def recommendation(decision) -> str:
    return f"{decision.level or 'none'}{'+' if decision.action == 'treat' else '.'}"


@rows("three_plus_three", "Conduct")
def test_conduct(row):
    for variant in ("V1", "V2"):
        if row[variant] != "-":
            assert recommendation(next_dose(three_plus_three(3, variant), row["so far"])) == row[variant]


@rows("three_plus_three", "Reasons")
def test_reasons(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "A cohort being treated")
def test_open_cohorts(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "After an override")
def test_overrides(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "A level left behind")
def test_levels_left_behind(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])
    assert [one.cohort for one in decision.departures] == [int(number) for number in row["departures"].split()]


def test_more_than_six_at_a_level_names_the_rule_it_is_judged_by():
    page = (SPEC / "three_plus_three.md").read_text(encoding="utf-8")
    decision = next_dose(three_plus_three(3, "V2"), "1NNN 2NTT 1NNT 1NNT")
    assert [f"{note}." for note in decision.notes if f"{note}." in page.splitlines()] == [f"{decision.notes[-1]}."]


@rows("three_plus_three", "A level below the start")
def test_a_level_below_the_start(row):
    decision = next_dose(parse_design("3+3 V2 lowest=-1", 4), row["so far"])
    assert (str(decision), decision.reason, decision.departures) == (row["next"], row["because"], ())


@rows("rolling_six", "In conduct")
def test_rolling_six_in_conduct(row):
    decision = next_dose(parse_design("rolling-six window=28", 3), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "Number of distinct cohort paths")
def test_paths_by_an_independent_enumeration(row):
    from tests.escalation.naive_three_plus_three import paths

    for levels in range(1, 9):
        assert sum(1 for _ in paths(levels, row["variant"])) == int(row[str(levels)])


P3, P5, P6 = (0.05, 0.15, 0.30), (0.05, 0.15, 0.30, 0.45, 0.60), (0.05, 0.10, 0.20, 0.30, 0.45, 0.60)
TRUTHS = {"p3": P3, "p5": P5, "p6": P6}


def agrees(value: float, printed: str) -> bool:
    """True if a number agrees with a printed one to the last digit printed."""
    digits = len(printed.partition(".")[2])
    return abs(float(value) - float(printed)) <= 0.5000001 * 10.0**-digits


def test_agreeing_means_to_the_last_digit():
    assert agrees(0.25649, ".256")
    assert not agrees(0.25651, ".256")


@rows("boin", "Boundary rates")
def test_boin_rates(row):
    low, high = boundary_rates(Fraction(row["target"]))
    assert agrees(low, row["lambda_e"])
    assert agrees(high, row["lambda_d"])


@rows("boin", "Boundaries")
def test_boin_boundaries(row):
    found = boundaries(boin_table(row["target"], 24))
    column = "EDX".index(row["says"])
    assert [found[n][column] for n in range(1, 25)] == [
        int(row[str(n)]) if row[str(n)] != "-" else None for n in range(1, 25)
    ]


@rows("boin", "Elimination near the edge")
def test_boin_elimination(row):
    n, t, target = int(row["n"]), int(row["t"]), row["target"]
    assert agrees(upper_tail(n, t, Fraction(target)), row["P(risk > target)"])
    assert (boin_table(target, n).rows()[n][t] == "DU") is (row["eliminated"] == "yes")


@rows("boin", "At the edges of the walk")
def test_boin_conduct(row):
    decision = next_dose(boin(3, "0.3"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("keyboard", "Boundaries")
def test_keyboard_boundaries(row):
    found = boundaries(keyboard_table(row["target"], 24, eliminate_from=3))
    column = "EDX".index(row["says"])
    for n in range(1, 25):
        assert found[n][column] == (int(row[str(n)]) if row[str(n)] != "-" else None), n


@rows("keyboard", "Elimination below three")
def test_keyboard_elimination_of_one_or_two(row):
    assert boundaries(keyboard_table(row["target"], 3))[int(row["n"])][2] == int(row["eliminate at"])


def decided(table: DecisionTable, n: int) -> str:
    """The decisions for t = 0, 1, ... with DU written once."""
    letters = table.rows()[n]
    return " ".join([letter for letter in letters if letter != "DU"] + ["DU"] * ("DU" in letters))


@rows("keyboard", "mTPI-2 by rows")
def test_mtpi2_rows(row):
    assert decided(mtpi2(3, row["target"]).table, int(row["n"])) == row["decisions"]


@rows("i3_plus_3", "Decisions")
def test_i3_plus_3_rows(row):
    assert decided(i3_plus_3(3, row["target"]).table, int(row["n"])) == row["decisions"]


def test_i3_plus_3_and_mtpi2_decide_alike_at_multiples_of_three():
    ours, theirs = i3_plus_3(3, "0.3").table.rows(), mtpi2(3, "0.3").table.rows()
    assert all(ours[n] == theirs[n] for n in range(3, 37, 3))


SKELETON = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)
MANUAL = parse_conduct("3N 4N 4T 3N 3N 4T 3T 2N 2N 2N").tally(6)


def estimate(model: str):
    return posterior(DoseToxicity(SKELETON, model), np.array([MANUAL.n]), np.array([MANUAL.t]))


@rows("crm", "Estimates")
def test_crm_estimates(row):
    found = estimate(row["model"])
    assert agrees(found.mean[0], row["mean of b"])
    assert agrees(found.variance[0], row["variance of b"])
    assert all(agrees(found.risk[0, level], row[f"risk {level + 1}"]) for level in range(6))
    assert (
        next_dose(crm(SKELETON, 0.2, model=row["model"]), "3N 4N 4T 3N 3N 4T 3T 2N 2N 2N").level == 2 == int(row["MTD"])
    )


def test_crm_limits():
    low, high = estimate("power").limits()
    assert agrees(low[0, 0], ".009511511")
    assert agrees(high[0, 0], ".283322942")
    assert agrees(low[0, 5], ".574497738")
    assert agrees(high[0, 5], ".860573770")


@rows("crm", "Skeletons")
def test_skeletons(row):
    printed = row["skeleton"].split()
    found = skeleton(float(row["halfwidth"]), float(row["target"]), int(row["prior MTD"]), len(printed), row["model"])
    assert all(agrees(value, text) for value, text in zip(found, printed, strict=True))


@rows("crm", "Next dose")
def test_crm_next_dose(row):
    assert next_dose(crm(SKELETON, 0.2), row["so far"]).level == int(row["level"])


TITE_LEVELS, TITE_DLT = [3, 3, 3, 4, 4, 3, 2, 2, 2, 3], np.array([0, 0, 1, 0, 1, 0, 0, 0, 0, 0], dtype=bool)
TITE_DAYS = np.array([178, 181, 168, 181, 24, 181, 179, 102, 42, 3], dtype=float)


@rows("crm", "TITE-CRM")
def test_tite_crm(row):
    design = TiteCrm(DoseToxicity(SKELETON), 0.2, 180, 10, row["weights"])
    weights = design.weights(TITE_DAYS, TITE_DLT)
    assert agrees(tite_posterior(design.model, TITE_LEVELS, TITE_DLT, weights).mean[0], row["mean of b"])
    assert design.closest(TITE_LEVELS, TITE_DLT, TITE_DAYS)[0] == int(row["MTD"])


def test_adaptive_weights():
    printed = [".94444", "1", "1", "1", "1", "1", ".97222", ".51389", ".375", ".04167"]
    found = adaptive_weights(TITE_DAYS, TITE_DLT, 180)
    assert all(agrees(weight, text) for weight, text in zip(found, printed, strict=True))


@rows("operating_characteristics", "3+3, one level")
def test_one_level_closed_form(row):
    found = sweep(three_plus_three(1, "V1")).under([float(Fraction(row["p"]))])
    assert agrees(found.selection.exact[1], row["pass"])
    assert agrees(found.size.exact, row["E[n]"])


def test_the_printed_answer_of_a_textbook():
    assert agrees(sweep(three_plus_three(2, "V1")).under([0.4, 0.5]).selection.exact[1], ".256")


@rows("operating_characteristics", "3+3, three levels")
def test_three_levels(row):
    found = sweep(three_plus_three(3, row["variant"])).under(P3)
    printed = [row[name] for name in ("none", "1", "2", "3", "n1", "n2", "n3", "N")]
    numbers = [*found.selection.exact, *found.patients.exact, found.size.exact]
    assert all(agrees(value, text) for value, text in zip(numbers, printed, strict=True))


@rows("operating_characteristics", "Law of the size")
def test_law_of_the_size(row):
    law = sweep(three_plus_three(3, row["variant"])).under(P3).sizes
    assert all(agrees(float(probability), row[str(int(size))]) for size, probability in law.items())


@rows("operating_characteristics", "BOIN")
def test_boin_characteristics(row):
    truth = TRUTHS[row["truth"]]
    rule = boin(len(truth), "0.3") & at_most(int(row["size"]))
    if row["early stop"]:
        rule = boin(len(truth), "0.3") & enough_and_staying(9) & at_most(int(row["size"]))
    found = sweep(rule).under(truth)
    named = {"none": found.none.exact, "N": found.size.exact}
    named |= {str(level): found.selection.exact[level] for level in range(1, len(truth) + 1)}
    named |= {f"n{level}": found.patients.exact[level - 1] for level in range(1, len(truth) + 1)}
    assert all(agrees(named[name], row[name]) for name in named if row[name])


def test_boin_overdosing():
    ensemble = sweep(boin(5, "0.3") & at_most(60))
    assert agrees(ensemble.overdosing(P5, 0.3, Fraction(6, 10)), ".0581720941")
    assert agrees(ensemble.overdosing(P5, 0.3, Fraction(8, 10)), ".0068219600")


@rows("operating_characteristics", "For NCT07052565")
def test_side_by_side(row):
    rule = boin(3, "0.25") & at_most(18) if row["design"].startswith("BOIN") else three_plus_three(3, row["design"])
    found = sweep(rule).under(P3)
    assert all(
        agrees(value, row[name]) for name, value in zip(("none", "1", "2", "3"), found.selection.exact, strict=True)
    )
    assert agrees(found.size.exact, row["N"])


@rows("operating_characteristics", "Number of end states")
def test_end_states(row):
    rules = {
        "3+3 V2, 3 levels": three_plus_three(3, "V2"),
        "BOIN .30, 3 levels, N = 18": boin(3, "0.3") & at_most(18),
        "BOIN .30, 6 levels, N = 36": boin(6, "0.3") & at_most(36),
    }
    assert len(sweep(rules[row["design"]])) == int(row["end states"])


@rows("isotonic", "MTD")
def test_isotonic_mtd(row):
    n, t = (np.array([[int(count) for count in row[name].split()]]) for name in ("n", "t"))
    rule = boin(n.shape[1], row["target"])
    assert rule.select(n, t)[0] == int(row["MTD"])
    for found, printed in zip(isotonic_estimates(n, t)[0], row["estimates"].split(), strict=False):
        assert np.isnan(found) if printed == "-" else agrees(found, printed)


@rows("rolling_six", "Decision")
def test_rolling_six_grid(row):
    assert placement(int(row["DLT"]), int(row["without"]), int(row["pending"])).value == row["decision"]


@rows("guards", "On counts")
def test_guards_on_counts(row):
    decision = next_dose(parse_design(row["rule"], 3), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


CLOCKS = {"dlt_window": dlt_window, "sentinel": sentinel, "stagger": stagger}


@rows("guards", "On the calendar")
def test_guards_on_the_calendar(row):
    start = date(2026, 1, 5)
    infused = [re.fullmatch(r"(\d)([NTPX])(\d+)", word) for word in row["infused"].split()]
    treated = (Treated(int(one[1]), Outcome(one[2]), start + timedelta(int(one[3]))) for one in infused)
    conduct = conduct_of(treated, cohort=3)
    named = (word.split("=") for word in row["guards"].split())
    guards = [
        whole_cohort_first() if name == "whole_cohort_first" else CLOCKS[name](int(value)) for name, value in named
    ]
    decision = next_dose(three_plus_three(3, "V2"), conduct, guards, start + timedelta(int(row["asked on day"])))
    until = f"wait until day {(decision.until - start).days}" if decision.until else str(decision)
    assert until == row["answer"]
