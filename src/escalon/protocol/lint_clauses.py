"""What lint finds in clauses and facts: unknown names, contradictions, what decides nothing, histories, remedies."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from escalon.criteria import render
from escalon.expressions.events import Happened, Pick, Stated
from escalon.expressions.tree import COMPARISONS, Literal, Node, Op
from escalon.protocol.names import anchors_in, leaves, names_in
from escalon.protocol.reach import Conflict, conflicts, held, idle
from escalon.protocol.remarks import Remark, told
from escalon.protocol.study import Criterion, Place, Study
from escalon.protocol.vocabulary import hint, labels


def _names(study: Study) -> Iterator[Remark]:
    from escalon.instruments import catalogue

    for name in study.awaited:
        near = hint(name, labels(study.vocabulary) | {one.name: one.title for one in catalogue().values()})
        do = _COMMON.get(name) or near.strip().replace("Did", "did") or f"declare it as [fact.{name}] with its kind"
        for where, place in _users(study, name):
            what = f"{name} is neither in the vocabulary nor an instrument"
            yield told("unknown name", where, what, place, do)


_COMMON = {"sex": 'declare [fact.sex] with choices = ["female", "male"]'}
"""What to write where the usual fact is not declared."""


def _users(study: Study, name: str) -> Iterator[tuple[str, Place]]:
    for criterion in study.clauses:
        if name in criterion.names:
            yield criterion.id, criterion.place
    for endpoint in study.endpoints:
        if name in endpoint.measure:
            yield endpoint.id, endpoint.place
    for visit in study.visits:
        if name in visit.measures:
            yield visit.id, visit.place


def _unreachable(study: Study) -> Iterator[Remark]:
    for conflict in _once(conflicts(study)):
        yield _conflict(conflict)


def _once(found: Iterable[Conflict]) -> Iterator[Conflict]:
    """Of several conflicts of the same clauses the one that says most, which comes first."""
    told: set[frozenset[str]] = set()
    for one in found:
        ids = frozenset(each.id for each in one.criteria)
        if not any(earlier <= ids for earlier in told):
            told.add(ids)
            yield one


def _conflict(conflict: Conflict) -> Remark:
    last = conflict.criteria[-1]
    ids = " and ".join(one.id for one in conflict.criteria)
    do = (
        "correct a limit, or `applies`" if len(conflict.criteria) > 1 else "correct the limit, or the range of the fact"
    )
    return told("unreachable", ids, conflict.what, last.place, do)


def _idle(study: Study) -> Iterator[Remark]:
    """A clause that can decide nothing is a slip, or its limit is."""
    for one in _once(idle(study)):
        kind = "always true" if len(one.criteria) == 1 else "implied"
        do = "correct the limit, or the range of the fact" if kind == "always true" else "keep the stricter of the two"
        yield told(kind, one.criteria[0].id, one.what, one.criteria[0].place, do)


def _held(study: Study) -> Iterator[Remark]:
    for one in held(study):
        do = "write usual_low and usual_high of those who may enter (children, for example) in its [fact]"
        yield told("held", one.criteria[0].id, one.what, one.criteria[0].place, do)


def _duplicates(study: Study) -> Iterator[Remark]:
    seen: dict[tuple[str, str, str], Criterion] = {}
    for one in study.criteria:
        key = (one.kind, render(one.tree), render(one.applies) if one.applies is not None else "")
        if key in seen:
            what = f"asks the same as {seen[key].id}: {render(one.tree)}"
            yield told("duplicate", one.id, what, one.place, "keep one of the two")
        seen.setdefault(key, one)


def _labels(study: Study) -> Iterator[Remark]:
    """A label without choices takes any text, and a rule that asks for one word is met only by that very text."""
    for one in study.criteria:
        for pick in (leaf for tree in one.trees for leaf in leaves(tree) if isinstance(leaf, Pick)):
            known = study.vocabulary.get(pick.name)
            if known is not None and known.kind == "label" and not known.choices and known.origin == "study":
                what = f"{pick.name} is a label without choices: whatever else is written in data is another word"
                do = f"write choices in [fact.{pick.name}]"
                yield told("no kind", one.id, what, one.place, do)


def _ranges(study: Study) -> Iterator[Remark]:
    """A number that a clause decides by, and of which nothing says what is possible or usual: a slip of unit would decide."""
    from escalon.protocol.asked import as_item

    read = {name: one.id for one in reversed(study.clauses) for name in one.names}
    for name, clause in read.items():
        known = study.vocabulary.get(name)
        if known is None or known.computed or known.kind not in ("number", "integer"):
            continue
        item = as_item(known)
        if item.doubtful == (None, None) and None in (item.low, item.high):
            what = f"{clause} reads it, and nothing says what is possible or usual: a slip of unit would decide unseen"
            do = f"write low and high, and doubtful_low and doubtful_high, in [fact.{name}]"
            yield told("no range", name, what, known.place, do)


_HISTORY = re.compile(
    r"\b(?:history|prior|previous|previously|past|ever|had|allergy|allergies|allergic|anaphyla\w*|stroke|infarct\w*"
    r"|transplant\w*|splenectomy|malignan\w*|cancer)\b",
    re.IGNORECASE,
)
"""Words of a name or a label that tell of something that lasts, however long ago it was."""


def _histories(study: Study) -> Iterator[Remark]:
    """A history lasts: asked «at screening», a later «no» would undo an earlier «yes»."""
    for one in study.criteria:
        for leaf in (leaf for tree in one.trees for leaf in leaves(tree)):
            if not isinstance(leaf, Stated) or (known := study.vocabulary.get(leaf.name)) is None or known.computed:
                continue
            if known.kind == "truth" and _HISTORY.search(f"{leaf.name.replace('_', ' ')} {known.label}"):
                what = f"{leaf.name} is a history, but the last statement decides: a later «no» undoes an earlier «yes»"
                do = f'write rule = "any {leaf.name} ever", and kind = "event" in [fact.{leaf.name}]'
                yield told("history", one.id, what, one.place, do)


def _asked_once(study: Study) -> Iterator[Remark]:
    """A window up to treatment runs on after the decision, and a clause that is asked once does not see the end of it."""
    treatment = {name for name in (study.roles.conditioning, study.roles.infusion) if name is not None}
    for one in study.criteria:
        anchors = [name for name in anchors_in(one.tree) if study.anchors[name].fact in treatment]
        if anchors and one.until == "decision":
            what = f"reads up to {' and '.join(anchors)}, and is asked about the day of decision only"
            do = 'write until = "infusion", so that it is asked again on each day up to it'
            yield told("asked once", one.id, what, one.place, do)


def _lone_days(study: Study) -> Iterator[Remark]:
    """Days stand behind one name: in `pregnant or lactating at screening` the first is asked about any day."""
    for one in study.criteria:
        for sort, before, last in (found for tree in one.trees for found in _joined(tree)):
            if isinstance(last, sort) and isinstance(before, sort) and last.window and not before.window:
                what = f"the days behind {last.name} do not hold for {before.name}, of which the last entry of any day counts"
                yield told("lone days", one.id, what, one.place, f"write the days behind {before.name} too, or `ever`")


def _joined(tree: Node) -> Iterator[tuple[type[Stated | Happened | Pick], Node, Node]]:
    """The sort of leaf, an earlier part and the last part of every «and» and «or»; labels are asked of any day."""
    if not isinstance(tree, Op):
        return
    for part in tree.parts:
        yield from _joined(part)
    if tree.name in ("and", "or", "at_least"):
        *earlier, last = (_leaf(part) for part in tree.parts)
        yield from ((sort, before, last) for before in earlier for sort in (Stated, Happened, Pick))


def _leaf(part: Node) -> Node:
    """What a part of a rule reads where it is one question: without «not», the number of a comparison."""
    match part:
        case Op("not", (inner,)):
            return _leaf(inner)
        case Op("eq" | "ne", (Pick(), Literal(str()))):
            return part
        case Op(name, (Pick() as pick, _)) if name in COMPARISONS:
            return pick
    return part


def _facts(study: Study) -> Iterator[Remark]:
    used = {name for one in study.criteria if not one.settle for name in one.names}
    for name in sorted(used & set(study.vocabulary)):
        known = study.vocabulary[name]
        if not known.settle and known.origin == "study" and not known.computed and known.kind != "treatment":
            what = f"{name} decides eligibility, but nothing says how to obtain it"
            yield told("no remedy", name, what, known.place, 'write settle = "…"')
    for anchor in study.anchors.values():
        if anchor.fact not in study.vocabulary:
            what = f"the anchor rests on {anchor.fact}, which is not in the vocabulary"
            yield told("unknown name", anchor.name, what, anchor.place, f"declare [fact.{anchor.fact}]")


def _overlaps(study: Study) -> Iterator[Remark]:
    """A drug that, by its name or its class, is asked for by an inclusion and excluded by another clause."""
    wanted: dict[str, list[str]] = defaultdict(list)
    barred: dict[str, list[str]] = defaultdict(list)
    for one in study.criteria:
        for name in names_in(one.tree):
            known = study.vocabulary.get(name)
            for drug in known.members or (name,) if known is not None and known.kind == "treatment" else ():
                (wanted if one.kind == "inclusion" else barred)[drug].append(one.id)
    about = {one for assumption in study.assumptions for one in assumption.about}
    for drug in sorted(set(wanted) & set(barred)):
        if not set(barred[drug]) <= about:
            ids = ", ".join(dict.fromkeys([*wanted[drug], *barred[drug]]))
            what = f"{drug} is asked for and excluded"
            place = study.criterion(barred[drug][0]).place
            yield told("excluded and asked for", ids, what, place, "say in an assumption which prevails")


CLAUSES = (
    _names,
    _unreachable,
    _idle,
    _held,
    _duplicates,
    _labels,
    _ranges,
    _histories,
    _asked_once,
    _lone_days,
    _facts,
    _overlaps,
)
