"""The same question with a clause relaxed: `haemoglobin >= 50 g/L`, or `I-2d: haemoglobin >= 50 g/L`."""

from collections.abc import Mapping
from dataclasses import replace

from escalon.criteria import parse, render
from escalon.expressions.events import Happened, Pick, Stated, Window
from escalon.expressions.tree import Node, Op
from escalon.protocol.names import leaves, names_in
from escalon.protocol.references import unfit
from escalon.protocol.study import Criterion, Study
from escalon.protocol.vocabulary import hint, labels


def relaxed(study: Study, text: str) -> Study:
    """The study with one clause's rule replaced; a rule without days is asked about the days of the clause it replaces.

    The clause is the one named, else the only one that reads the same names. What could not stand in a study folder is refused.
    Raises ValueError and CriterionError.
    """
    named, colon, rule = text.partition(":")
    if not colon:
        named, rule = "", text
    tree = parse(rule.strip())
    criterion = _meant(study, named.strip(), tree)
    if wrong := next(unfit(tree, study), None):
        raise ValueError(f"{rule.strip()}: {wrong}")
    asked = [leaf for leaf in leaves(criterion.tree) if isinstance(leaf, _DAYED)]
    dated = {leaf.name: leaf.window for leaf in reversed(asked) if leaf.window}
    days = {leaf.name: dated.get(leaf.name) for leaf in asked}  # what is asked of any day stays so
    written = render(_within(tree, days, next((leaf.window for leaf in asked if leaf.window), None)))

    def changed(one: Criterion) -> Criterion:
        return one.model_copy(update={"rule": written}) if one.id == criterion.id else one

    return study.model_copy(
        update={
            "inclusion": tuple(map(changed, study.inclusion)),
            "exclusion": tuple(map(changed, study.exclusion)),
            "version": f"{study.version}+{criterion.id}: {written}",
        }
    )


def _meant(study: Study, named: str, tree: Node) -> Criterion:
    wanted = set(names_in(tree))
    unknown = sorted(one for one in wanted - set(study.vocabulary) if one.partition(".")[0] not in study.instruments)
    if unknown:
        meant = hint(unknown[0], labels(study.vocabulary)) or " `escalon data dictionary` lists the names"
        raise ValueError(f"the study has no {unknown[0]!r}.{meant}")
    if named:
        try:
            return study.criterion(named)
        except KeyError:
            raise ValueError(
                f"{named!r} is no clause of {study.id}. Clauses: {', '.join(one.id for one in study.criteria)}"
            ) from None
    same = [one for one in study.criteria if set(names_in(one.tree)) == wanted]
    if len(same) != 1:
        found = f"{', '.join(one.id for one in same)} read it" if same else "no clause reads just that"
        raise ValueError(f"which clause is relaxed? {found}. Write its id before the rule: ID: {render(tree)}")
    return same[0]


_DAYED = (Pick, Stated, Happened)


def _within(tree: Node, days: Mapping[str, Window | None], otherwise: Window | None) -> Node:
    match tree:
        case Op(name, parts):
            return Op(name, tuple(_within(part, days, otherwise) for part in parts))
        case Pick() | Stated() | Happened() if tree.window is None:
            return replace(tree, window=days.get(tree.name, otherwise))
    return tree
