"""Of whom something is asked at visits: read from the outcomes and clauses that name it."""

from collections.abc import Iterator

from escalon.expressions.tree import Literal
from escalon.history.made_once import MadeOnce
from escalon.instruments.kit.visits import with_parts
from escalon.protocol.names import leaves, names_in
from escalon.protocol.study import Criterion, Study


def diseases_of(study: Study, criterion: Criterion) -> frozenset[str]:
    """The diseases that a clause is limited to; none where it is for everybody."""
    found = leaves(criterion.applies) if criterion.applies is not None else ()
    words = {leaf.value for leaf in found if isinstance(leaf, Literal)}
    return frozenset(one.id for one in study.diseases if one.id in words)


def asked_in(study: Study, name: str) -> frozenset[str]:
    """The diseases in which a measure is asked; empty for all.

    Those whose outcomes or clauses name it. What none names is asked where a score is that it is part of, such as the ESSPRI
    where the STAR is, and of everybody where there is none.
    """
    return _ASKED((id(study), name), study, lambda: _asked_in(study, name))


_ASKED, _NAMED = MadeOnce(), MadeOnce()


def _asked_in(study: Study, name: str) -> frozenset[str]:
    if (own := named_in(study, name)) is not None:
        return own
    wholes = [one for one in study.instruments if one != name and name in with_parts([one])]
    found = [limit for one in wholes if (limit := named_in(study, one)) is not None]
    return frozenset().union(*found) if all(found) else frozenset()


def named_in(study: Study, name: str) -> frozenset[str] | None:
    """The diseases whose outcomes or clauses name a measure, empty where one names it for all; None where none does."""
    return _NAMED((id(study), name), study, lambda: _named_in(study, name))


def _named_in(study: Study, name: str) -> frozenset[str] | None:
    found = list(_limits(study, name))
    if not found:
        return None
    every = frozenset().union(*found)
    return every if all(found) and len(every) < len(study.diseases) else frozenset()


def _limits(study: Study, name: str) -> Iterator[frozenset[str]]:
    for outcome in study.outcomes:
        if name in map(_root, outcome.measure):
            yield frozenset(outcome.diseases)
    for clause in study.criteria:
        if name in map(_root, names_in(clause.tree)):
            yield diseases_of(study, clause)


def _root(name: str) -> str:
    return name.partition(".")[0]
