"""The page shows each clause once, among those for the same people."""

from escalon.protocol import load_study, prose
from escalon.protocol.page import _groups


def test_every_clause_stands_once_in_the_group_of_those_it_is_for():
    study = load_study("nct07052565")
    seen = []
    for group in _groups(study):
        for one in group["clauses"]:
            assert prose.applies_to(one["clause"], study) == group["whom"]
            assert one["clause"].kind == group["kind"]
            seen.append(one["clause"].id)
    assert sorted(seen) == sorted(criterion.id for criterion in study.criteria)
