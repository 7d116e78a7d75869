"""The connectives are Kleene's, against the truth functions of `facts`, which share no code with them."""

from itertools import product

import pytest

from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import all_of, any_of, as_node, at_least, negated, symbol
from escalon.expressions.tree import Kind
from escalon.facts import all_known, any_known, at_least_known, negate

TRUTHS = (True, False, None)
A, B, C = (symbol(name, Kind.TRUTH) for name in "abc")


def value(tree, a, b, c):
    return compile_scalar(program({"value": as_node(tree)}), exact=True)(a=a, b=b, c=c)["value"]


@pytest.mark.parametrize(("a", "b", "c"), list(product(TRUTHS, repeat=3)))
def test_connectives_of_three_parts(a, b, c):
    assert value(all_of(A, B, C), a, b, c) is all_known((a, b, c))
    assert value(any_of(A, B, C), a, b, c) is any_known((a, b, c))
    assert value(negated(A), a, b, c) is negate(a)
    for needed in range(-1, 5):
        assert value(at_least(needed, A, B, C), a, b, c) is at_least_known(needed, (a, b, c))


@pytest.mark.parametrize(("a", "b", "c"), list(product(TRUTHS, repeat=3)))
def test_laws(a, b, c):
    equal = [
        (negated(negated(A)), A),
        (negated(all_of(A, B)), any_of(negated(A), negated(B))),
        (negated(any_of(A, B)), all_of(negated(A), negated(B))),
        (all_of(A, any_of(B, C)), any_of(all_of(A, B), all_of(A, C))),
        (any_of(A, all_of(B, C)), all_of(any_of(A, B), any_of(A, C))),
        (any_of(A, all_of(A, B)), A),
        (at_least(1, A, B, C), any_of(A, B, C)),
        (at_least(3, A, B, C), all_of(A, B, C)),
        (negated(at_least(2, A, B, C)), at_least(2, negated(A), negated(B), negated(C))),
    ]
    for left, right in equal:
        assert value(left, a, b, c) is value(right, a, b, c), (left, right)


@pytest.mark.parametrize(("a", "b", "c"), list(product(TRUTHS, repeat=3)))
def test_learning_what_was_unknown_never_reverses_a_decision(a, b, c):
    for tree in (all_of(A, B, C), any_of(A, negated(B), C), at_least(2, A, B, C)):
        before = value(tree, a, b, c)
        if before is not None:
            for learnt in product(*((known,) if known is not None else (True, False) for known in (a, b, c))):
                assert value(tree, *learnt) is before
