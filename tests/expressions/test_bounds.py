"""The bounds of a result with missing inputs hold every way of filling them in."""

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.bounds import bounds
from escalon.expressions.possible import ANOTHER_LABEL, EITHER, Possible
from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import as_node, at_least, case, log, points, symbol, total
from escalon.expressions.tree import Kind
from escalon.facts import Interval
from tests.expressions.random_programs import INPUTS, LABELS, decidable, fuzzed, programs, visits

_RANGES: dict[Kind, Possible] = {
    Kind.INTEGER: Interval(-5, 60),
    Kind.NUMBER: Interval(Fraction(-3), Fraction(40)),
    Kind.TRUTH: EITHER,
    Kind.LABEL: frozenset(LABELS),
}
_FILLED: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.INTEGER: st.one_of(st.sampled_from([-5, 0, 1, 60]), st.integers(-5, 60)),
    Kind.NUMBER: st.one_of(st.sampled_from([-3, 0, 1, 40]), st.integers(-300, 4000).map(lambda n: Fraction(n, 100))),
    Kind.TRUTH: st.booleans(),
    Kind.LABEL: st.sampled_from(LABELS),
}


def holds(possible: Possible, value: Any) -> bool:
    if isinstance(possible, frozenset):
        return value in possible and (value is not None or None in possible)
    if value is None:
        return possible.may_be_unknown
    slack = 1e-9 * max(1.0, abs(float(value)))
    return float(possible.low) - slack <= float(value) <= float(possible.high) + slack


@fuzzed
@given(programs(), visits(), st.booleans(), st.booleans(), st.data())
def test_every_completion_lies_inside(drawn, visit, exact, ranged, data):
    missing = [node for node in INPUTS.values() if visit[node.name] is None]
    whole = visit | {node.name: data.draw(_FILLED[node.kind], label=node.name) for node in missing}
    ranges = {node.name: _RANGES[node.kind] for node in missing} if ranged else {}
    possible = bounds(drawn, visit, ranges)
    for row, names in decidable(drawn, [whole], exact):
        values = compile_scalar(drawn, exact)(**row)
        for name in names:
            value = values[name]
            if name.startswith("label") and value is not None and value not in possible[name]:
                assert not ranged
                assert value not in drawn.labels
                value = ANOTHER_LABEL
            assert holds(possible[name], value), (name, value, possible[name], whole)


def _bounds_of(tree: Any, values: dict[str, Any], ranges: dict[str, Possible]) -> Possible:
    return bounds(program({"value": as_node(tree)}), values, ranges)["value"]


def test_a_missing_box_is_worth_nothing_or_its_weight():
    boxes = [symbol(name, Kind.TRUTH) for name in ("seizure", "rash", "fever")]
    score = total(points(box, weight) for box, weight in zip(boxes, (8, 2, 1), strict=True))
    assert _bounds_of(score, {"rash": True}, {}) == Interval(2, 11)


def test_a_known_value_gives_one_number():
    assert _bounds_of(symbol("a") + 1, {"a": 2}, {}) == Interval(3, 3)


def test_two_true_of_four_settles_at_least_two():
    conditions = [symbol(name, Kind.TRUTH) for name in "abcd"]
    assert _bounds_of(at_least(2, *conditions), {"a": True, "b": True}, {}) == {True}
    assert _bounds_of(at_least(2, *conditions), {"a": False, "b": False, "c": False}, {}) == {False}
    assert _bounds_of(at_least(2, *conditions), {"a": True, "b": False}, {}) == {True, False}


def test_a_logarithm_that_may_meet_zero_may_be_unknown():
    assert _bounds_of(log(symbol("esr")), {}, {"esr": Interval(0, 100)}).may_be_unknown


def test_the_bands_that_remain_are_listed():
    band = case(symbol("score") < 3, "low", symbol("score") < 6, "moderate", "high")
    assert _bounds_of(band, {}, {"score": Interval(0, 5)}) == {"low", "moderate"}


def test_a_missing_label_without_choices_may_be_any():
    assert _bounds_of(symbol("arm", Kind.LABEL) == "B", {}, {}) == {True, False}
