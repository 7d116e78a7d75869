"""What a criterion's tree refers to, the names it reads and the anchors of its windows; and the name that was meant."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from escalon.criteria.situation import Meaning, with_members
from escalon.expressions.events import Exposure, Happened, Pick, Stated, Window
from escalon.expressions.tree import Input, Literal, Node, Op


def leaves(tree: Node) -> Iterator[Node]:
    """Every leaf of a tree, left to right."""
    if isinstance(tree, Op):
        for part in tree.parts:
            yield from leaves(part)
    else:
        yield tree


def names_in(tree: Node) -> tuple[str, ...]:
    """The facts and findings a tree reads, once each, in order."""
    found = (leaf.name for leaf in leaves(tree) if isinstance(leaf, Pick | Stated | Happened | Exposure | Input))
    return tuple(dict.fromkeys(found))


def read_by(tree: Node, meanings: Mapping[str, Meaning]) -> frozenset[str]:
    """Every name a tree reads, with those that a name stands for, such as the drugs of a class."""
    return frozenset(one for name in names_in(tree) for one in with_members(meanings, name))


def anchors_in(tree: Node) -> tuple[str, ...]:
    """The anchors a tree's windows refer to, once each, in order."""
    return tuple(dict.fromkeys(anchor for leaf in leaves(tree) if (anchor := _anchor(leaf))))


def _anchor(leaf: Node) -> str:
    if isinstance(leaf, Exposure):
        return leaf.anchor
    window = getattr(leaf, "window", None)
    return window.anchor if isinstance(window, Window) else ""


def words_of(tree: Node, name: str) -> Iterator[str]:
    """The words a label is compared with in a tree: `RA`, `SS` for `disease is one of (RA, SS)`."""
    match tree:
        case Op("eq", (Pick(found), Literal(str() as word))) if found == name:
            yield word
        case Op(_, parts):
            for part in parts:
                yield from words_of(part, name)


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that is probably meant, else those there are."""
    close = get_close_matches(name, list(known), 1, 0.6)
    names = ", ".join(known)
    return f"Did you mean {close[0]}?" if close else f"Known: {names}" if names else "None is declared"
