"""A clause that failed, worded as the failure: what was found and what was needed, never the clause alone."""

import re
from collections.abc import Callable
from fractions import Fraction

from escalon.conduct.judge.screening import Clause
from escalon.instruments.kit.catalogue import UnknownInstrument, find
from escalon.reporting.printed import significant, units

_COMPARED = re.compile(r"(?P<name>[^:]+): (?P<value>.+?)(?: on [\d-]+)?, wanted (?P<relation>[≤≥<>]) (?P<limit>[^(]+)")
_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?!\.(?:csv|json|toml|txt|xlsx)\b)(\.(?=[a-z]))?")
_RATIO = re.compile(r"\b[a-z]\w* / (?:uln|lln)\b")
_BARE = re.compile(r"(?<=\()[a-z][a-z0-9]*(?= )|^[a-z][a-z0-9]*(?=:)")
_LIMITS = re.compile(r" lln ([\d.]+) uln ([\d.]+)(?=\))")
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-])")
_NUMBER_LONG = re.compile(r"(?<![\w.])(?<![≤≥<>] )\d+\.\d{3,}\b")
_BETWEEN = re.compile(r"(?<=\d)-(?=\d+\.\d{3,})")
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


def evidence(text: str, called: Callable[[str], str] = called) -> str:
    """What decided a clause as people read it: names, multiples of a limit, units, and no more digits than are needed.

    >>> evidence("alt / uln: 0.694737 on 2025-06-16, wanted ≤ 3 (alt 26.4 U/L lln 10 uln 38)", str.upper)
    'ALT as a multiple of its upper limit: 0.695 on 2025-06-16, wanted ≤ 3 (ALT 26.4 U/L, limits 10 to 38)'
    >>> evidence("das28_esr: 3.200001 on 2025-06-16, wanted ≤ 3.2"), evidence("das28_esr: 3.758875-7.751523")
    ('DAS28-ESR: 3.200001 on 2025-06-16, wanted ≤ 3.2', 'DAS28-ESR: 3.76 to 7.75')
    >>> evidence("ratio: 3.0014, wanted < 3.001"), evidence("ratio: 2.996, wanted ≤ 2.994")
    ('ratio: 3.0014, wanted < 3.001', 'ratio: 3, wanted ≤ 2.994')
    """
    ranged = _LIMITS.sub(", limits \\1 to \\2", _BETWEEN.sub(" to ", text))
    numbers = {Fraction(number) for number in _NUMBER.findall(ranged)}

    def digits(found: re.Match[str]) -> str:
        short, whole = significant(Fraction(found[0])), Fraction(found[0])
        short = short.rstrip("0").rstrip(".") if "." in short else short
        as_whole = all(
            (Fraction(short) < one, Fraction(short) > one) == (whole < one, whole > one) for one in numbers - {whole}
        )
        return short if as_whole else found[0]

    said = _RATIO.sub(lambda found: _named(found[0], called), _NUMBER_LONG.sub(digits, ranged))
    return units(in_words(_BARE.sub(lambda found: called(found[0]), said), called))


def _named(name: str, called: Callable[[str], str] = called) -> str:
    """As it is called; a ratio to a laboratory's limit as multiples of it."""
    fact, slash, limit = name.partition(" / ")
    if slash:
        return f"{called(fact)} as a multiple of its {'upper' if limit == 'uln' else 'lower'} limit"
    return called(name)
