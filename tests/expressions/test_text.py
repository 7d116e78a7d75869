"""A tree as people read it."""

import pytest

from escalon.expressions.symbols import (
    all_of,
    any_of,
    as_node,
    at_least,
    between,
    case,
    known,
    largest_known,
    log,
    maximum,
    negated,
    otherwise,
    points,
    sqrt,
    symbol,
)  # fmt: skip
from escalon.expressions.text import plain_text
from escalon.expressions.tree import Kind

a, b, c = (symbol(name) for name in "abc")
t, u, v = (symbol(name, Kind.TRUTH) for name in "tuv")
DAS28 = 0.56 * sqrt(symbol("tender")) + 0.70 * log(symbol("esr")) + 0.014 * symbol("global_health")


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (DAS28, "0.56·√tender + 0.7·ln esr + 0.014·global_health"),
        (a - (b - c), "a − (b − c)"),
        (a - b - c, "a − b − c"),
        (a + -b, "a − b"),
        (a + -2, "a − 2"),
        ((a + b) * c, "(a + b)·c"),
        (a / (b * c), "a/(b·c)"),
        ((a - b) / b, "(a − b)/b"),
        (sqrt(a + b), "√(a + b)"),
        (log(a + 1), "ln(a + 1)"),
        ((a + 1) ** 2, "(a + 1)^2"),
        (abs(a - b), "|a − b|"),
        (a * 0.125, "a·0.125"),
        (maximum(a, 1), "max(a, 1)"),
        (largest_known(a, b), "largest known of (a, b)"),
        (case(a < 2.6, "remission", a <= 3.2, "low", "high"), "if a < 2.6 then remission else if a ≤ 3.2 then low else high"),
        (points(t, 8) + points(u, 2), "(8 if t) + (2 if u)"),
        (any_of(all_of(t, u), v), "(t and u) or v"),
        (all_of(any_of(t, u), negated(v)), "(t or u) and not v"),
        (negated(any_of(t, u)), "not (t or u)"),
        (between(1, a, 3), "1 ≤ a ≤ 3"),
        (at_least(2, t, u, a > 3), "at least 2 of (t, u, a > 3)"),
        (negated(known(a)), "a is not known"),
        (otherwise(a, b), "a, or if not known b"),
    ],
)  # fmt: skip
def test_plain_text(tree, text):
    assert plain_text(as_node(tree)) == text


def test_an_input_may_be_called_otherwise():
    assert plain_text(as_node(a + 1), {"a": "tender joints"}) == "tender joints + 1"
