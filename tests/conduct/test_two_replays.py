"""What the replay of the counts says beside the answer, and what the replay of the acts says: of one trial the same."""

from datetime import date, timedelta

import pytest

from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_as_recorded
from escalon.escalation.stopping import StopAt
from escalon.facts import Day
from escalon.sources.folder import take_in
from tests.casebook.walk import plan_of

FIRST = date(2026, 3, 2)
BY_COHORTS = ["3+3 variant=V2", "boin target=0.25 size=18", "crm target=0.25 skeleton=0.05/0.15/0.30 size=18"]
TITE = "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18"


def on(day):
    return FIRST + timedelta(days=day)


def asked(folder, rule, doses, *, dlts=(), died=None, left="", day=160, **dose):
    """The answer on a day and the acts that departed, of doses (who, level, day), DLTs and a death (who, day), a leaving."""
    cells = {1: 100000, 2: 300000, 3: 600000}
    rows = [f"{code},{level},{on(when)},{(*given, cells[level])[0]},crf" for code, level, when, *given in doses]
    (folder / "doses.csv").write_text(
        "\n".join(["participant,level,date,cells_per_kg,source", *rows, ""]), encoding="utf-8"
    )
    events = [f"{code},CRS,4,{on(when)},{on(when + 2)},yes,,crf\n" for code, when in dlts]
    events += [f"{died[0]},Sepsis,5,{on(died[1])},{on(died[1])},no,fatal,crf\n"] if died else []
    head = "participant,term,grade,start,end,dlt,outcome,source\n"
    (folder / "adverse_events.csv").write_text(head + "".join(events), encoding="utf-8")
    (folder / "facts.csv").write_text(f"participant,fact,value,date,until,source\n{left}", encoding="utf-8")
    study = plan_of(rule, folder)
    study = study.model_copy(update={"dose": study.dose.model_copy(update=dose)})
    trial = take_in(study, folder).trial
    found = decide_as_recorded(study, trial, Day.of(on(day)))
    return found, [one for one in departures(study, trial) if one.rule == "rule"]


def named(found, acts):
    """The cohorts that each of the two replays names."""
    cohort_of = {one.participant: at for at, each in enumerate(found.conduct.cohorts, 1) for one in each.treated}
    return {one.cohort for one in found.decision.departures}, {cohort_of[one.participant] for one in acts}


@pytest.mark.parametrize("rule", BY_COHORTS)
def test_whoever_was_dosed_for_somebody_absent_completed_the_cohort_though_the_other_came_back(rule, tmp_path):
    left = f"P3,study_discontinuation,yes,{on(23)},{on(39)},crf\n"
    doses = [("P1", 1, 0), ("P2", 1, 14), ("P3", 1, 21), ("P4", 1, 28), ("P5", 2, 70)]
    found, acts = asked(tmp_path, rule, doses, left=left, day=110)
    assert str(found.conduct) == "1NNNN 2N"
    assert named(found, acts) == (set(), set())
    assert (found.decision.action, found.decision.level, found.decision.size) == ("treat", 2, 2)


COHORT = [("P1", 1, 0), ("P2", 1, 14), ("P3", 1, 21)]
AGAIN = {
    "twice": ([*COHORT, ("P4", 2, 52), ("P1", 1, 60), ("P1", 1, 95)], None, "1NNN 2N", set()),
    "at a higher level, with a DLT": ([*COHORT, ("P1", 2, 49)], ("P1", 51), "2T 1NN", set()),
    "after a cohort above had begun": ([*COHORT, ("P4", 2, 50), ("P1", 1, 60)], ("P1", 62), "1TNN 2N", set()),
    "the same at the level above": ([*COHORT, ("P4", 2, 50), ("P1", 2, 60)], ("P1", 62), "2T 1NN 2N", set()),
    "another dosed in its window": ([*COHORT, ("P1", 2, 60), ("P4", 2, 65)], ("P1", 70), "2T 1NN 2N", {3}),
    "without a DLT": ([*COHORT, ("P1", 1, 60), ("P4", 2, 90)], None, "1NNN 2N", set()),
}


@pytest.mark.parametrize("rule", [*BY_COHORTS, "rolling-six window=28"])
@pytest.mark.parametrize("case", AGAIN)
def test_a_retreatment_makes_no_departure_of_what_was_done_before_it(rule, case, tmp_path):
    doses, dlt, conduct, departed = AGAIN[case]
    found, acts = asked(tmp_path, rule, doses, dlts=[dlt] if dlt else [], retreatment="counted")
    assert str(found.conduct) == conduct
    assert named(found, acts) == (departed, departed)


