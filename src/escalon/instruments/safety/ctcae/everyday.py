"""What people call an event whose CTCAE term is spelled quite differently: suggested, never put in its place.

A laboratory finding is a measurement and a direction (`WBC decreased`, `SGPT ↑`, `low Plt`, `白细胞减少`): the terms of each
measurement stand in one line, low and high, with what it is called.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def meant(name: str) -> tuple[str, ...]:
    """The terms that an everyday name means, none or several; `name` in lower case and American spelling.

    >>> meant("wbc decreased"), meant("sgpt ↑"), meant("low plt")
    (('White blood cell decreased',), ('Alanine aminotransferase increased',), ('Platelet count decreased',))
    >>> meant("blood sugar")
    ('Hypoglycemia', 'Hyperglycemia')
    """
    if found := _called().get(name):
        return (found,)
    what, way = _apart(name)
    each = [_measured().get(_bare(one), ((), ())) for one in re.split(r"\s*(?:/|,|&|\band\b)\s*", what)]
    if way is None:
        return () if len(what) < _TELLING and what.isascii() else sum((low + high for low, high in each), ())
    return tuple(dict.fromkeys(term for one in each for term in one[way]))


def recorded_under(name: str) -> str | None:
    """The term «Other, specify» for what CTCAE v5.0 has no term for, with or without a direction.

    >>> recorded_under("ferritin high")
    'Investigations - Other, specify'
    """
    return _other().get(name) or _other().get(_bare(_apart(name)[0]))


_TELLING = 3
"""Letters from which on the name of a measurement alone says something: `NA` is not sodium."""


def _apart(name: str) -> tuple[str, int | None]:
    """What was measured, and whether it was low (0) or high (1); None where no direction is said."""
    for direction, way in _ways().items():
        apart = r"\s*" if not direction.isascii() else r"\s+(?:in\s+|of\s+)?"
        found = re.fullmatch(rf"{direction}{apart}(.+)|(.+?)(?:\s+is|\s+was)?{apart}{direction}", name)
        if found is not None:
            return (found[1] or found[2]).strip(" ,:-"), way
    return name, None


def _bare(name: str) -> str:
    """The name of a measurement without what says nothing of it: `wbc` of `wbc count`."""
    return re.sub(r"^(?:serum|plasma)\s+|\s+(?:count|counts|level|levels|value|values)$", "", name)


@cache
def _tables() -> Mapping[str, str]:
    return tomllib.loads(Path(__file__).with_name("everyday.toml").read_text(encoding="utf-8"))


@cache
def _measured() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for line in _lines(_tables()["measured"]):
        low, high, names = (part.strip() for part in line.split("|"))
        terms = tuple(tuple(filter(None, (one.strip() for one in side.split(",")))) for side in (low, high))
        found |= dict.fromkeys(re.split(r"\s{2,}", names), (terms[0], terms[1]))
    return found


@cache
def _called() -> Mapping[str, str]:
    return _by_name(_tables()["called"])


@cache
def _other() -> Mapping[str, str]:
    return _by_name(_tables()["other"])


def _lines(table: str) -> list[str]:
    """The lines of a table; one that begins with blanks goes on with the line above it."""
    return re.sub(r"\n {4}", "  ", table.strip("\n")).splitlines()


def _by_name(table: str) -> Mapping[str, str]:
    lines = (line.split(" | ") for line in _lines(table))
    return {name.lower(): term for term, names in lines for name in re.split(r"\s{2,}", names)}


@cache
def _ways() -> Mapping[str, int]:
    """Each word of a direction: 0 for low, 1 for high; longer words before those they begin with."""
    both = {
        word: way
        for way, words in enumerate((_tables()["low"], _tables()["high"]))
        for word in re.split(r"\s{2,}", words.strip())
    }
    return dict(sorted(both.items(), key=lambda one: -len(one[0])))
