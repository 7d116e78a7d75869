"""A clause that failed, worded as the failure: what was found and what was needed, never the clause alone."""

import re
from collections.abc import Callable

from escalon.conduct.judge.screening import Clause
from escalon.instruments.kit.catalogue import UnknownInstrument, find
from escalon.reporting.printed import units

_COMPARED = re.compile(r"(?P<name>[^:]+): (?P<value>.+?)(?: on [\d-]+)?, wanted (?P<relation>[≤≥<>]) (?P<limit>[^(]+)")
_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?!\.(?:csv|json|toml|txt|xlsx)\b)(\.(?=[a-z]))?")
_NEEDED = {"≥": "{} or more", "≤": "{} or less", "<": "below {}", ">": "above {}"}


def called(name: str) -> str:
    """A fact or score as people call it, an instrument by its title.

    >>> called("das28_esr"), called("eye_colour")
    ('DAS28-ESR', 'eye colour')
    """
    try:
        return find(name.split(".")[0]).title
    except UnknownInstrument:
        return name.replace("_", " ")


def failure(clause: Clause, label: Callable[[str], str]) -> str:
    """Why a participant fails a clause: `age 17, needed 18 or more`, `pregnant (excluded)`; `label` is how a fact is called."""
    title = clause.criterion.title or clause.sentence
    if clause.criterion.kind == "exclusion":
        begins = title[:1].lower() if title[1:2].islower() else title[:1]
        return f"{begins}{title[1:]} (excluded)"
    why = units(next(iter(clause.why()), ""))
    found = _COMPARED.match(why)
    if found is None:
        return f"{title}: {in_words(why, label)}" if why else f"{title}: not so"
    needed = _NEEDED[found["relation"]].format(found["limit"].strip())
    return f"{_named(found['name'])} {found['value']}, needed {needed}"


def in_words(text: str, called: Callable[[str], str] = called) -> str:
    """A sentence in which each name of an instrument or a fact reads as people call it; names of files stay.

    >>> in_words("sjogren_aecg_2002 not_met, see adverse_events.csv")
    'AECG 2002, Sjögren disease not met, see adverse_events.csv'
    >>> in_words("sledai_2k.total of P01")
    'SLEDAI-2K, total of P01'
    """
    return _NAME.sub(lambda found: called(found[0].rstrip(".")) + (", " if found[1] else ""), text)


def _named(name: str) -> str:
    """As it is called; a ratio to a laboratory's limit as multiples of it."""
    fact, slash, limit = name.partition(" / ")
    if slash:
        return f"{called(fact)} as a multiple of its {'upper' if limit == 'uln' else 'lower'} limit"
    return called(name)
