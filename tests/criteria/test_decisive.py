"""What settled a finding is shown alone: the false parts of a false «and», the unknown ones of an unknown one."""

import pytest

from escalon.criteria.examine import decisive
from escalon.facts import Finding


def part(name, value):
    return Finding(name, value)


@pytest.mark.parametrize(
    ("values", "value", "rule", "shown"),
    [
        ((True, False, None, False), False, "criteria/all", ["p1", "p3"]),
        ((True, None, None), None, "criteria/all", ["p1", "p2"]),
        ((False, True), True, "criteria/any", ["p1"]),
        ((True,), False, "criteria/not", ["p0"]),
        ((None, None), False, "criteria/all", ["p0", "p1"]),
    ],
)
def test_only_what_settled_it_is_shown(values, value, rule, shown):
    parts = tuple(part(f"p{place}", one) for place, one in enumerate(values))
    whole = Finding("whole", value, rests_on=parts, rule=rule)
    assert [one.name for one in decisive(whole)] == shown
