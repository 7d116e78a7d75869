"""A clause that failed, worded as the failure: what was found and what was needed, never the clause alone."""

import re

from escalon.conduct.judge.screening import Clause
from escalon.instruments.kit.catalogue import UnknownInstrument, find

_COMPARED = re.compile(r"(?P<name>[^:]+): (?P<value>.+?)(?: on [\d-]+)?, wanted (?P<relation>[≤≥<>]) (?P<limit>[^(]+)")
_NEEDED = {"≥": "{} or more", "≤": "{} or less", "<": "below {}", ">": "above {}"}


def failure(clause: Clause) -> str:
    """Why a participant fails a clause, such as `age 17, needed 18 or more` or `pregnant (excluded)`."""
    title = clause.criterion.title or clause.sentence
    if clause.criterion.kind == "exclusion":
        return f"{title[:1].lower()}{title[1:]} (excluded)"
    why = next(iter(clause.why()), "")
    found = _COMPARED.match(why)
    if found is None:
        return f"{title}: {why}" if why else f"{title}: not so"
    needed = _NEEDED[found["relation"]].format(found["limit"].strip())
    return f"{_named(found['name'])} {found['value']}, needed {needed}"


def _named(name: str) -> str:
    """A fact or score as people call it; a ratio to a laboratory's limit as multiples of it."""
    fact, slash, limit = name.partition(" / ")
    if slash:
        return f"{_named(fact)} as a multiple of its {'upper' if limit == 'uln' else 'lower'} limit"
    try:
        return find(name.split(".")[0]).title
    except UnknownInstrument:
        return name.replace("_", " ")
