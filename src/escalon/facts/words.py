"""Words that decide: not known and why, yes and no, and the labels of closed lists; in any case, in English and in Chinese.

Where the same word means different things in different columns, the column's own choices come first: `none` is a choice of
«oxygen», and not known in a yes/no column. `-`, `–`, `.`, `NA` are never a *no*.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from unicodedata import category

from escalon.facts.number import narrow

NOT_DONE, NOT_KNOWN, NOT_APPLICABLE = "not done", "not known", "not applicable"
_REASONS = {
    NOT_DONE: """nd  ne  nask  not asked  not done  not assessed  not examined  not performed  not tested  not taken
        not measured  not collected
        not drawn  not recorded  not evaluable  not assessable  not evaluated  not obtained  missed  refused
        haemolysed  hemolysed  hemolyzed  haemolyzed  clotted  lipaemic  lipemic  icteric  insufficient  qns
        quantity not sufficient  sample lost  lost  no sample  invalid sample
        cancelled  canceled  pending  未做  未查  未检查  未检测  未检  未测  溶血  标本溶血  凝血""",
    NOT_KNOWN: """?  ??  -  –  —  --  .  ..  …  nk  uk  unk  ni  asku  nav  navu  msk  no information  asked but unknown
        masked  unknown  not known  unclear  missing  none  nil  #n/a
        n.k.  na  unavailable  not available  not reported  not stated  to follow  tbd  tbc  不详  未知  不知道  不清楚  不明""",
    NOT_APPLICABLE: "n/a  n.a.  not applicable  inapplicable  does not apply  不适用",
}
YES = "yes  y  true  t  present  positive  positiv  pos  +  1  ja  oui  si  sí  是  有  阳性  存在  对"
NO = "no  n  false  f  absent  negative  negativ  neg  0  nein  non  否  无  没有  阴性  不存在  未见"
EXCUSED = "not attributable  present not attributable  present, not attributable  与疾病无关"
# One line is one meaning: whichever word of it the closed list has, the others are read as that word.
_SAME = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")


def key(text: str) -> str:
    """A word without what people vary: case, blanks, underscores, hyphens, full-width letters."""
    return re.sub(r"[\s_\-/.,]+", "", narrow(text).casefold()) or narrow(text).strip()


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only blanks, controls, and letters that have no width."""
    return all(category(one)[0] in "ZC" or one in _EMPTY_LETTERS for one in text)


_EMPTY_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and marks that are drawn as nothing (Unicode 15, Default_Ignorable_Code_Point), and the empty braille cell."""


def _listed(words: str) -> list[str]:
    return re.split(r"\s{2,}", words.strip())


_REASON_OF: Mapping[str, str] = {key(word): why for why, words in _REASONS.items() for word in _listed(words)}
_TRUTH_OF: Mapping[str, bool] = {
    key(word): truth for truth, words in ((True, YES), (False, NO)) for word in _listed(words)
}
_EXCUSED = frozenset(map(key, _listed(EXCUSED)))
_MEANINGS: tuple[frozenset[str], ...] = tuple(frozenset(map(key, _listed(line))) for line in _SAME.strip().splitlines())


@lru_cache(maxsize=4096)
def not_known(text: str) -> str | None:
    """Why nothing is known, where a text says so: not done, not known or not applicable; `None` where it says something."""
    word = narrow(text).strip().casefold()
    if word in ("n/a", "n.a."):
        return NOT_APPLICABLE
    return _REASON_OF.get(key(text)) if word else NOT_KNOWN


@lru_cache(maxsize=4096)
def truth(text: str) -> bool | None:
    """Yes or no, in words, signs or digits; `None` where it is neither."""
    word = narrow(text).strip()
    return None if word.startswith(("-", "–", "—")) else _TRUTH_OF.get(key(word))


def is_excused(text: str) -> bool:
    """Whether a finding is said to be present but not attributable to the disease."""
    return key(text) in _EXCUSED


@lru_cache(maxsize=16384)
def label(text: str, choices: tuple[str, ...]) -> str | None:
    """The choice a text means: by its own spelling first, then by a synonym that means one of the choices only."""
    word = key(text)
    by_key = {key(choice): choice for choice in choices}
    if word in by_key:
        return by_key[word]
    meant = {by_key[other] for meaning in _MEANINGS if word in meaning for other in meaning & by_key.keys()}
    return meant.pop() if len(meant) == 1 else None


def counted(number: int, what: str) -> str:
    """So many of a thing: `1 day`, `3 days`."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def nearest(text: str, choices: Iterable[str]) -> str:
    """` Did you mean severe?`, where a choice begins alike or is spelled nearly so; empty otherwise."""
    from difflib import get_close_matches

    keys = {key(choice): choice for choice in choices}
    word = key(text)
    close = [name for name in keys if len(word) > 2 and name.startswith(word)] or get_close_matches(word, keys, 1, 0.75)
    return f" Did you mean {keys[close[0]]}?" if close else ""