@pytest.mark.parametrize("rule", BY_COHORTS)
def test_somebody_dosed_while_a_retreatment_was_watched_is_named_by_both(rule, tmp_path):
    found, acts = asked(tmp_path, rule, [*COHORT, ("P1", 1, 60), ("P4", 2, 70)], retreatment="counted")
    assert str(found.conduct) == "1NNN 2N"
    assert named(found, acts) == ({2}, {2})


@pytest.mark.parametrize("again", [1, 2])
def test_a_design_that_places_one_by_one_names_everybody_placed_otherwise_in_both(again, tmp_path):
    doses = [*COHORT, ("P4", 2, 50), ("P1", again, 60)]
    found, acts = asked(tmp_path, TITE, doses, dlts=[("P1", 62)], retreatment="counted", sentinel_interval=None)
    said = {one.participant for one in acts}
    assert said == {"P2", "P3"}, "the estimate was closest at level 2 from the first look on"
    assert {one.done.split()[0] for one in found.decision.departures} == said


@pytest.mark.parametrize("rule", BY_COHORTS)
def test_a_death_that_stopped_the_trial_stops_nobody_before_it_and_everybody_after(rule, tmp_path):
    doses = [("P1", 1, 0), ("P2", 1, 7), ("P3", 1, 60)]
    found, acts = asked(tmp_path, rule, doses, died=("P1", 40), stopping=(StopAt(1, "death"),))
    assert [one.participant for one in acts] == ["P2", "P3"]
    said = [str(one) for one in found.decision.departures]
    assert len(said) == 2
    assert "P2 at level 1 on 2026-03-09" in said[0]
    assert "sentinel at level 1 is watched" in said[0]
    assert "P3 at level 1 on 2026-05-01" in said[1]
    assert "1 death seen: the study stops at 1 death" in said[1]


@pytest.mark.parametrize("rule", BY_COHORTS[:2])
def test_whoever_is_dosed_after_the_cohort_was_decided_is_named_by_both(rule, tmp_path):
    doses = [("P1", 2, 0), ("P2", 2, 35), ("P3", 2, 70)]
    found, acts = asked(tmp_path, rule, doses, dlts=[("P1", 3), ("P2", 38)], start=2)
    assert str(found.conduct) == "2TTN"
    assert "P3" in {one.participant for one in acts}
    assert any("P3 at level 2 on 2026-05-11" in str(one) for one in found.decision.departures)


@pytest.mark.parametrize("rule", BY_COHORTS)
def test_whoever_counted_only_from_a_dlt_on_was_no_sentinel_before_it(rule, tmp_path):
    """P1 was given half a dose, which does not count unless there is a DLT; P2 was dosed before there was."""
    found, acts = asked(tmp_path, rule, [("P1", 1, 0, 50000), ("P2", 1, 7), ("P3", 1, 9)], dlts=[("P1", 8)])
    assert str(found.conduct) == "1TNN"
    assert [one.participant for one in acts] == ["P3"]
    assert [one.done for one in found.decision.departures] == ["P3 at level 1 on 2026-03-11"]


@pytest.mark.parametrize("rule", BY_COHORTS)
@pytest.mark.parametrize("how", ["left", "died"])
def test_a_later_dose_that_is_watched_no_more_keeps_nobody_waiting(rule, how, tmp_path):
    ends = {"left": f"P1,study_discontinuation,yes,{on(65)},,crf\n"} if how == "left" else {"died": ("P1", 65)}
    doses, decided = [*COHORT, ("P1", 1, 60), ("P4", 2, 70)], {}
    for day in (64, 69):
        found, _ = asked(tmp_path, rule, doses[:4], day=day, retreatment="counted", **ends)
        decided[day] = found.decision.action, str(found.conduct)
    assert decided == {64: ("wait", "1PNN"), 69: ("treat", "1NNN")}
    found, acts = asked(tmp_path, rule, doses, retreatment="counted", **ends)
    assert named(found, acts) == (set(), set())
    (tmp_path / "early").mkdir()
    doses[-1] = ("P4", 2, 63)
    found, acts = asked(tmp_path / "early", rule, doses, retreatment="counted", **ends)
    assert named(found, acts) == ({2}, {2})
