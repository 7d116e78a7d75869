"""An explanation shows what decided, and names what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.explanation import Explainer, explain
from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import all_of, any_of, as_node, at_least, case, log, points, sqrt, symbol, total
from escalon.expressions.tree import Input, Kind
from escalon.facts import Interval
from tests.expressions.intervals import widen
from tests.expressions.random_programs import fuzzed, programs, visits

a, b, c = (symbol(name, Kind.TRUTH) for name in "abc")
esr, crp = symbol("esr"), symbol("crp")


def explained(tree, **values):
    return explain(program({"value": as_node(tree)}), values)


def shown(tree, **values):
    return [part.text for part in explained(tree, **values).decisive]


@pytest.mark.parametrize(
    ("tree", "values", "texts"),
    [
        (all_of(a, b, c), {"a": True, "b": False, "c": None}, ["b"]),
        (all_of(a, b, c), {"a": True, "b": None, "c": True}, ["b"]),
        (all_of(a, b), {"a": True, "b": True}, ["a", "b"]),
        (any_of(a, b, c), {"a": True, "b": False, "c": None}, ["a"]),
        (any_of(a, b, c), {"a": None, "b": False, "c": None}, ["a", "c"]),
        (any_of(a, b), {"a": False, "b": False}, ["a", "b"]),
        (at_least(2, a, b, c), {"a": True, "b": True, "c": None}, ["a", "b"]),
        (at_least(2, a, b, c), {"a": True, "b": None, "c": False}, ["b"]),
        (case(a, esr, crp), {"a": False, "esr": 1, "crp": 2}, ["a", "crp"]),
        (case(a, esr, crp), {"esr": 1, "crp": 2}, ["a"]),
        (case(a, 1, b, 2, 3), {"a": False, "b": True}, ["a", "b"]),
        (total([points(a, 8), points(b, 2)]), {"a": True, "b": False}, ["8 if a"]),
        (esr + crp + 1, {"esr": 1, "crp": 2}, ["esr", "crp"]),
        (esr + crp + 1, {"esr": 1}, ["crp"]),
    ],
)
def test_only_decisive_parts_are_shown(tree, values, texts):
    assert shown(tree, **values) == texts


def test_what_is_missing_is_named_only_where_it_matters():
    assert explained(any_of(esr > 20, all_of(a, crp > 5)), crp=3, esr=None).missing == ("esr",)
    assert explained(any_of(esr > 20, crp > 5), crp=8).missing == ()


def test_a_value_outside_a_domain_is_told_from_a_missing_one():
    found = explained(log(esr) + sqrt(crp), esr=0, crp=4)
    assert found.value is None
    assert found.missing == ()
    assert found.undefined == ("ln esr",)
    assert "not defined for these values" in found.render()


def test_rendered():
    tree = all_of(esr > 28, any_of(a, b))
    assert explained(tree, esr=20, a=True).render() == (
        "[false] esr > 28 and (a or b)\n  [false] esr > 28\n    esr = 20"
    )
    assert explained(tree, esr=30, a=False).render() == (
        "[unknown] esr > 28 and (a or b)\n  missing: b\n  [unknown] a or b\n    [unknown] b"
    )


def test_a_part_met_again_is_not_opened_again():
    shared = esr + crp
    text = explained(all_of(shared > 1, shared < 9), esr=1, crp=2).render()
    assert text.count("esr = 1") == 1
    assert "(as above)" in text


@fuzzed
@given(programs(), visits())
def test_an_explanation_ends_in_what_was_supplied(drawn, visit):
    explainer, values = Explainer(drawn, True, {}), compile_scalar(drawn, True)(**visit)
    for root in drawn.roots:
        found = explainer(visit, root)
        assert found.value == values[root]
        assert found.render()
        if found.value is None and isinstance(found.node, Input):
            assert found.missing
        for name in found.missing:
            assert visit[name] is None


def test_an_interval_is_shown_as_it_was_written_and_what_it_leaves_open():
    crp, tender = symbol("crp"), symbol("tender")
    band = case(tender + crp < 10, "low", tender + crp < 20, "moderate", "high")
    drawn = program({"band": as_node(band)})
    below = Interval(high=5, high_open=True)
    assert explain(drawn, {"crp": below, "tender": 4}, "band").render().splitlines() == [
        "if tender + crp < 10 then low else if tender + crp < 20 then moderate else high = low",
        "  [true] tender + crp < 10",
        "    tender + crp = <9",
        "      tender = 4",
        "      crp = <5",
    ]
    shown = explain(drawn, {"crp": below, "tender": 8}, "band")
    assert shown.value == {"low", "moderate"}
    assert "[open] tender + crp < 10" in shown.render()
    assert shown.missing == ()


def test_a_case_decided_either_way_shows_both_ways():
    crp = symbol("crp")
    drawn = program({"value": as_node(case(crp < 3, 1, case(crp < 10, 1, 2)))})
    shown = explain(drawn, {"crp": Interval(0, 5)})
    assert shown.value == 1
    assert "[open] crp < 3" in shown.render()


@fuzzed
@given(programs(), visits(), st.integers(0, 2**63))
def test_every_answer_for_intervals_is_explained(drawn, visit, seed):
    wide = widen(visit, seed)
    reading = compile_scalar(drawn, exact=True)(**wide)
    explainer = Explainer(drawn, True, {})
    for root in drawn.roots:
        found = explainer(wide, root)
        assert found.value == reading[root]
        assert found.render()
