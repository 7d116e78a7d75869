"""A tree survives JSON, and its identity is that of its meaning."""

import hashlib
import json

import pytest
from hypothesis import given

from escalon.expressions.program import program
from escalon.expressions.symbols import as_node, log, sqrt, symbol
from escalon.expressions.tree import TreeError
from escalon.expressions.tree_json import as_json, from_json, identity
from tests.expressions.random_programs import fuzzed, programs

a = symbol("a")


@fuzzed
@given(programs())
def test_a_tree_survives_json(drawn):
    for number in drawn.roots.values():
        node = drawn.steps[number].node
        again = from_json(json.loads(json.dumps(as_json(node))))
        assert program({"root": again}) == program({"root": node})
        assert identity(again) == identity(node)


def test_identity_is_the_hash_of_the_json_written_without_spaces_and_keys_in_order():
    text = '{"form":1,"steps":[{"number":"14/25"},{"input":"esr","kind":"number"},{"op":"mul","parts":[0,1]}]}'
    assert identity(as_node(0.56 * symbol("esr"))) == hashlib.sha256(text.encode()).hexdigest()


def test_identities_in_records_stay_what_they_were():
    tree = 0.56 * sqrt(symbol("tender")) + 0.70 * log(symbol("esr"))
    assert identity(as_node(tree)) == "a0c7ec72ce9b0854a968130c0ce9b9256c759ae68ac02938db554a5a79ad69b2"


def test_identity_does_not_depend_on_how_parts_are_shared():
    shared = a + 1
    assert identity(as_node(shared * shared)) == identity(as_node((a + 1) * (a + 1)))


def test_different_definitions_have_different_identities():
    trees = [a + 1, 1 + a, a + 2, a - 1, a > 1, a >= 1, symbol("b") + 1]
    assert len({identity(as_node(tree)) for tree in trees}) == len(trees)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "a tree is written as"),
        ({"form": 1, "steps": [{"number": "x"}]}, "step 0 cannot be read"),
        ({"form": 1, "steps": [{"op": "run", "parts": []}]}, "step 0 cannot be read"),
        ({"form": 1, "steps": [{"op": "neg", "parts": [0]}]}, "number of an earlier step"),
        ({"form": 1, "steps": [{"number": "1"}, {"op": "neg", "parts": [-1]}]}, "number of an earlier step"),
        ({"form": 1, "steps": [{"label": "A"}, {"op": "neg", "parts": [0]}]}, "neg takes"),
    ],
)
def test_what_is_not_a_tree_is_refused(data, says):
    with pytest.raises(TreeError, match=says):
        from_json(data)
