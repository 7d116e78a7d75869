"""A small count is not shown, nor anything that would give it away."""

from escalon.feasibility.disclosure import Shown, adds_up, at_most


def test_a_small_count_is_withheld_and_nothing_is_not_small():
    shown = Shown({"many": 40, "few": 4, "none": 0}, [])
    assert [shown.publish(name) for name in ("many", "few", "none")] == [40, None, 0]


def test_what_would_give_a_small_count_away_is_withheld_with_it():
    shown = Shown({"all": 100, "most": 97, "few": 3}, adds_up("all", ["most", "few"]))
    assert [shown.publish(name) for name in ("all", "most", "few")] == [100, None, None]


def test_a_count_is_withheld_where_two_ties_together_give_a_small_one_away():
    counts = {"all": 50, "a": 30, "rest": 20, "b": 18, "few": 2}
    ties = [*adds_up("all", ["a", "rest"]), *adds_up("rest", ["b", "few"])]
    shown = Shown(counts, ties)
    assert [shown.publish(name) for name in ("all", "a", "b")] == [50, 30, None]


def test_a_step_of_a_funnel_that_few_leave_is_withheld():
    shown = Shown({"before": 50, "after": 48}, [at_most("after", "before")])
    assert shown.publish("before") == 50
    assert shown.publish("after", ["before"]) is None


def test_a_small_count_may_stand_between_wide_ends():
    shown = Shown({"all": 100, "few": 3}, [at_most("few", "all")])
    assert shown.publish("all") == 100
    assert (shown.least["few"], shown.most["few"]) == (0, 100)
