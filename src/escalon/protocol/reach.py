"""Clauses that nobody can meet, that everybody meets, or that another clause makes idle: what may be recorded is tried.

Names and windows are taken to be independent where one does not hold the other, so what is found holds whatever is recorded,
and not everything is found.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from escalon.criteria import render, with_members
from escalon.expressions.events import Happened
from escalon.expressions.tree import Node, Op
from escalon.facts import plain
from escalon.facts.accepted import beyond, span_text
from escalon.protocol.asked import as_item
from escalon.protocol.study import Criterion, Study
from escalon.protocol.worlds import Limited, World, asked, holds, worlds

_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_SIGNS = {"lt": "below", "le": "at most", "gt": "above", "ge": "at least", "eq": "exactly", "ne": "other than"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Criteria that cannot be met together, or of which one decides nothing, and why."""

    criteria: tuple[Criterion, ...]
    what: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What must hold, or must not, if a clause is to be passed, or if it is to apply."""

    criterion: Criterion
    tree: Node
    wanted: bool
    asked: tuple[Limited, ...]

    @property
    def group(self) -> str:
        """For whom it is, as it is written; empty for everybody."""
        return render(self.criterion.applies) if self.criterion.applies is not None else ""

    @property
    def limit(self) -> Limited | None:
        """The one number that it limits; None where it is anything else."""
        (one, *more) = self.asked
        return one if not more and one.name and isinstance(one.value, Fraction) else None

    @property
    def shown(self) -> str:
        """What it limits a number to, in words."""
        relation, value = self.asked[0].relation, self.asked[0].value
        return f"{_SIGNS[relation if self.wanted else _OPPOSITE[relation]]} {plain(value)}"


def conflicts(study: Study) -> Iterator[Conflict]:
    """Every clause that nothing meets or that applies to nobody, and those for the same people that nothing meets together."""
    parts = [part for one in study.criteria for part in _parts(study, one, one.tree, one.kind == "inclusion")]
    for one in study.criteria:
        if one.applies is not None:
            whom = list(_parts(study, one, one.applies, True))
            if not _possible(study, whom):
                yield Conflict((one,), f"nobody is as its `applies` says: {one.applies_text}")
            for part, other in ((part, other) for part in whom for other in parts if other.group == ""):
                if _share(study, part, other) and not _possible(study, (part, other)):
                    yield Conflict(
                        (other.criterion, one), f"{one.id} applies to nobody whom {other.criterion.id} lets in"
                    )
    for part in parts:
        if not _possible(study, (part,)):
            yield Conflict((part.criterion,), _unmet(study, part))
    for pair in combinations(parts, 2):
        if _are_of_the_same(*pair) and _share(study, *pair) and not _possible(study, pair):
            yield Conflict(tuple(dict.fromkeys(part.criterion for part in pair)), _unmet_together(study, *pair))
    yield from _of_one_thing(study, parts)
    yield from _of_whole_clauses(study)


def _of_one_thing(study: Study, parts: Sequence[_Part]) -> Iterator[Conflict]:
    """Clauses for the same people that together leave nothing of one thing, such as no choice of a label."""
    alone: dict[Node, list[_Part]] = defaultdict(list)
    for part in parts:
        if len({one.node for one in part.asked}) == 1:
            alone[part.asked[0].node].append(part)
    for some in alone.values():
        for group in dict.fromkeys(part.group for part in some):
            found = [part for part in some if part.group in ("", group)]
            if not _possible(study, found):
                yield Conflict(tuple(dict.fromkeys(one.criterion for one in found)), _unmet_together(study, *found))


def _of_whole_clauses(study: Study) -> Iterator[Conflict]:
    """Clauses whose parts could each be met, and not all of them."""
    whole = _clauses(study)
    for one in whole:
        if not _possible(study, (one,)):
            yield Conflict((one.criterion,), _unmet(study, one))
    for one, other in combinations(whole, 2):
        if _are_of_the_same(one, other) and _share(study, one, other) and not _possible(study, (one, other)):
            yield Conflict((one.criterion, other.criterion), _unmet_together(study, one, other))


def idle(study: Study) -> Iterator[Conflict]:
    """Every clause that decides nothing: whatever may be recorded meets it, or whoever meets another clause does."""
    whole = _clauses(study)
    always = {one.criterion.id for one in whole if not _is_of_words(one) and _possible(study, (one,), always=True)}
    for one in (one for one in whole if one.criterion.id in always):
        what = f"of {one.limit.name} is {one.shown}" if one.limit else "meets it"
        yield Conflict((one.criterion,), f"whatever may be recorded {what}")
    for pair in combinations(whole, 2):
        if not (_are_of_the_same(*pair) and _share(study, *pair)):
            continue
        both = worlds([one.tree for one in pair], study.vocabulary)
        for one, other in (pair, pair[::-1]):
            met = [world for world in both if _passes(other, world, study)]
            if (
                met and all(_passes(one, world, study) for world in met) and other.group in ("", one.group)
                and one.criterion.id not in always and one.tree != other.tree and not _asks_more(one, other)
            ):  # fmt: skip
                what = f"whoever meets {other.criterion.id} meets it"
                if one.limit and other.limit and one.limit.name == other.limit.name:
                    what = (
                        f"{one.limit.name} {one.shown} follows from {other.criterion.id}, which asks for {other.shown}"
                    )
                yield Conflict((one.criterion, other.criterion), what)


def held(study: Study) -> Iterator[Conflict]:
    """Every limit among values that are held until somebody confirms them, though the clause is about such people."""
    for one in study.criteria:
        for limit in (part.limit for part in _parts(study, one, one.tree, True)):
            known = study.vocabulary.get(limit.name) if limit else None
            if limit is None or known is None or known.origin != "study" or not isinstance(limit.value, Fraction):
                continue
            if beyond(limit.value, query := as_item(known).query):
                said = f"asks about {known.name} {plain(limit.value)}"
                yield Conflict((one,), f"{said}; what is outside {span_text(query)} is held until confirmed")


def _parts(study: Study, one: Criterion, tree: Node, wanted: bool) -> Iterator[_Part]:
    """What must hold together if a rule is to come out as wanted."""
    match tree:
        case Op("not", (part,)):
            yield from _parts(study, one, part, not wanted)
        case Op("and" | "or" as name, parts) if wanted is (name == "and"):
            for part in parts:
                yield from _parts(study, one, part, wanted)
        case _:
            yield _Part(one, tree, wanted, tuple(asked(tree, study.vocabulary)))


def _clauses(study: Study) -> list[_Part]:
    return [
        _Part(one, one.tree, one.kind == "inclusion", tuple(asked(one.tree, study.vocabulary)))
        for one in study.criteria
    ]


def _passes(part: _Part, world: World, study: Study) -> bool:
    return holds(part.tree, world, study.vocabulary) is part.wanted


def _possible(study: Study, parts: Sequence[_Part], always: bool = False) -> bool:
    """Whether something that may be recorded meets all of them, or everything does; what is too much to try is possible."""
    tried = worlds([one.tree for one in parts], study.vocabulary)
    each = (all(_passes(one, world, study) for one in parts) for world in tried)
    return bool(tried) and all(each) if always else not tried or any(each)


def _is_of_words(part: _Part) -> bool:
    """Whether a clause asks for words of labels alone: that every choice is let in asks that one be recorded."""
    return all(isinstance(one.value, str) for one in part.asked)


def _asks_more(one: _Part, other: _Part) -> bool:
    """Whether a clause passes only where somebody said «no», and the other already where nothing is recorded."""
    read, theirs = ([each.node for each in part.asked if isinstance(each.node, Happened)] for part in (one, other))
    return any(not each.recorded for each in read) and any(each.recorded for each in theirs)


def _are_of_the_same(one: _Part, other: _Part) -> bool:
    """Whether two clauses are for the same people, or one of them is for everybody."""
    return one.group == other.group or "" in (one.group, other.group)


def _share(study: Study, one: _Part, other: _Part) -> bool:
    """Whether two rules read something in common: the same thing, or a name and its class in whatever window."""
    return not _read(study, one).isdisjoint(_read(study, other))


def _read(study: Study, part: _Part) -> set[Node | str]:
    names = (getattr(one.node, "name", "") for one in part.asked)
    return {one.node for one in part.asked}.union(*(with_members(study.vocabulary, name) for name in names if name))


def _unmet(study: Study, part: _Part) -> str:
    known = study.vocabulary.get(part.limit.name) if part.limit else None
    if known is None or (known.low is None and known.high is None):
        return "nothing that may be recorded could meet it"
    span = " to ".join("…" if end is None else plain(end) for end in (known.low, known.high))
    return f"{known.name} would have to be {part.shown}, but only {span} can be recorded"


def _unmet_together(study: Study, *parts: _Part) -> str:
    one, *others = parts
    if all(part.limit for part in parts):
        return f"{one.asked[0].name} would have to be {' and '.join(dict.fromkeys(part.shown for part in parts))}"
    known = study.vocabulary.get(one.asked[0].name)
    if known is not None and known.choices and len({each.node for part in parts for each in part.asked}) == 1:
        return f"{known.name} could be none of {', '.join(known.choices)}"
    if len({part.criterion.id for part in parts}) == 1:
        return "nothing that may be recorded could meet it"
    yes, no = (next((part for part in parts if part.wanted is wanted), None) for wanted in (True, False))
    if yes and no and all(one.tree == other.tree for other in others):
        return (
            f"{render(one.tree)} is required by {yes.criterion.id} and excluded by {no.criterion.id}: nobody can enter"
        )
    return "nothing that may be recorded could meet both"
