"""The same question with a clause relaxed: `haemoglobin >= 50 g/L`, or `I-2d: haemoglobin >= 50 g/L`."""

from collections.abc import Mapping
from dataclasses import replace

from escalon.criteria import parse, render
from escalon.expressions.events import Exposure, Happened, Pick, Stated, Window
from escalon.expressions.tree import Node, Op
from escalon.protocol.names import leaves, names_in
from escalon.protocol.references import unfit
from escalon.protocol.study import Criterion, Study
from escalon.protocol.vocabulary import hint, labels, same_test


def relaxed(study: Study, text: str) -> Study:
    """The study with one clause's rule replaced; a rule without days is asked about the days of the clause it replaces.

    The clause is the one named, else the only one that reads the same names; `hb` is the study's haemoglobin.
    What could not stand in a study folder is refused. Raises ValueError and CriterionError.
    """
    named, colon, rule = text.partition(":")
    if not colon:
        named, rule = "", text
    tree = _known(study, parse(rule.strip()))
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


def _known(study: Study, tree: Node) -> Node:
    """The tree in names of the study: a laboratory's usual name is one where a single name of the study is the same test."""
    unknown = {
        one for one in names_in(tree) if one not in study.vocabulary and one.partition(".")[0] not in study.instruments
    }
    for name in sorted(unknown):
        meant, near = same_test(name, study.vocabulary), hint(name, labels(study.vocabulary))
        if meant is None or " or " in near:
            raise ValueError(f"the study has no {name!r}.{near or ' `escalon data dictionary` lists the names'}")
        tree = _renamed(tree, name, meant)
    return tree


def _renamed(tree: Node, name: str, meant: str) -> Node:
    match tree:
        case Op(operation, parts):
            return Op(operation, tuple(_renamed(part, name, meant) for part in parts))
        case Pick() | Stated() | Happened() | Exposure() if tree.name == name:
            return replace(tree, name=meant)
    return tree


def _meant(study: Study, named: str, tree: Node) -> Criterion:
    if named:
        try:
            return study.criterion(named)
        except KeyError:
            raise ValueError(
                f"{named!r} is no clause of {study.id}. Clauses: {', '.join(one.id for one in study.criteria)}"
            ) from None
    same = [one for one in study.criteria if set(names_in(one.tree)) == set(names_in(tree))]
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
