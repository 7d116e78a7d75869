"""What holds of every design in conduct, whatever the history and whoever is pending."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.escalation import (
    EscalationError,
    Outcome,
    Stop,
    Treat,
    Treated,
    Wait,
    conduct_of,
    dlt_window,
    headline,
    next_dose,
    parse_conduct,
    parse_design,
    stopping_rule,
)
from escalon.escalation.calibration import calibrate
from escalon.escalation.catalogue import DESIGNS
from escalon.escalation.crm import DoseToxicity
from escalon.escalation.outlook import outlook
from escalon.escalation.scenario import random_truths
from escalon.escalation.tite_crm import TiteCrm

SIZED = {name: entry.example for name, entry in DESIGNS.items() if name != "table"}
EACH = {name: parse_design(text if "size" in text else f"{text} size=18", 3) for name, text in SIZED.items()}
LOWER = {
    name: parse_design(f"{text} lowest=-1" + ("" if "size" in text else " size=18"), 3) for name, text in SIZED.items()
}
HISTORY = st.lists(st.tuples(st.integers(1, 3), st.text("NTPX", min_size=1, max_size=4)), max_size=6)


def written(cohorts, design):
    return " ".join(f"{design.label(level)}{letters}" for level, letters in cohorts)


@settings(max_examples=200)
@given(HISTORY, st.sampled_from([*EACH.values(), *LOWER.values()]))
def test_any_history_gets_a_reasoned_answer_within_the_levels_and_the_cap(cohorts, design):
    conduct = parse_conduct(written(cohorts, design))
    decision = next_dose(design, conduct)
    assert decision.reason
    assert "0 of 0" not in decision.reason
    assert headline(decision)
    json.dumps(decision.as_json())
    assert all(1 <= one.cohort <= len(cohorts) for one in decision.departures)
    if isinstance(decision, Treat):
        assert decision.level in design.labels
        assert decision.size >= 1
        assert conduct.tally(3, design.lowest).enrolled + decision.size <= 18
    elif isinstance(decision, Stop):
        assert decision.mtd in (None, 0, *design.labels)
        assert (decision.reached is None) is not bool(decision.mtd)


@settings(max_examples=100)
@given(HISTORY, st.sampled_from(sorted(EACH)))
def test_what_levels_are_called_changes_no_answer(cohorts, name):
    plain = EACH[name]
    named = parse_design(f"{SIZED[name]} lowest=-1 start=-1" + ("" if "size" in SIZED[name] else " size=18"), 3)
    one, other = next_dose(plain, written(cohorts, plain)), next_dose(named, written(cohorts, named))
    assert (one.action, one.size, len(one.departures)) == (other.action, other.size, len(other.departures))
    assert one.level == (other.level and named.counted(other.level))


@settings(max_examples=100)
@given(HISTORY, st.sampled_from(["boin", "keyboard", "mtpi2", "i3+3", "crm", "tite-crm", "rolling-six", "3+3"]))
def test_nobody_is_treated_at_or_above_a_level_at_which_everyone_of_four_had_a_dlt(cohorts, name):
    design = EACH[name]
    decision = next_dose(design, written([*cohorts, (2, "TTTT")], design))
    assert (decision.level or 0) < 2 or decision.level is None


@given(st.text("NT", min_size=1, max_size=4), st.integers(1, 2))
def test_a_crm_does_not_go_up_after_a_cohort_whose_dlt_rate_reached_the_target(letters, level):
    history = f"1NNN 2NNN 3NNN {level}NNN {level}{letters}"
    decision = next_dose(EACH["crm"], f"{history}{'N' * max(0, 3 - len(letters))}")
    last = letters + "N" * max(0, 3 - len(letters))
    if last.count("T") * 4 >= len(last):
        assert (decision.level or 0) <= level
    else:
        free = next_dose(parse_design(f"{SIZED['crm']} coherent=no", 3), f"1NNN 2NNN 3NNN {level}NNN {level}{last}")
        assert decision.level == free.level


def test_coherence_is_set_aside_when_it_is_said_so():
    so_far = "1NNN 2NNN 3NNN 1NNT"
    assert next_dose(EACH["crm"], so_far).level == 1
    assert next_dose(parse_design(f"{SIZED['crm']} coherent=no", 3), so_far).level == 3


def test_a_pending_dlt_in_the_last_cohort_holds_an_escalation_that_coherence_would_hold():
    design = parse_design("crm target=0.25 skeleton=0.05/0.15/0.30 size=36", 3)
    assert next_dose(design, "1NNN 1NNN 1NNN 1NNP").action == "wait"
    assert next_dose(design, "1NNN 1NNN 1NNN 1NNT").level == 1
    assert next_dose(design, "1NNN 1NNN 1NNN 1NNN").level == 2


@pytest.mark.parametrize(
    "text",
    [
        "crm target=0.25 skeleton=0.05/0.15/0.30 size=18",
        "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18",
    ],
)
def test_a_model_without_a_stop_says_so_before_it_treats_on(text):
    stopped, unstopped = parse_design(text, 3), parse_design(f"{text} eliminate=no", 3)
    assert next_dose(stopped, "1TTTT").mtd == 0
    goes_on = next_dose(unstopped, "1TTTT")
    assert goes_on.action == "treat"
    assert any("no stop for a too toxic lowest level is set" in note for note in goes_on.notes)
    assert not any("no stop" in note for note in next_dose(stopped, "1NNN").notes)


@pytest.mark.parametrize(
    ("so_far", "reached"), [("1NNN 2NNN 3NNN", False), ("1NNN 2NNT 2NNN 3NNT", True), ("1NNN 2NTT 1NNN", True)]
)
def test_a_design_that_is_full_says_whether_the_mtd_was_reached(so_far, reached):
    size = sum(len(word) - 1 for word in so_far.split())
    assert next_dose(parse_design(f"boin target=0.25 size={size}", 3), so_far).reached is reached


def test_a_cohort_for_which_there_is_no_place_left_is_not_counted_as_filled():
    rule = parse_design("keyboard target=0.2 cohort=2 size=14", 3)
    told = next_dose(rule, "1NN 2NT 1NN 2N 1NN 2NN 2NN 2P")
    assert told.reason.startswith("14 enrolled of at most 14")
    assert not any("before the cohort is full" in note for note in told.notes)
    last = next_dose(parse_design("boin target=0.25 size=8", 3), "1NNN 2NNN 3P")
    assert (last.action, last.size, last.reason) == ("treat", 1, "1 of a cohort of 3 at level 3: complete the cohort")


def test_a_tite_crm_in_conduct_is_the_one_that_is_simulated():
    """One trial of the simulation, told step by step to `next_dose` with the days of follow-up of each moment."""
    design = TiteCrm(DoseToxicity((0.05, 0.12, 0.25)), 0.25, 28, 10, "adaptive", safety=EACH["tite-crm"].safety)
    truth = np.array([0.2, 0.4, 0.6])
    for seed in range(12):
        n, t, mtd, _ = design._run(truth, 1, np.random.default_rng(seed), 7.0)
        assert _told(design, truth, np.random.default_rng(seed), 7.0) == (n[0].tolist(), t[0].tolist(), mtd[0]), seed


def _told(design, truth, rng, days_between):
    arrival = np.cumsum(rng.exponential(days_between, (1, design.size)), axis=1)[0]
    fate, onset = rng.random((1, design.size))[0], rng.random((1, design.size))[0] * design.window
    levels, had = [], []
    for now in arrival.tolist():
        decision = next_dose(design, _seen(levels, had, onset, arrival, now, design.window))
        if decision.action == "stop":
            break
        levels.append(decision.level)
        had.append(bool(fate[len(had)] < truth[decision.level - 1]))
    end = next_dose(design, _seen(levels, had, onset, arrival, 1e9, design.window))
    n = [levels.count(level) for level in (1, 2, 3)]
    t = [sum(dlt for dlt, at in zip(had, levels, strict=True) if at == level) for level in (1, 2, 3)]
    return n, t, 0 if decision.action == "stop" else end.mtd


def _seen(levels, had, onset, arrival, now, window):
    treated = []
    for level, dlt, day, begun in zip(levels, had, onset.tolist(), arrival.tolist(), strict=False):
        if dlt and begun + day <= now:
            treated.append(Treated(level, Outcome.DLT, followed=day))
        elif now - begun >= window:
            treated.append(Treated(level, Outcome.NO_DLT))
        else:
            treated.append(Treated(level, Outcome.PENDING, followed=now - begun))
    return conduct_of(treated)


def test_follow_up_counts_in_a_tite_crm():
    design = EACH["tite-crm"]
    assert next_dose(design, "1P@2P@0").level <= next_dose(design, "1P@27P@27").level
    dated = [Treated(1, Outcome.PENDING, date(2026, 1, day)) for day in (1, 2, 3)]
    later = next_dose(design, conduct_of(dated), [dlt_window(28)], today=date(2026, 1, 27))
    written = next_dose(design, parse_conduct("1P@26P@25P@24"))
    assert (later.level, later.size, later.reason) == (written.level, written.size, written.reason)


DEATH = Treated(1, Outcome.NOT_EVALUABLE, died=True)


@pytest.mark.parametrize(
    ("rule", "treated", "stops"),
    [
        ("a death", [DEATH], True),
        ("second death", [DEATH], False),
        ("second death", [DEATH, DEATH], True),
        ("2 DLTs", [Treated(1, Outcome.NO_DLT), Treated(1, Outcome.DLT)], False),
        ("any DLT", [Treated(1, Outcome.NO_DLT), Treated(1, Outcome.DLT)], True),
        ("2 dlts in all", [Treated(1, Outcome.DLT), Treated(1, Outcome.DLT)], True),
    ],
)
def test_a_study_stops_where_it_says_so_and_nowhere_else(rule, treated, stops):
    design = EACH["boin"] if "dlt" in rule.lower() else EACH["3+3"]
    decision = next_dose(design, conduct_of(treated), [stopping_rule(rule)])
    assert ("the study stops at" in decision.reason) is stops
    assert not stops or decision.mtd is None


@pytest.mark.parametrize("text", ["", "death rate", "0 deaths", "-1 DLTs", "seventh death", "deaths > 2"])
def test_a_stopping_rule_nobody_can_follow_is_refused(text):
    with pytest.raises(EscalationError, match="Write for example: a death"):
        stopping_rule(text)


@pytest.mark.parametrize(
    ("text", "beside", "says"),
    [
        ("boin target=0.3 cap=30", {"cap": 18}, "size=30, but the study says 18"),
        ("3+3 V2", {"cohort_size": 4}, "cohorts of 3, but the study says 4"),
        ("rolling-six window=28", {"window": 42}, "window=28, but the study says 42"),
        ("3+3 V2 levels=5", {}, "levels=5, but the trial's number of levels is 3"),
        ("3+3 V2 lowest=-1 start=4", {}, "there is no level 4"),
        ("3+3 V2 lowest=0", {}, "lowest = 0 is not"),
        ("3+3 V2 eliminate=yes", {}, "no target DLT risk"),
        ("boin target=1/0 size=18", {}, "is not a number"),
        ("boin target=0.25 size=18.5", {}, "is not a whole number"),
    ],
)
def test_a_design_that_the_study_contradicts_or_nobody_can_run_is_refused(text, beside, says):
    with pytest.raises(EscalationError, match=says):
        parse_design(text, 3, **beside)


def test_what_a_study_says_elsewhere_completes_a_design():
    assert parse_design("boin target=0.3", 4, cohort_size=3, cap=30).cap == 30
    assert parse_design("rolling-six", 3, window=28).window == 28
    assert parse_design("boin target=0.3 cap=30", 4, cap=30).cohort == 3


def test_an_outlook_begins_with_what_holds_now():
    rule = EACH["3+3"]
    until = date(2026, 3, 17)
    found = outlook(rule, "1P", depth=1, now=Wait("the sentinel is watched first", until))
    assert [branch.observed for branch in found.root.branches] == ["from 2026-03-17, if nothing more is known"]
    assert str(found.root.branches[0].node.decision) == "treat 2 at level 1"
    doubt = outlook(rule, "1NNN 2P", (0.1, 0.2, 0.3), depth=1, now=Wait("whether P04 had a DLT is not decided"))
    assert [branch.probability for branch in doubt.root.branches] == pytest.approx([0.8, 0.2])


def test_an_outlook_under_the_clock_asks_the_guards():
    infused = date(2026, 3, 3)
    conduct = conduct_of([Treated(1, Outcome.PENDING, infused)])
    from escalon.escalation import sentinel

    found = outlook(
        EACH["3+3"], conduct, depth=1, guards=[dlt_window(29), sentinel(14)], today=infused + timedelta(days=5)
    )
    assert found.root.decision.until == infused + timedelta(days=14)


def test_a_calibrated_skeleton_is_right_more_often_than_a_poor_one():
    truths = random_truths(3, 60, seed=1, target=0.25)
    found = calibrate(3, 0.25, 12, truths)
    assert [one.correct for one in found] == sorted((one.correct for one in found), reverse=True)
    assert found[0].correct > found[-1].correct + 0.01
    best = parse_design(found[0].design, 3)
    from escalon.escalation.sweep import sweep

    alone = [sweep(best).under(truth).selects_correctly(0.25).exact for truth in truths]
    assert found[0].correct == pytest.approx(np.mean(alone), abs=1e-12)


@pytest.mark.parametrize("name", sorted(EACH))
@pytest.mark.parametrize("so_far", ["1XXX", "1XXX 1XXX"])
def test_those_treated_of_whom_nobody_is_evaluable_are_said_as_that_and_the_first_level_is_treated_again(name, so_far):
    decision = next_dose(EACH[name], so_far)
    assert (decision.action, decision.level) == ("treat", 1), decision
    assert "nobody is evaluable" in decision.reason
    assert "nobody treated" not in decision.reason


def test_a_model_that_may_skip_levels_does_not_leave_the_first_one_before_anybody_is_evaluable():
    design = parse_design("crm target=0.25 skeleton=0.05/0.15/0.30 size=18 no_skipping=no", 3)
    assert next_dose(design, "1XXX").level == 1
    assert next_dose(design, "1NNN").level == 3


@pytest.mark.parametrize(
    ("so_far", "says"),
    [
        ("1XXX 2NNN", "nobody is evaluable at level 1: treat there before going on above"),
        ("2NNN", "level 1 was skipped: treat there before going on above"),
        ("1XXX 2TTN", "2 of 3 had a DLT at level 2: too toxic, and nobody is evaluable at level 1: treat there"),
        ("2TTN", "2 of 3 had a DLT at level 2: too toxic, and level 1 was never tried: treat there"),
    ],
)
def test_a_level_without_anybody_evaluable_is_told_from_one_that_was_passed_over(so_far, says):
    assert next_dose(EACH["3+3"], so_far).reason == says


@pytest.mark.parametrize(
    ("name", "so_far"),
    [
        ("3+3", "1NTP 1N"),  # the interval designs treat the lowest level again whatever the third has
        *(
            (name, one)
            for name in ("3+3", "boin", "keyboard")
            for one in ("1NNP 2N", "1NPP 2N", "1NNP 2P", "1NNN 2NNP 3N")
        ),
    ],
)
def test_a_cohort_opened_while_the_answer_hung_on_others_is_not_completed_before_they_are_known(name, so_far):
    decision = next_dose(EACH[name], so_far)
    assert decision.action == "wait", decision
    assert "the decision depends on the outcome" in decision.reason


def test_a_cohort_opened_when_every_outcome_gave_its_level_is_completed_while_they_are_pending():
    decision = next_dose(EACH["3+3"], "1NNN 2TTP 1N")
    assert (decision.action, decision.level, decision.size) == ("treat", 1, 2)


def test_what_is_in_doubt_lets_nobody_be_dosed_and_leaves_what_is_to_know_beside_it():
    decision = next_dose(EACH["3+3"], "1NNN 3N", doubt="P04: whether it is a DLT is not decided")
    assert (decision.action, decision.reason) == ("wait", "settle first: P04: whether it is a DLT is not decided")
    assert len(decision.departures) == 1
    assert next_dose(EACH["3+3"], "1TTP", doubt="P03: …").action == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "3+3 V2",
        "boin target=0.25 size=18",
        "keyboard target=0.25 size=18",
        "rolling-six window=28",
        "crm target=0.25 skeleton=0.05/0.15/0.30 size=18",
        "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18",
    ],
)
@pytest.mark.parametrize(("lowest", "start"), [(1, 2), (-1, 1), (-1, -1), (1, 3)])
def test_every_design_treats_first_where_it_says_that_it_starts(text, lowest, start):
    design = parse_design(text, 3, start=start, lowest=lowest)
    for nobody_counts in ("", f"{start}X"):
        assert next_dose(design, nobody_counts).level == start
    assert f"starting at level {start} of 3" in design.prose()[0]
